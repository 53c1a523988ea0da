"""Poses in boxes of several frames at once, each looked at again where its joints ask for another box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.tracking.settings import TrackingSettings
from app.tracking.windows import Window
from estimators import Estimator, FramePoses, boxes
from estimators.boxes import Boxes
from estimators.interface import context_frames

# Where to look: row of the frame, and x1, y1, x2, y2.
Place = tuple[int, Boxes]


@dataclass(frozen=True)
class CropEstimate:
    """What was seen in one box.

    Attributes:
        keypoints: float32, (joints, 3): x, y, score; NaN where missing.
        box: float32, (4,): looked into.
        score: of the person.
        hypotheses: float32, (joints, K, 3): see :class:`estimators.FramePoses`; None: there are none.
    """

    keypoints: NDArray[np.float32]
    box: Boxes
    score: float
    hypotheses: NDArray[np.float32] | None = field(default=None, repr=False)


def asked_box(
    keypoints: NDArray[np.floating], settings: TrackingSettings, *, last: Boxes | None = None
) -> Boxes | None:
    """The box that a pose (joints, 3) asks for, not much smaller than the last; None without joints."""
    box = boxes.around(keypoints, min_score=settings.joint_score, pad=settings.pad)
    if box is None or last is None:
        return box
    return boxes.at_least(box, settings.least * (last[2:] - last[:2]))


class CropEstimator:
    """Looks into boxes with an estimator that is told where to look.

    Args:
        estimator: gives one pose a box.
        settings: when a look is not good enough.
    """

    def __init__(self, estimator: Estimator, *, settings: TrackingSettings) -> None:
        self._estimator, self._settings = estimator, settings

    def look(
        self, window: Window, places: Sequence[Place], *, worth: Sequence[float] | None = None
    ) -> list[CropEstimate]:
        """A look for each place, and a second one where the first one's joints ask for another box.

        ``worth``: where a first look's score is below this, there is no second one (None: 0).
        """
        seen = self._estimate(window, places)
        least = [0.0] * len(places) if worth is None else worth
        asked = [
            asked_box(look.keypoints, self._settings, last=look.box) if look.score >= enough else None
            for look, enough in zip(seen, least, strict=True)
        ]
        again = [(i, box) for i, box in enumerate(asked) if box is not None and self._is_off(seen[i], box)]
        closer = self._estimate(window, [(places[i][0], box) for i, box in again])
        for (i, _), better in zip(again, closer, strict=True):
            if better.score >= seen[i].score:
                seen[i] = better
        return seen

    def _is_off(self, look: CropEstimate, asked: Boxes) -> bool:
        """Whether the box asked for is another one, or a joint lies at the edge of the one looked into."""
        if boxes.overlap(asked, look.box) < self._settings.agreement:
            return True
        joints = boxes.around(look.keypoints, min_score=self._settings.joint_score, pad=0.0)
        if joints is None:
            return False
        rim = self._settings.edge * float((look.box[2:] - look.box[:2]).max())
        return bool((joints[:2] < look.box[:2] + rim).any() or (joints[2:] > look.box[2:] - rim).any())

    def _estimate(self, window: Window, places: Sequence[Place]) -> list[CropEstimate]:
        mine: dict[int, list[int]] = {}
        for i, (row, _) in enumerate(places):
            mine.setdefault(row, []).append(i)
        wanted = {row: np.stack([places[i][1] for i in mine[row]]).astype(np.float32) for row in sorted(mine)}
        seen: dict[int, CropEstimate] = {}
        for row, poses in estimate_rows(self._estimator, window, list(wanted), wanted).items():
            for at, i in enumerate(mine[row]):
                seen[i] = _crop_estimate(poses, at)
        return [seen[i] for i in range(len(places))]


def _crop_estimate(poses: FramePoses, at: int) -> CropEstimate:
    return CropEstimate(
        keypoints=poses.keypoints[at].astype(np.float32),
        box=poses.boxes[at].astype(np.float32),
        score=float(poses.scores[at]),
        hypotheses=None if poses.hypotheses is None else poses.hypotheses[at].astype(np.float32),
    )


def estimate_rows(
    estimator: Estimator,
    window: Window,
    rows: Sequence[int],
    boxes_in: Mapping[int, NDArray[np.float32]] | None = None,
) -> dict[int, FramePoses]:
    """Poses in some frames of a window, as many frames a call as the estimator likes.

    Args:
        estimator: is given the neighbouring frames that it asks for, too.
        window, rows: the frames, in order.
        boxes_in: (people, 4) for each row; None: the estimator finds people itself.
    """
    context = context_frames(estimator)
    nobody = np.empty((0, 4), np.float32)
    found: dict[int, FramePoses] = {}
    for start in range(0, len(rows), estimator.batch_size):
        part = rows[start : start + estimator.batch_size]
        given = sorted({near for row in part for near in window.around(row, context)})
        poses = estimator.estimate(
            window.pictures(given),
            pts_seconds=[window[row].seconds for row in given],
            boxes=None if boxes_in is None else [boxes_in[row] if row in part else nobody for row in given],
        )
        of_row = dict(zip(given, poses, strict=True))
        found.update((row, of_row[row]) for row in part)
    return found
