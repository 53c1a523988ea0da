"""Trains a corrector; ``posefix train corrector`` calls :func:`train`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path

import torch
from torch import Tensor

from corrector.api import Corrector, load_network, save_network
from corrector.configuration import CorrectorConfig
from corrector.features import normalise
from corrector.modeling import CorrectorNetwork, Estimate
from corrector.training.data import load_training_data
from corrector.training.joint_gain import fit_joint_gain
from corrector.training.validation import Report, Validation
from corrector.training.windows import TrainingBatch, WindowSampler
from estimators.trainer import Learner, Losses, MovingAverage, Run
from weights.files import FileError

SMALLEST_DISTANCE = 0.003
BETA = 0.65
"""Of the beta-NLL: at 1 a pixel counts alike everywhere, at 0 relative to what is expected of the point."""
ACCELERATION_WEIGHT = 1.0
AVERAGE_DECAY = 0.998
"""A step, of the moving average of the weights."""


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
    """The network in training, and where its weights go."""

    def __init__(self, options: TrainingOptions, device: torch.device) -> None:
        self.network = CorrectorNetwork(options.config or CorrectorConfig.preset_named(options.preset))
        if options.init is not None:
            self.network = load_network(options.init)
        if self.network.config.preset != options.preset:
            raise FileError(f"{options.init}: weights of preset {self.network.config.preset}.")
        if options.low_fps_shrinkage is not None:
            self.network.config = replace(self.network.config, low_fps_shrinkage=options.low_fps_shrinkage)
        self.network.to(device)
        average = MovingAverage(self.network, decay=AVERAGE_DECAY)
        self.learner = Learner(self.network, _optimizer(self.network, options), average, clip=1.0)
        self.weights_path = options.output / f"corrector-{options.preset}.safetensors"

    @property
    def averaged(self) -> CorrectorNetwork:
        module = self.learner.averaged()
        assert isinstance(module, CorrectorNetwork)
        return module


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
    run = _run(state, options, on_step)
    if options.resume:
        run.load()
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

    def validated(losses: Losses) -> dict[str, float]:
        step = run.done // options.batch_size
        report = validation.report(state.averaged, step, losses[""], device)
        save_network(state.weights_path, state.averaged)
        if on_report is not None:
            on_report(report)
        return asdict(report)

    first = run.done // options.batch_size
    run.advance(
        (sampler.batch(number, options.batch_size) for number in count(first)),
        batch_size=options.batch_size,
        backward=lambda _name, batch: _backward(state, batch, options),
        validate=validated,
    )
    network = _finished(state, options, validation, device)
    save_network(state.weights_path, network)
    return state.weights_path


def _run(state: _State, options: TrainingOptions, on_step: Callable[[int], None] | None) -> Run:
    """The loop, which counts windows; the last batch's number tells the learning rate."""
    steps, size = options.steps, options.batch_size
    return Run(
        learners={"": state.learner},
        folder=options.output,
        samples=steps * size,
        rate=lambda progress: learning_rate_at(round(progress * steps), options),
        every=options.report_every * size,
        on_step=None if on_step is None else lambda progress: on_step(round(progress * steps)),
    )


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


def _backward(state: _State, batch: TrainingBatch, options: TrainingOptions) -> Tensor:
    """Sets the gradients of a batch and gives its loss."""
    config = state.network.config
    normal, placement = normalise(batch.window, config.joints, upright=config.upright)
    target = placement.inside(batch.target)
    answer = state.network(normal)  # in float32: half would round the tracks that it blends
    if options.preset == "paper":
        loss = paper_loss(answer, target)
    else:
        loss = compute_loss(answer, target, batch.smooth)
    return state.learner.backward(loss)
