"""Trains a corrector; ``posefix train corrector`` calls :func:`train`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from corrector.api import Corrector, load_network, save_network
from corrector.configuration import CorrectorConfig
from corrector.features import normalise
from corrector.modeling import CorrectorNetwork, Estimate
from corrector.training.data import load_training_data
from corrector.training.joint_gain import fit_joint_gain
from corrector.training.validation import Report, Validation
from corrector.training.windows import TrainingBatch, WindowSampler
from weights.files import written_whole

SMALLEST_DISTANCE = 0.003
BETA = 0.65
"""Of the beta-NLL: at 1 a pixel counts alike everywhere, at 0 relative to what is expected of the point."""
ACCELERATION_WEIGHT = 1.0


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
        keep: share of ``init`` in the result, a mean of both (WiSE-FT, Wortsman et al., CVPR 2022): what it
            did well elsewhere suffers less.
        resume: go on from the checkpoint in ``output``.
        low_fps_shrinkage: of the network; None: that of the preset or of ``init``.
        full_gain: carry out every correction; otherwise :mod:`corrector.training.joint_gain` is fitted when
            training on pairs files is done: on the watched takes or, where there are folds, on all of the
            first file.
        folds: networks that are trained for that, alike, each without a part of those takes; 0: none.
        watched: which takes of the first pairs file are not trained on but watched: (every, first).
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
    keep: float = 0.0
    resume: bool = False
    low_fps_shrinkage: float | None = None
    full_gain: bool = False
    folds: int = 0
    watched: tuple[int, int] = (9, 0)
    config: CorrectorConfig | None = None


class _State:
    """What a checkpoint holds: network, its moving average, optimiser and how far training is."""

    def __init__(self, options: TrainingOptions, device: torch.device) -> None:
        self.network = CorrectorNetwork(options.config or CorrectorConfig.preset_named(options.preset))
        if options.init is not None:
            self.network = load_network(options.init)
        if self.network.config.preset != options.preset:
            raise ValueError(f"{options.init}: weights of preset {self.network.config.preset}.")
        if options.low_fps_shrinkage is not None:
            self.network.config = replace(self.network.config, low_fps_shrinkage=options.low_fps_shrinkage)
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

    @property
    def weights_path(self) -> Path:
        return self._path.with_name(f"corrector-{self.network.config.preset}.safetensors")

    def save(self) -> None:
        values: dict[str, Any] = {name: part.state_dict() for name, part in self._parts().items()}
        with written_whole(self._path) as partial:
            torch.save(values | {"step": self.step}, partial)
        save_network(self.weights_path, self.averaged)

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
        # Tieleman and Hinton's own 0.9: with torch's 0.99 a sudden gradient makes a step ten times the rate,
        # and training that went on at the published rate diverged after 8,000 batches.
        return torch.optim.RMSprop(network.parameters(), lr=options.learning_rate, alpha=0.9)
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
    state = _State(options, device)
    config = state.network.config
    sources, validation = load_training_data(options, device)
    options.output.mkdir(parents=True, exist_ok=True)
    sampler = WindowSampler(
        sources,
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
    network = _finished(state, options, validation, device)
    save_network(state.weights_path, network)
    return state.weights_path


def _finished(
    state: _State, options: TrainingOptions, watched: Validation, device: torch.device
) -> CorrectorNetwork:
    """The averaged network, mixed with the one before it, and with what is to be held back of each joint."""
    network = copy.deepcopy(state.averaged)
    if options.init is not None and options.keep:
        before = load_network(options.init).to(device)
        for ours, theirs in zip(network.parameters(), before.parameters(), strict=True):
            ours.data.lerp_(theirs.data, options.keep)
    if options.pairs:
        network.config = replace(network.config, joint_gain=())
    if options.pairs and not options.full_gain:
        found = _folds(options, device) or [(Corrector(network, device=device), watched)]
        network.config = replace(network.config, joint_gain=fit_joint_gain(found))
    return network


def _folds(options: TrainingOptions, device: torch.device) -> list[tuple[Corrector, Validation]]:
    """Networks trained as ``options`` say, each with the takes that it alone has not seen."""
    found = []
    for fold in range(options.folds):
        part = replace(
            options,
            output=options.output / f"fold-{fold}",
            watched=(options.folds, fold),
            folds=0,
            full_gain=True,
            resume=False,
        )
        path = train(part, device=device)
        found.append((Corrector(load_network(path), device=device), load_training_data(part, device)[1]))
    return found


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
