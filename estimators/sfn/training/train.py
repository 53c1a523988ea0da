"""Trains SFN: a small loop over MMPose's ``model.loss``, because its Runner needs a working torchvision."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from estimators.sfn.builder import build, export, restore
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.training.calibration import calibrate
from estimators.sfn.training.mixture import Mixture, TrainingData
from estimators.sfn.training.replicas import Replicas
from estimators.sfn.training.targets import Prepared, Samples, prepare
from estimators.sfn.training.validation import validate
from estimators.trainer import Learner, Losses, MovingAverage, Run, moved, numbered_batches, warmup_cosine

GROWING = ((128, 0.3), (192, 0.6), (256, 1.0))  # small pictures first: more of them a second
PAPER_SIZES = ((256, 1.0),)
SMALL_RATE = 1.5e-3
CLIP = 5.0  # largest norm of the gradients
PAPER_RATE = 3e-4  # without norm layers, larger steps diverge


@dataclass(frozen=True)
class TrainingSettings:
    """How a run goes.

    Attributes:
        samples: how many samples the schedule spans; the rate is zero at its end.
        minutes: end the schedule at this time if the samples would take longer; None: never.
        batch_size: samples a step.
        rate: highest learning rate.
        weight_decay: of AdamW; none on biases and norms.
        warmup: share of the schedule in which the rate rises.
        sizes: input sizes with the share of the schedule each ends at; the last must end at 1.
        decay: of the moving average of the weights, a step.
        seed: of everything random.
        workers: processes that make samples.
        replicas: threads that share a batch on a CPU.
        validate_every: samples between validations.
    """

    samples: int
    minutes: float | None = None
    batch_size: int = 32
    rate: float = SMALL_RATE
    weight_decay: float = 0.02
    warmup: float = 0.03
    sizes: tuple[tuple[int, float], ...] = GROWING
    decay: float = 0.998
    seed: int = 0
    workers: int = 1
    replicas: int = 2
    validate_every: int = 10_000

    def __post_init__(self) -> None:
        if self.samples < 1 or self.batch_size < 1:
            raise ValueError(
                f"Invalid samples ({self.samples}) or batch_size ({self.batch_size}): at least 1."
            )
        if not self.sizes or self.sizes[-1][1] != 1.0:
            raise ValueError(f"Invalid sizes ({self.sizes}): the last must end at 1.")


def size_at(settings: TrainingSettings, progress: float) -> int:
    """Input size at a share of the schedule."""
    return next((size for size, end in settings.sizes if progress < end), settings.sizes[-1][0])


class Trainer:
    """One run in one folder; :meth:`run` goes on from its checkpoint where that is wanted.

    Args:
        configs: of the networks, which are trained on the same samples and may differ in width alone; their
            input size is the last of the settings' sizes.
        settings: of the run.
        data: what to train on and to watch.
        folder: gets ``last.pt`` and ``history.jsonl``.
        device: to train on.
        report: called with each line of the history.
        initial: a weights file of the same network to start from for each of them; none: fresh weights.
        on_step: called after each step with the share of the schedule that is done.

    Attributes:
        configs: by the network's name: its width, or "" where there is one network.
        learners: the networks, by name.
    """

    def __init__(
        self,
        *,
        configs: Sequence[SFNConfig],
        settings: TrainingSettings,
        data: TrainingData,
        folder: Path,
        device: torch.device,
        report: Callable[[dict[str, Any]], None],
        on_step: Callable[[float], None] | None = None,
        initial: Sequence[Path] = (),
    ) -> None:
        if initial and len(initial) != len(configs):
            raise ValueError(f"Invalid initial weights: {len(initial)} files for {len(configs)} networks.")
        size = settings.sizes[-1][0]
        names = [f"{config.width:g}" for config in configs] if len(configs) > 1 else [""]
        self.configs = {
            name: replace(config, input_size=size) for name, config in zip(names, configs, strict=True)
        }
        if len(self.configs) != len(configs):
            raise ValueError(f"Invalid widths ({', '.join(names)}): each may be there once.")
        self.settings, self.data, self.device = settings, data, device
        random.seed(settings.seed)
        np.random.seed(settings.seed)
        starts = dict(zip(names, initial, strict=True)) if initial else {}
        self.learners = {name: self._learner(name, starts.get(name)) for name in names}
        count = settings.replicas if device.type == "cpu" else 1
        self.replicas = {
            name: Replicas(learner.model, count=count) for name, learner in self.learners.items()
        }
        self._size = size_at(settings, 0.0)
        folder.mkdir(parents=True, exist_ok=True)
        self._run = Run(
            learners=self.learners,
            folder=folder,
            samples=settings.samples,
            minutes=settings.minutes,
            rate=lambda progress: settings.rate * warmup_cosine(progress, warmup=settings.warmup),
            every=settings.validate_every,
            report=report,
            on_step=on_step,
            extra={
                "configs": {name: c.to_dict() for name, c in self.configs.items()},
                "settings": asdict(settings),
            },
        )

    def _learner(self, name: str, initial: Path | None) -> Learner:
        """Alone or beside others, a network starts with the same weights."""
        torch.manual_seed(self.settings.seed)
        model = build(self.configs[name])
        if initial is not None:
            started = restore(initial)[1]
            try:
                model.load_state_dict(started.state_dict())
            except RuntimeError as error:
                raise ValueError(f"{initial}: weights of another variant or width.") from error
        model.to(self.device)
        average = MovingAverage(model, decay=self.settings.decay, growing=True)
        return Learner(model, _optimizer(model, self.settings), average, clip=CLIP)

    def run(self, *, resume: bool = False, until: float = 1.0) -> nn.Module:
        """Trains to a share of the schedule and returns the averaged model, the first of them.

        Raises:
            ValueError: there is no checkpoint to resume from.
        """
        if resume:
            self._run.load()
        while self._run.progress < until:
            self._run_size(until)
        return self.averaged()

    def averaged(self, name: str | None = None) -> nn.Module:
        """The moving average of a network's weights, with the running statistics of the trained model."""
        return self.learners[next(iter(self.learners)) if name is None else name].averaged()

    def export(self, path: Path, name: str | None = None) -> str:
        """Calibrates an averaged model, writes a weights file and returns its SHA-256."""
        model, config = self.averaged(name), self.configs[next(iter(self.configs)) if name is None else name]
        record = {
            "samples": self._run.done,
            "minutes": round(self._run.seconds / 60, 1),
            "sources": {source.name: len(source.records) for source in self.data.sources},
            "shares": {source.name: round(source.share, 4) for source in self.data.sources},
            "settings": asdict(self.settings),
            "validation": validate(model, self.data, config=config),
        }
        config = replace(
            config,
            score_curve=calibrate(model, self.data, config=config),
            flip_score_curve=calibrate(model, self.data, config=config, flip_test=True),
            training=record,
        )
        return export(path, config=config, model=model)

    def _run_size(self, until: float) -> None:
        size = self._size = self._scheduled_size()
        self._run.advance(
            self.batches(),
            batch_size=self.settings.batch_size,
            backward=self._backward,
            validate=self._validated,
            until=until,
            going=lambda: self._scheduled_size() == size,
        )

    def step(self, batch: Prepared) -> dict[str, Tensor]:
        """One step of all networks on a batch; gives their losses."""
        return self._run.step(batch, batch_size=self.settings.batch_size, backward=self._backward)

    def _backward(self, name: str, batch: Prepared) -> Tensor:
        return self.replicas[name].backward(batch)

    def samples(self) -> Iterator[Samples]:
        """Samples from where the run stands, in the size of its schedule, as the workers hand them over."""
        return numbered_batches(
            Mixture(self.data.sources, config=self._sized(), seed=self.settings.seed),
            start=self._run.done,
            batch_size=self.settings.batch_size,
            workers=self.settings.workers,
            device=self.device,
        )

    def batches(self) -> Iterator[Prepared]:
        """The same, moved to the device and prepared there."""
        return map(self.prepared, self.samples())

    def prepared(self, samples: Samples) -> Prepared:
        """A batch, on the device."""
        preprocessor: Any = next(iter(self.learners.values())).model.data_preprocessor
        return prepare(moved(samples, self.device), config=self._sized(), preprocessor=preprocessor)

    def _sized(self) -> SFNConfig:
        return replace(next(iter(self.configs.values())), input_size=self._size)

    def _scheduled_size(self) -> int:
        return size_at(self.settings, self._run.progress)

    def _validated(self, losses: Losses) -> dict[str, Any]:
        """Mean loss and validation of each network; the keys end in its name where there are several."""
        entry: dict[str, Any] = {"input_size": self._size}
        for name, config in self.configs.items():
            end = f"_{name}" if name else ""
            entry[f"loss{end}"] = round(float(torch.stack(list(losses[name])).mean()), 5)
            shares = validate(self.averaged(name), self.data, config=replace(config, input_size=self._size))
            entry |= {f"pck_{key}{end}": round(share, 2) for key, share in shares.items()}
        return entry


def _optimizer(model: nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=settings.rate,
        fused=next(model.parameters()).is_cuda,
    )
