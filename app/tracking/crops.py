"""Poses in regions of several frames at once, each looked at again where its joints ask for another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.tracking.posture import Posture
from app.tracking.regions import Region, at_least, enclosing, overlap, union
from app.tracking.settings import TrackingSettings
from app.tracking.windows import Window
from estimators import Estimator, FramePoses
from estimators.boxes import Boxes
from estimators.interface import TurnsCrops, context_frames


@dataclass(frozen=True)
class Place:
    """Where to look for one person.

    Attributes:
        row: of the frame.
        region: of it.
        whole: a second look goes to all of the body, with what is not seen of it yet.
        found: x1, y1, x2, y2 where a detector says that they are: no part of it is left out of that look.
        turn: the second look may be turned as the body lies.
    """

    row: int
    region: Region
    whole: bool = False
    found: Boxes | None = None
    turn: bool = False


@dataclass(frozen=True)
class CropEstimate:
    """What was seen in one region.

    Attributes:
        keypoints: float32, (joints, 3): x, y, score; NaN where missing.
        region: looked into.
        score: of the person.
        hypotheses: float32, (joints, K, 3): see :class:`estimators.FramePoses`; None: there are none.
    """

    keypoints: NDArray[np.float32]
    region: Region
    score: float
    hypotheses: NDArray[np.float32] | None = field(default=None, repr=False)


class CropEstimator:
    """Looks into regions with an estimator that is told where to look.

    Args:
        estimator: gives one pose a box.
        frame_size: width and height, in pixels.
        settings: when a look is not good enough.

    Attributes:
        turns: whether the estimator can look at who lies.
    """

    def __init__(
        self, estimator: Estimator, *, frame_size: tuple[int, int], settings: TrackingSettings
    ) -> None:
        self._estimator, self._settings = estimator, settings
        self._frame_size = np.array(frame_size)
        self._posture = Posture(estimator.skeleton)
        self.turns = isinstance(estimator, TurnsCrops)

    def look(
        self, window: Window, places: Sequence[Place], *, worth: Sequence[float] | None = None
    ) -> list[CropEstimate]:
        """A look for each place, and a second one where the first one's joints ask for another region.

        ``worth``: where a first look's score is below this, there is no second one (None: 0).
        """
        seen = self._estimate(window, [(place.row, place.region) for place in places])
        again: list[tuple[int, Region]] = []
        for i, place in enumerate(places):
            asked = self._asked_again(seen[i], place)
            if asked is not None and (worth is None or seen[i].score >= worth[i]):
                again.append((i, asked))
        closer = self._estimate(window, [(places[i].row, region) for i, region in again])
        for (i, _), other in zip(again, closer, strict=True):
            if self._posture.evidence(other.keypoints) >= self._posture.evidence(seen[i].keypoints):
                seen[i] = other
        return seen

    def asked(self, look: CropEstimate, *, last: Region | None = None) -> Region | None:
        """The region that a pose asks for, turned as it was looked at, not much smaller than the last.

        None without joints.
        """
        return self.around(look.keypoints, angle=look.region.angle, last=last)

    def around(
        self, keypoints: NDArray[np.floating], *, angle: float, last: Region | None = None
    ) -> Region | None:
        """The same for joints (joints, 3) alone."""
        settings = self._settings
        sure = np.isfinite(keypoints[:, 0]) & (keypoints[:, 2] >= settings.joint_score)
        if sure.sum() < 2:
            return None
        region = enclosing(keypoints[sure, :2], angle, pad=settings.pad)
        return region if last is None else at_least(region, last, settings.least)

    def _asked_again(self, look: CropEstimate, place: Place) -> Region | None:
        """The region for a second look; None where the first one was into the right one."""
        angle = look.region.angle
        if place.turn and self.turns:
            angle = self._posture.angle(look.keypoints, last=angle)
        asked = self.around(look.keypoints, angle=angle, last=look.region)
        if asked is None:
            return None
        asked = self._with_all(asked, look, place)
        off = asked.angle != look.region.angle or overlap(asked, look.region) < self._settings.agreement
        return asked if off or self._at_edge(look) else None

    def _with_all(self, asked: Region, look: CropEstimate, place: Place) -> Region:
        """The region with what else should be in it: where somebody was found, and unseen parts."""
        points = [] if place.found is None else [place.found.reshape(2, 2)]
        if place.whole:
            points.append(self._posture.missing(look.keypoints))
        # What lies beyond the frame's edge is not to be seen anyway.
        return union(asked, np.clip(np.concatenate(points), 0, self._frame_size - 1)) if points else asked

    def _at_edge(self, look: CropEstimate) -> bool:
        """Whether a joint lies at the edge of the region looked into."""
        sure = np.isfinite(look.keypoints[:, 0]) & (look.keypoints[:, 2] >= self._settings.joint_score)
        points, box = look.region.own(look.keypoints[sure, :2]), look.region.own_box
        rim = self._settings.edge * look.region.side
        return bool((points < box[:2] + rim).any() or (points > box[2:] - rim).any())

    def _estimate(self, window: Window, places: Sequence[tuple[int, Region]]) -> list[CropEstimate]:
        mine: dict[int, list[int]] = {}
        for i, (row, _) in enumerate(places):
            mine.setdefault(row, []).append(i)
        wanted = {row: [places[i][1] for i in mine[row]] for row in sorted(mine)}
        seen: dict[int, CropEstimate] = {}
        for row, poses in estimate_rows(self._estimator, window, list(wanted), wanted).items():
            for at, i in enumerate(mine[row]):
                seen[i] = _crop_estimate(poses, at, places[i][1])
        return [seen[i] for i in range(len(places))]


def _crop_estimate(poses: FramePoses, at: int, region: Region) -> CropEstimate:
    return CropEstimate(
        keypoints=poses.keypoints[at].astype(np.float32),
        region=region,
        score=float(poses.scores[at]),
        hypotheses=None if poses.hypotheses is None else poses.hypotheses[at].astype(np.float32),
    )


def estimate_rows(
    estimator: Estimator,
    window: Window,
    rows: Sequence[int],
    regions: Mapping[int, Sequence[Region]] | None = None,
) -> dict[int, FramePoses]:
    """Poses in some frames of a window, as many frames a call as the estimator likes.

    Args:
        estimator: is given the neighbouring frames that it asks for, too.
        window, rows: the frames, in order.
        regions: those of each row; None: the estimator finds people itself.
    """
    context = context_frames(estimator)
    found: dict[int, FramePoses] = {}
    for start in range(0, len(rows), estimator.batch_size):
        part = rows[start : start + estimator.batch_size]
        given = sorted({near for row in part for near in window.around(row, context)})
        pictures, seconds = window.pictures(given), [window[row].seconds for row in given]
        if regions is None:
            poses = estimator.estimate(pictures, pts_seconds=seconds)
        else:
            wanted = [regions[row] if row in part else () for row in given]
            boxes = [np.array([r.box for r in of_row], np.float32).reshape(-1, 4) for of_row in wanted]
            angles = [np.array([r.angle for r in of_row]) for of_row in wanted]
            if isinstance(estimator, TurnsCrops) and any(angle.any() for angle in angles):
                poses = estimator.estimate(pictures, pts_seconds=seconds, boxes=boxes, angles=angles)
            else:
                poses = estimator.estimate(pictures, pts_seconds=seconds, boxes=boxes)
        of_frame = dict(zip(given, poses, strict=True))
        found.update((row, of_frame[row]) for row in part)
    return found
