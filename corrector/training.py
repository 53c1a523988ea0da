"""Trains a corrector; ``posefix train corrector`` calls :func:`train`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from corrector.api import load_network, save_network
from corrector.configuration import CorrectorConfig
from corrector.data.pairs_file import read_pairs
from corrector.data.pools import Pool, arrange, convention, motion_pool, pair_pool, target
from corrector.data.sources import (
    H36M_JOINTS,
    TRAIN_SUBJECTS,
    VALIDATION_SUBJECTS,
    Motion,
    load_h36m,
    load_motion,
)
from corrector.data.windows import TrainingBatch, WindowSampler
from corrector.features import normalise
from corrector.modeling import CorrectorNetwork, Estimate
from corrector.validation import Report, Validation

SMALLEST_DISTANCE = 0.003
BETA = 0.65
"""Of the beta-NLL: at 1 a pixel counts alike everywhere, at 0 relative to what is expected of the point."""
ACCELERATION_WEIGHT = 1.0
SOLID_SHARE = 9 / 16
"""Of the windows with simulated errors, how many are 3D takes seen by a camera."""
MOTION_BESIDE_PAIRS = 0.25
"""Share of simulated errors beside pairs files, so that what was learnt from many people is not forgotten."""
WATCHED_EVERY = 9


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes:
        data: folder that holds ``h36m_sh/`` and ``motion/``.
        output: folder for the checkpoint and the weights.
        preset: see :class:`corrector.configuration.CorrectorConfig`.
        steps: batches.
        batch_size: windows a batch.
        learning_rate: at its highest.
        report_every: steps between two validations, each of which saves a checkpoint.
        pairs: pairs files to train on in place of ``h36m_sh/``.
        carried: train towards the truth carried over to the estimator's own convention, not towards the
            labels as they are.
        simulated: train on simulated errors too, beside the real pairs.
        bodies: change people's proportions; never for ``paper``.
        seed: of everything random.
        init: weights to start from.
        resume: go on from the checkpoint in ``output``.
        caution: of the network; None: that of the preset or of ``init``.
        config: the preset's with something changed, for an ablation; None: the preset's.
    """

    data: Path
    output: Path
    preset: str = "default"
    steps: int = 15_000
    batch_size: int = 96
    learning_rate: float = 2e-3
    report_every: int = 1000
    pairs: Sequence[Path] = ()
    carried: bool = True
    simulated: bool = True
    bodies: bool = True
    seed: int = 0
    init: Path | None = None
    resume: bool = False
    caution: float | None = None
    config: CorrectorConfig | None = None


class _State:
    """What a checkpoint holds: network, its moving average, optimiser and how far training is."""

    def __init__(self, options: TrainingOptions, device: torch.device) -> None:
        self.network = CorrectorNetwork(options.config or CorrectorConfig.preset_named(options.preset))
        if options.init is not None:
            self.network = load_network(options.init)
        if self.network.config.preset != options.preset:
            raise ValueError(f"{options.init}: weights of preset {self.network.config.preset}.")
        if options.caution is not None:
            self.network.config = replace(self.network.config, caution=options.caution)
        self.network.to(device)
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(0.998))
        self.optimizer = _optimizer(self.network, options)
        self.step = 0
        self._path = options.output / "checkpoint.pt"
        if options.resume:
            self._load(device)

    @property
    def averaged(self) -> CorrectorNetwork:
        module = self.average.module
        assert isinstance(module, CorrectorNetwork)
        return module

    def save(self) -> None:
        values: dict[str, Any] = {name: part.state_dict() for name, part in self._parts().items()}
        partial = self._path.with_suffix(".partial")
        torch.save(values | {"step": self.step}, partial)
        partial.replace(self._path)
        save_network(
            self._path.with_name(f"corrector-{self.network.config.preset}.safetensors"), self.averaged
        )

    def _load(self, device: torch.device) -> None:
        if not self._path.is_file():
            raise ValueError(f"{self._path}: no checkpoint to resume from. Train without --resume first.")
        values = torch.load(self._path, map_location=device, weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(values[name])
        self.step = int(values["step"])

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "average": self.average, "optimizer": self.optimizer}


def _optimizer(network: CorrectorNetwork, options: TrainingOptions) -> torch.optim.Optimizer:
    if options.preset == "paper":
        return torch.optim.RMSprop(network.parameters(), lr=options.learning_rate)
    return torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=1e-3)


def learning_rate_at(step: int, options: TrainingOptions) -> float:
    """Warms up over the first 2 %, then falls along a cosine to 1 %; constant for ``paper``."""
    if options.preset == "paper":
        return options.learning_rate
    warm = max(1, options.steps // 50)
    if step < warm:
        return options.learning_rate * (step + 1) / warm
    share = (step - warm) / max(1, options.steps - warm)
    return options.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


def compute_loss(answer: Estimate, target: Tensor, smooth: Tensor) -> Tensor:
    """Loss of answers against true points (B, L, J, 2), NaN where unknown.

    Negative logarithm of a Laplace density whose scale the network predicts, weighted by a power of that
    scale (beta-NLL, Seitzer et al., 2022): exact where the input is good, without neglecting hard windows.
    Accelerations are compared where true motion is ``smooth`` (B,).
    """
    known = target[..., 0].isfinite()
    apart = answer.points - target.nan_to_num(0)
    distance = (apart.square().sum(3) + SMALLEST_DISTANCE**2).sqrt()
    error = answer.log_error.exp()
    weight = error.detach().pow(BETA)
    likelihood = weight * (distance / error + answer.log_error)
    loss = likelihood[known].mean()
    bend = apart[:, 2:] - 2 * apart[:, 1:-1] + apart[:, :-2]
    bent = known[:, 2:] & known[:, 1:-1] & known[:, :-2] & smooth.view(-1, 1, 1)
    jerky = (bend.square().sum(3) + SMALLEST_DISTANCE**2).sqrt() / weight[:, 1:-1]
    return loss + ACCELERATION_WEIGHT * (jerky * bent).sum() / bent.sum().clamp(min=1)


def paper_loss(answer: Estimate, target: Tensor) -> Tensor:
    """Mean squared error of the known points; the uncertainty learns beside it."""
    known = target[..., 0].isfinite()
    squared = (answer.points - target.nan_to_num(0)).square().sum(3)
    distance = (squared.detach() + SMALLEST_DISTANCE**2).sqrt()
    likelihood = distance / answer.log_error.exp() + answer.log_error
    return squared[known].mean() + 0.1 * likelihood[known].mean()


def train(
    options: TrainingOptions,
    *,
    device: torch.device,
    on_step: Callable[[int], None] | None = None,
    on_report: Callable[[Report], None] | None = None,
) -> Path:
    """Trains, and returns the path of the weights file.

    Raises:
        ValueError: the data is not there, or weights or checkpoint do not fit.
    """
    torch.manual_seed(options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    state = _State(options, device)
    config = state.network.config
    pools, validation = _sources(options, device)
    sampler = WindowSampler(
        pools,
        joints=config.joints,
        length=config.window,
        device=device,
        seed=options.seed,
        bodies=options.bodies and options.preset != "paper",
    )
    losses: list[Tensor] = []
    while state.step < options.steps:
        losses.append(_step(state, sampler.batch(state.step, options.batch_size), options, device))
        if on_step is not None:
            on_step(state.step)
        if state.step % options.report_every == 0 or state.step == options.steps:
            state.save()
            if on_report is not None:
                on_report(validation.report(state.averaged, state.step, losses, device))
            losses.clear()
    return options.output / f"corrector-{config.preset}.safetensors"


def _step(state: _State, batch: TrainingBatch, options: TrainingOptions, device: torch.device) -> Tensor:
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate_at(state.step, options)
    normal, place, size = normalise(batch.window, state.network.config.joints)
    target = (batch.target - place) / size
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        answer = state.network(normal)
    if options.preset == "paper":
        loss = paper_loss(answer, target)
    else:
        loss = compute_loss(answer, target, batch.smooth)
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
    state.optimizer.step()
    state.average.update_parameters(state.network)
    state.step += 1
    return loss.detach()


def _sources(options: TrainingOptions, device: torch.device) -> tuple[Sequence[Pool], Validation]:
    """What to train on, and what to watch."""
    if options.pairs:
        return _pairs_given(options, device)
    folder = options.data / "h36m_sh"
    takes = [take.as_pairs() for take in load_h36m(folder, TRAIN_SUBJECTS)]
    matrix = convention(takes) if options.carried else None
    # Every seventh take, so that all four cameras are among them.
    watched = [take.as_pairs() for take in load_h36m(folder, VALIDATION_SUBJECTS)[::7]]
    validation = Validation(H36M_JOINTS, watched, [target(take, matrix) for take in watched])
    if options.preset == "paper" or not options.simulated:
        return [pair_pool(takes, H36M_JOINTS, matrix, share=1.0, device=device)], validation
    # The same truth as labelled: it keeps the network from taking a convention for an error.
    labelled = Motion(
        arrange(np.concatenate([take.true for take in takes]), H36M_JOINTS),
        tuple(len(take.true) for take in takes),
        takes[0].fps,
    )
    return [
        pair_pool(takes, H36M_JOINTS, matrix, share=0.56, device=device),
        motion_pool(labelled, share=0.12, smooth=True, device=device),
        *_simulated(options, share=0.32, device=device),
    ], validation


def _pairs_given(options: TrainingOptions, device: torch.device) -> tuple[Sequence[Pool], Validation]:
    """The same of pairs files: every ninth take of the first one is watched, all others are trained on."""
    pools, validation = [], None
    motion = 0.0 if options.preset == "paper" or not options.simulated else MOTION_BESIDE_PAIRS
    for path in options.pairs:
        joints, takes = read_pairs(path)
        watched = takes[::WATCHED_EVERY] if validation is None else []
        trained = [take for i, take in enumerate(takes) if validation is not None or i % WATCHED_EVERY]
        if not trained or (not watched and validation is None):
            raise ValueError(f"{path}: {len(takes)} takes are too few to train on and to watch.")
        matrix = convention(trained) if options.carried else None
        pools.append(
            pair_pool(trained, joints, matrix, share=(1 - motion) / len(options.pairs), device=device)
        )
        validation = validation or Validation(joints, watched, [target(take, matrix) for take in watched])
    assert validation is not None
    if motion:
        pools.extend(_simulated(options, share=motion, device=device))
    return pools, validation


def _simulated(options: TrainingOptions, *, share: float, device: torch.device) -> list[Pool]:
    """True motion whose errors are simulated: 3D takes seen by random cameras, and Penn Action."""
    solid, flat = load_motion(options.data / "motion")
    each = share * SOLID_SHARE / len(solid)
    return [
        *(motion_pool(motion, share=each, smooth=True, device=device) for motion in solid),
        motion_pool(flat, share=share * (1 - SOLID_SHARE), smooth=False, device=device),
    ]
