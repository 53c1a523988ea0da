"""Looks for everybody's head, also of those who are not followed, in far more boxes than hold people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from app.anonymise.geometry import head_centres, head_radii
from app.video.reader import Video
from estimators import Estimator, FramePoses, boxes
from estimators.boxes import Boxes
from estimators.detectors import Detector

Picture = NDArray[np.uint8]
# Of a detector's box and of a head's joint: much less than it takes to be followed as a person.
BOX_SCORE, HEAD_SCORE = 0.1, 0.15
MOST_BOXES = 20
HEAD_JOINTS = ("head", "nose", "head_top", "neck")
PAD = 0.07  # around a detector's box, of its longer side
LOOK_SECONDS = 1 / 15
# Of the longer side of the box looked into: no head is smaller, none larger.
LEAST_HEAD, LARGEST_HEAD = 0.1, 0.4
SMALLEST_HEAD = 3.0  # pixels
# Circles nearer to each other, in radii, are one head.
SAME_HEAD = 0.7
# A box like one in which there was no head is not looked into again while the picture there stays as it is:
# intersection over union, mean difference of grey levels, and for how long at most.
SAME_BOX, SAME_GREY, REMEMBERED_SECONDS = 0.7, 3.0, 2.0
GREY_SIDE = 12


@dataclass(frozen=True)
class Sighting:
    """Heads in a frame.

    Attributes:
        row: of the result.
        circles: (N, 3): x, y, radius in pixels, the surest first.
    """

    row: int
    circles: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True)
class _Empty:
    """A box without a head in it, and how it looked."""

    box: Boxes
    grey: Picture
    seconds: float


class HeadSearch:
    """Finds heads in single frames, which come in order.

    Args:
        estimator: gives joints.
        detector: its boxes are looked into, however unlikely; None: the estimator finds people itself.
    """

    def __init__(self, estimator: Estimator, detector: Detector | None) -> None:
        self._estimator, self._detector = estimator, detector
        self._empty: list[_Empty] = []

    def look(self, frame: Picture, seconds: float) -> NDArray[np.float64]:
        """Circles (N, 3) around the heads in a frame: x, y, radius; the surest first."""
        wanted = None
        if self._detector is not None:
            places = self._worth_a_look(frame, seconds)
            if not len(places):
                return np.zeros((0, 3))
            wanted = [places]
        (poses,) = self._estimator.estimate(frame[None], pts_seconds=[seconds], boxes=wanted)
        circles, scores = heads_of(poses, self._estimator.skeleton.joints)
        good = scores >= HEAD_SCORE
        self._empty += [_Empty(box, _grey(frame, box), seconds) for box in poses.boxes[~good]]
        return distinct(circles[good], scores[good])

    def _worth_a_look(self, frame: Picture, seconds: float) -> NDArray[np.float32]:
        """Boxes (N, 4) in which there may be somebody, and was not nobody a moment ago."""
        assert self._detector is not None
        (found,) = self._detector.detect(frame[None])
        self._empty = [old for old in self._empty if seconds - old.seconds <= REMEMBERED_SECONDS]
        likely = [boxes.padded(box, PAD) for box in found.boxes[found.scores >= BOX_SCORE]]
        new = [box for box in likely if not any(_same(frame, box, old) for old in self._empty)]
        return np.array(new[:MOST_BOXES], np.float32).reshape(-1, 4)


def search_heads(
    video: Video,
    rows: dict[int, int],
    *,
    estimator: Estimator,
    detector: Detector | None,
    start: float,
    end: float,
    progress: Callable[[int], None],
) -> list[Sighting]:
    """Heads in a frame of every fifteenth of a second, in order.

    Args:
        video: from :func:`app.open_video`.
        rows: row of the result for each frame number.
        estimator, detector: see :class:`HeadSearch`.
        start, end: seconds of the video to look at.
        progress: called with the number of frames done.
    """
    search = HeadSearch(estimator, detector)
    sightings = []
    looked_at = -np.inf
    for batch in video.batches(size=1, start=start, end=end):
        row, seconds = rows.get(int(batch.indices[0])), float(batch.pts_seconds[0])
        progress(1)
        # Half a frame early rather than one late.
        if row is None or seconds - looked_at < LOOK_SECONDS - 0.5 / video.info.fps:
            continue
        looked_at = seconds
        sightings.append(Sighting(row, search.look(batch.frames[0], seconds)))
    return sightings


def heads_of(poses: FramePoses, joints: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Circles (N, 3) and scores (N,) of the heads of poses; score 0 where there is none."""
    sure = np.where(poses.keypoints[..., 2:] >= HEAD_SCORE, poses.keypoints[..., :2], np.nan)
    side = (poses.boxes[:, 2:] - poses.boxes[:, :2]).max(axis=1, initial=0.0)
    radius = np.clip(head_radii(sure, joints), LEAST_HEAD * side, LARGEST_HEAD * side)
    radius = np.maximum(radius, SMALLEST_HEAD)
    circles = np.column_stack([head_centres(sure, joints, radius), radius])
    named = [joints.index(name) for name in HEAD_JOINTS if name in joints]
    scores = np.nan_to_num(poses.keypoints[:, named, 2]).max(axis=1, initial=0.0)
    return circles, np.where(np.isfinite(circles).all(axis=1), scores, 0.0)


def distinct(circles: NDArray[np.float64], scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each head once, the surest first, as large as the largest of those that are the same."""
    kept: list[NDArray[np.float64]] = []
    for circle in circles[np.argsort(-scores, kind="stable")]:
        for other in kept:
            if np.hypot(*(circle[:2] - other[:2])) < SAME_HEAD * max(circle[2], other[2]):
                other[2] = max(circle[2], other[2])
                break
        else:
            kept.append(circle.copy())
    return np.stack(kept) if kept else np.zeros((0, 3))


def _same(frame: Picture, box: Boxes, old: _Empty) -> bool:
    """Whether a box shows what an empty one showed."""
    if boxes.overlap(box, old.box) < SAME_BOX:
        return False
    change = np.abs(_grey(frame, old.box).astype(np.int16) - old.grey).mean()
    return bool(change <= SAME_GREY)


def _grey(frame: Picture, box: Boxes) -> Picture:
    """A few grey pixels of what is in a box; black where that is nothing."""
    height, width = frame.shape[:2]
    x1, y1 = np.clip(np.floor(box[:2]), 0, [width, height]).astype(int)
    x2, y2 = np.clip(np.ceil(box[2:]), 0, [width, height]).astype(int)
    if x2 <= x1 or y2 <= y1:
        return np.zeros((GREY_SIDE, GREY_SIDE), np.uint8)
    small = cv2.resize(frame[y1:y2, x1:x2], (GREY_SIDE, GREY_SIDE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small.astype(np.uint8), cv2.COLOR_RGB2GRAY).astype(np.uint8)
