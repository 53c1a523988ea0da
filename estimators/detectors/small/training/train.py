"""Trains the detector on made scenes; sample n follows from the seed and n, so that a run can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from estimators.detectors.small.configuration import COARSEST_STRIDE, DetectorConfig
from estimators.detectors.small.modeling import build, export, restore
from estimators.detectors.small.training.photos import SHARES, DetectorData
from estimators.detectors.small.training.scenes import Scene, SceneMaker
from estimators.detectors.small.training.targets import Targets, loss_of, make_targets
from estimators.detectors.small.training.validation import validate
from estimators.trainer import (
    Learner,
    Losses,
    MovingAverage,
    Run,
    mixed_precision,
    moved,
    numbered_batches,
    warmup_cosine,
)

VALIDATION_SEED = 1_000_003
VALIDATION_SCENES = 160
CLIP = 5.0  # largest norm of the gradients


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
        workers: processes that make scenes.
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
    workers: int = 0

    def __post_init__(self) -> None:
        if self.samples < 1 or self.batch_size < 1:
            raise ValueError(
                f"Invalid samples ({self.samples}) or batch_size ({self.batch_size}): at least 1."
            )
        if self.side < COARSEST_STRIDE or self.side % COARSEST_STRIDE:
            raise ValueError(
                f"Invalid side ({self.side}). Supported values are multiples of {COARSEST_STRIDE}."
            )


class _Batch(NamedTuple):
    """Pictures, uint8 (N, S, S, 3), and the parts of their :class:`Targets`."""

    pictures: Tensor
    peaks: Tensor
    sureness: Tensor
    edges: Tensor


class _Scenes(Dataset[Scene]):
    """Scenes by number, for workers to make."""

    def __init__(self, maker: SceneMaker) -> None:
        self.maker = maker

    def __getitem__(self, number: int) -> Scene:
        return self.maker.make(number)


def _stacked(scenes: list[Scene]) -> _Batch:
    targets = make_targets(scenes)
    pictures = torch.from_numpy(np.stack([scene.picture for scene in scenes]))
    return _Batch(pictures, targets.peaks, targets.sureness, targets.edges)


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
        self.config, self.settings, self.device = config, settings, device
        torch.manual_seed(settings.seed)
        model = (build(config) if initial is None else restore(initial)[1]).to(device)
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=settings.rate, weight_decay=settings.weight_decay
        )
        average = MovingAverage(model, decay=settings.decay, buffers=True)
        self.learner = Learner(model, optimizer, average, clip=CLIP)
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
        folder.mkdir(parents=True, exist_ok=True)
        self._run = Run(
            learners={"": self.learner},
            folder=folder,
            samples=settings.samples,
            minutes=settings.minutes,
            rate=lambda progress: settings.rate * warmup_cosine(progress, warmup=settings.warmup),
            every=settings.validate_every,
            report=report,
            on_step=on_step,
        )

    def run(self, *, resume: bool = False) -> nn.Module:
        """Trains to the end of the schedule and returns the averaged model.

        Raises:
            ValueError: there is no checkpoint to resume from.
        """
        if resume:
            self._run.load()
        self._run.advance(
            self._batches(),
            batch_size=self.settings.batch_size,
            backward=self._backward,
            validate=self._validated,
        )
        return self.averaged()

    def averaged(self) -> nn.Module:
        """The moving average of the weights."""
        return self.learner.averaged()

    def export(self, path: Path) -> str:
        """Writes a weights file of the averaged model and returns its SHA-256."""
        record = {
            "samples": self._run.done,
            "minutes": round(self._run.seconds / 60, 1),
            "sources": self.sizes,
            "settings": asdict(self.settings),
            "validation": validate(self.averaged(), self.watched, device=self.device),
        }
        return export(path, config=replace(self.config, training=record), model=self.averaged())

    def _batches(self) -> Iterator[_Batch]:
        """Scenes from where the run stands, on the device."""
        for batch in numbered_batches(
            _Scenes(self.maker),
            start=self._run.done,
            batch_size=self.settings.batch_size,
            workers=self.settings.workers,
            device=self.device,
            collate=_stacked,
        ):
            yield moved(batch, self.device)

    def _backward(self, _name: str, batch: _Batch) -> Tensor:
        self.learner.model.train()
        with mixed_precision(self.device):
            logits, edges = self.learner.model(batch.pictures.permute(0, 3, 1, 2).float())
        targets = Targets(batch.peaks, batch.sureness, batch.edges)
        return self.learner.backward(loss_of(logits.float(), edges.float(), targets))

    def _validated(self, losses: Losses) -> dict[str, Any]:
        loss = float(torch.stack(list(losses[""])).mean())
        return {"loss": round(loss, 4), **validate(self.averaged(), self.watched, device=self.device)}
