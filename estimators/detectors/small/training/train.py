"""Trains the detector on made scenes; sample n follows from the seed and n, so that a run can be resumed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from estimators import trainer
from estimators.detectors.small.configuration import COARSEST_STRIDE, DetectorConfig
from estimators.detectors.small.modeling import build, export, restore
from estimators.detectors.small.training.photos import SHARES, DetectorData
from estimators.detectors.small.training.scenes import SceneMaker
from estimators.detectors.small.training.targets import loss_of, make_targets
from estimators.detectors.small.training.validation import validate

VALIDATION_SEED = 1_000_003
VALIDATION_SCENES = 160


@dataclass(frozen=True)
class DetectorTraining:
    """How a run goes.

    Attributes:
        samples: how many scenes the schedule spans; the rate is zero at its end.
        minutes: end the schedule at this time if the samples would take longer; None: never.
        batch_size: scenes a step.
        side: of the scenes, in pixels.
        rate: highest learning rate, of AdamW.
        weight_decay: of AdamW.
        warmup: share of the schedule in which the rate rises.
        decay: of the moving average of the weights, a step.
        seed: of everything random.
        validate_every: scenes between validations.
    """

    samples: int = 60_000
    minutes: float | None = None
    batch_size: int = 16
    side: int = 224
    rate: float = 3e-3
    weight_decay: float = 0.02
    warmup: float = 0.03
    decay: float = 0.995
    seed: int = 0
    validate_every: int = 6_000

    def __post_init__(self) -> None:
        if self.samples < 1 or self.batch_size < 1:
            raise ValueError(
                f"Invalid samples ({self.samples}) or batch_size ({self.batch_size}): at least 1."
            )
        if self.side < COARSEST_STRIDE or self.side % COARSEST_STRIDE:
            raise ValueError(
                f"Invalid side ({self.side}). Supported values are multiples of {COARSEST_STRIDE}."
            )


class DetectorTrainer:
    """One run in one folder.

    Args:
        config: of the network.
        settings: of the run.
        data: what to train on, and what is held out to watch.
        folder: gets ``last.pt`` and ``history.jsonl``.
        device: to train on.
        report: called with each line of the history.
        on_step: called after each step with the share of the schedule that is done.
        initial: a weights file of the same network to start from; None: fresh weights.
    """

    def __init__(
        self,
        *,
        config: DetectorConfig,
        settings: DetectorTraining,
        data: tuple[DetectorData, DetectorData],
        folder: Path,
        device: torch.device,
        report: Callable[[dict[str, Any]], None],
        on_step: Callable[[float], None] | None = None,
        initial: Path | None = None,
    ) -> None:
        self.config, self.settings, self.folder, self.device = config, settings, folder, device
        self.report, self.on_step = report, on_step
        torch.manual_seed(settings.seed)
        self.model = (build(config) if initial is None else restore(initial)[1]).to(device)
        self.average = AveragedModel(
            self.model, multi_avg_fn=get_ema_multi_avg_fn(settings.decay), use_buffers=True
        )
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings.rate, weight_decay=settings.weight_decay
        )
        train, held_out = data
        self.sizes = {name: len(group) for name, group in train.photos.items()} | {"empty": len(train.empty)}
        self.maker = SceneMaker(
            train.photos, shares=SHARES, empty=train.empty, side=settings.side, seed=settings.seed
        )
        watched = SceneMaker(
            held_out.photos,
            shares=dict.fromkeys(held_out.photos, 1.0),
            empty=held_out.empty,
            side=settings.side,
            seed=VALIDATION_SEED,
        )
        self.watched = [watched.make(number) for number in range(VALIDATION_SCENES)]
        self.done = 0
        self.seconds = 0.0
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def progress(self) -> float:
        """Share of the schedule that is done, by samples or by time, whichever is further."""
        samples = self.done / self.settings.samples
        return trainer.share_done(samples=samples, seconds=self.seconds, minutes=self.settings.minutes)

    def run(self, *, resume: bool = False) -> nn.Module:
        """Trains to the end of the schedule and returns the averaged model."""
        if resume:
            self.done, self.seconds = trainer.load_checkpoint(self.folder, self._parts(), device=self.device)
        losses: list[float] = []
        clock = time.monotonic()
        while self.progress < 1:
            losses.append(self._step())
            now = time.monotonic()
            self.seconds, clock = self.seconds + now - clock, now
            if self.on_step is not None:
                self.on_step(min(self.progress, 1.0))
            if self.done % self.settings.validate_every < self.settings.batch_size or self.progress >= 1:
                self._record(losses)
                losses.clear()
                clock = time.monotonic()  # validation is not training time
        return self.averaged()

    def averaged(self) -> nn.Module:
        """The moving average of the weights."""
        module: nn.Module = self.average.module
        return module.eval()

    def export(self, path: Path) -> str:
        """Writes a weights file of the averaged model and returns its SHA-256."""
        record = {
            "samples": self.done,
            "minutes": round(self.seconds / 60, 1),
            "sources": self.sizes,
            "settings": asdict(self.settings),
            "validation": validate(self.averaged(), self.watched, device=self.device),
        }
        return export(path, config=replace(self.config, training=record), model=self.averaged())

    def _step(self) -> float:
        factor = trainer.warmup_cosine(self.progress, warmup=self.settings.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * factor
        scenes = [self.maker.make(self.done + row) for row in range(self.settings.batch_size)]
        pictures = torch.from_numpy(np.stack([scene.picture for scene in scenes])).permute(0, 3, 1, 2)
        targets = make_targets(scenes)
        moved = type(targets)(*(part.to(self.device) for part in vars(targets).values()))
        self.model.train()
        with trainer.mixed_precision(self.device):
            logits, edges = self.model(pictures.to(self.device).float())
        loss = loss_of(logits.float(), edges.float(), moved)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.model)
        self.done += self.settings.batch_size
        return float(loss.detach())

    def _record(self, losses: list[float]) -> None:
        entry = {
            "samples": self.done,
            "minutes": round(self.seconds / 60, 2),
            "loss": round(float(np.mean(losses)), 4),
            **validate(self.averaged(), self.watched, device=self.device),
        }
        trainer.append_history(self.folder, entry)
        self.report(entry)
        trainer.save_checkpoint(self.folder, self._parts(), done=self.done, seconds=self.seconds)

    def _parts(self) -> dict[str, Any]:
        return {"model": self.model, "average": self.average, "optimizer": self.optimizer}
