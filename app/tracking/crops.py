"""Poses in boxes of several frames at once, each looked at again where its joints ask for another box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.tracking.settings import TrackingSettings
from app.video.types import FrameBatch
from estimators import Estimator, boxes
from estimators.boxes import Boxes

# A stage of work, timed: see :meth:`app.pipeline.Timings.measure`.
Measure = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class CropEstimate:
    """What was seen in one box.

    Attributes:
        keypoints: float32, (joints, 3): x, y, score; NaN where missing.
        box: float32, (4,): looked into.
        score: of the person.
    """

    keypoints: NDArray[np.float32]
    box: Boxes
    score: float


class CropEstimator:
    """Looks into boxes with an estimator that is told where to look.

    Args:
        estimator: gives one pose a box.
        settings: when a look is not good enough.
        measure: times the estimator's work.
    """

    def __init__(self, estimator: Estimator, *, settings: TrackingSettings, measure: Measure) -> None:
        self._estimator, self._settings, self._measure = estimator, settings, measure

    def look(
        self,
        batch: FrameBatch,
        places: Sequence[tuple[int, Boxes]],
        *,
        stage: str = "estimate",
        worth: Sequence[float] | None = None,
    ) -> list[CropEstimate]:
        """A look for each place (index of the frame in the batch, box); timed as ``stage``.

        ``worth``: where a first look's score is below this, there is no second one (None: 0).
        """
        with self._measure(stage):
            return self._look(batch, places, [0.0] * len(places) if worth is None else worth)

    def _look(
        self, batch: FrameBatch, places: Sequence[tuple[int, Boxes]], worth: Sequence[float]
    ) -> list[CropEstimate]:
        seen = self._estimate(batch, places)
        asked = [
            self.box_around(look.keypoints, last=look.box) if look.score >= least else None
            for look, least in zip(seen, worth, strict=True)
        ]
        again = [(i, box) for i, box in enumerate(asked) if box is not None and self._is_off(seen[i], box)]
        closer = self._estimate(batch, [(places[i][0], box) for i, box in again])
        for (i, _), better in zip(again, closer, strict=True):
            if better.score >= seen[i].score:
                seen[i] = better
        return seen

    def box_around(self, keypoints: NDArray[np.floating], *, last: Boxes | None = None) -> Boxes | None:
        """The box that a pose asks for, not much smaller than the last; None without joints."""
        settings = self._settings
        box = boxes.around(keypoints, min_score=settings.joint_score, pad=settings.pad)
        if box is None or last is None:
            return box
        return boxes.at_least(box, settings.least * (last[2:] - last[:2]))

    def _is_off(self, look: CropEstimate, asked: Boxes) -> bool:
        """Whether the box asked for is another one, or a joint lies at the edge of the one looked into."""
        if boxes.overlap(asked, look.box) < self._settings.agreement:
            return True
        joints = boxes.around(look.keypoints, min_score=self._settings.joint_score, pad=0.0)
        if joints is None:
            return False
        rim = self._settings.edge * float((look.box[2:] - look.box[:2]).max())
        return bool((joints[:2] < look.box[:2] + rim).any() or (joints[2:] > look.box[2:] - rim).any())

    def _estimate(self, batch: FrameBatch, places: Sequence[tuple[int, Boxes]]) -> list[CropEstimate]:
        if not places:
            return []
        rows = sorted({row for row, _ in places})
        mine = {row: [i for i, (at, _) in enumerate(places) if at == row] for row in rows}
        poses = self._estimator.estimate(
            batch.frames[rows],
            pts_seconds=batch.pts_seconds[rows].tolist(),
            boxes=[np.stack([places[i][1] for i in mine[row]]).astype(np.float32) for row in rows],
        )
        seen: dict[int, CropEstimate] = {}
        for row, found in zip(rows, poses, strict=True):
            for i, keypoints, box, score in zip(
                mine[row], found.keypoints, found.boxes, found.scores, strict=True
            ):
                seen[i] = CropEstimate(keypoints.astype(np.float32), box.astype(np.float32), float(score))
        return [seen[i] for i in range(len(places))]
