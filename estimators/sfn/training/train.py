"""Trains SFN: a small loop over MMPose's ``model.loss``, because its Runner needs a working torchvision."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from estimators import trainer
from estimators.sfn.builder import build, export, restore
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.training.calibration import calibrate
from estimators.sfn.training.mixture import Mixture, TrainingData, batches
from estimators.sfn.training.replicas import Replicas
from estimators.sfn.training.validation import validate

GROWING = ((128, 0.62), (192, 1.0))  # small pictures first: 2.2 times as many a second
SMALL_RATE = 1.5e-3
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
    """One run in one folder; :meth:`run` goes on from its checkpoint where there is one.

    Args:
        config: of the network; its input size is the last of the settings' sizes.
        settings: of the run.
        data: what to train on and to watch.
        folder: gets ``last.pt`` and ``history.jsonl``.
        device: to train on.
        report: called with each line of the history.
        initial: a weights file of the same network to start from; None: fresh weights.
        on_step: called after each step with the share of the schedule that is done.
    """

    def __init__(
        self,
        *,
        config: SFNConfig,
        settings: TrainingSettings,
        data: TrainingData,
        folder: Path,
        device: torch.device,
        report: Callable[[dict[str, Any]], None],
        on_step: Callable[[float], None] | None = None,
        initial: Path | None = None,
    ) -> None:
        self.config = replace(config, input_size=settings.sizes[-1][0])
        self.settings, self.data, self.folder = settings, data, folder
        self.device, self.report, self.on_step = device, report, on_step
        random.seed(settings.seed)
        np.random.seed(settings.seed)
        torch.manual_seed(settings.seed)
        self.model = build(self.config)
        if initial is not None:
            self.model.load_state_dict(restore(initial)[1].state_dict())
        self.model.to(device)
        self.replicas = Replicas(self.model, count=settings.replicas if device.type == "cpu" else 1)
        self.average = AveragedModel(self.model, multi_avg_fn=_averaging(settings.decay), use_buffers=False)
        self.optimizer = _optimizer(self.model, settings)
        self.done = 0
        self.seconds = 0.0
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def progress(self) -> float:
        """Share of the schedule that is done, by samples or by time, whichever is further."""
        samples = self.done / self.settings.samples
        return trainer.share_done(samples=samples, seconds=self.seconds, minutes=self.settings.minutes)

    def run(self, *, resume: bool = False, until: float = 1.0) -> nn.Module:
        """Trains to a share of the schedule and returns the averaged model."""
        if resume:
            self.done, self.seconds = trainer.load_checkpoint(self.folder, self._parts(), device=self.device)
        while self.progress < until:
            self._run_size(until)
        return self.averaged()

    def averaged(self) -> nn.Module:
        """The moving average of the weights, with the running statistics of the trained model."""
        module: nn.Module = self.average.module
        for ours, trained in zip(module.buffers(), self.model.buffers(), strict=True):
            ours.copy_(trained)
        return module.eval()

    def export(self, path: Path) -> str:
        """Calibrates the averaged model, writes a weights file and returns its SHA-256."""
        model = self.averaged()
        record = {
            "samples": self.done,
            "minutes": round(self.seconds / 60, 1),
            "sources": {source.name: len(source.records) for source in self.data.sources},
            "settings": asdict(self.settings),
            "validation": validate(model, self.data, config=self.config),
        }
        config = replace(
            self.config,
            score_curve=calibrate(model, self.data, config=self.config),
            flip_score_curve=calibrate(model, self.data, config=self.config, flip_test=True),
            training=record,
        )
        return export(path, config=config, model=model)

    def _run_size(self, until: float) -> None:
        size = size_at(self.settings, self.progress)
        config = replace(self.config, input_size=size)
        source: Iterator[dict[str, Any]] = batches(
            Mixture(self.data.sources, config=config, seed=self.settings.seed),
            start=self.done,
            batch_size=self.settings.batch_size,
            workers=self.settings.workers,
        )
        clock, losses = time.monotonic(), []
        while self.progress < until and size_at(self.settings, self.progress) == size:
            losses.append(self._step(next(source)))
            if self.on_step is not None:
                self.on_step(min(self.progress, 1.0))
            now = time.monotonic()
            self.seconds, clock = self.seconds + now - clock, now
            if self.done % self.settings.validate_every < self.settings.batch_size or self.progress >= until:
                self._record(losses, size)
                losses.clear()
                clock = time.monotonic()  # validation is not training time
                self._save()

    def _step(self, batch: dict[str, Any]) -> float:
        factor = trainer.warmup_cosine(self.progress, warmup=self.settings.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * factor
        with trainer.mixed_precision(self.device):
            loss = self.replicas.backward(batch)
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        self.done += self.settings.batch_size
        return loss

    def _record(self, losses: list[float], size: int) -> None:
        config = replace(self.config, input_size=size)
        entry = {
            "samples": self.done,
            "minutes": round(self.seconds / 60, 2),
            "input_size": size,
            "loss": round(float(np.mean(losses)), 5),
            **{
                f"pck_{k}": round(v, 2)
                for k, v in validate(self.averaged(), self.data, config=config).items()
            },
        }
        trainer.append_history(self.folder, entry)
        self.report(entry)

    def _save(self) -> None:
        trainer.save_checkpoint(
            self.folder,
            self._parts(),
            done=self.done,
            seconds=self.seconds,
            config=self.config.to_dict(),
            settings=asdict(self.settings),
        )

    def _parts(self) -> dict[str, Any]:
        return {"model": self.model, "average": self.average, "optimizer": self.optimizer}


def _averaging(decay: float) -> Callable[[Any, Any, Any], None]:
    """Exponential moving average that forgets its start quickly."""

    @torch.no_grad()
    def update(averages: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor) -> None:
        steps = int(count)
        weight = 1 - min(decay, (1 + steps) / (10 + steps))
        torch._foreach_lerp_(averages, current, weight)

    return update


def _optimizer(model: nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    matrices = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=settings.rate,
    )
