"""Looks for people in a frame or in a part of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators.boxes import padded
from estimators.interface import FrameArray
from estimators.yr.model import PartModel
from estimators.yr.nms import CANDIDATES, cover, suppress
from estimators.yr.part_detector import PartDetector, Placements

Array = NDArray[np.floating]

LARGEST = 480  # shorter side of what is searched, in pixels; larger pictures are shrunk
SMALLEST = 24  # shorter side of the smallest region worth a look
OVERLAP = 0.1
WEAKEST = -1.0


def find_people(
    detector: PartDetector,
    frame: FrameArray,
    *,
    region: Array | None = None,
    people: int | None = None,
    part_side: float | None = None,
) -> Placements:
    """The people in a region of a frame, the surest first, in pixels of the frame.

    Args:
        frame: uint8, (H, W, 3).
        region: x1, y1, x2, y2; None is the whole frame.
        people: at most so many.
        part_side: how large the parts' boxes are about, in pixels of the frame; None means any size.
    """
    x1, y1, x2, y2 = _clipped(region, frame)
    if min(x2 - x1, y2 - y1) < SMALLEST:
        return detector.nothing()
    crop = frame[y1:y2, x1:x2]
    scale = min(1.0, LARGEST / min(crop.shape[:2]))
    if scale < 1:
        size = (round(crop.shape[1] * scale), round(crop.shape[0] * scale))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    threshold = min(detector.model.threshold, WEAKEST)
    limit = 1 if people == 1 else CANDIDATES
    levels = None if part_side is None else _levels_near(detector.model, part_side * scale)
    found = detector.detect(crop, threshold=threshold, limit=limit, levels=levels)
    kept = found[suppress(found.boxes, found.scores, overlap=OVERLAP)[:people]]
    # Both ends of a box lie inside of it: its edges are half a pixel further out.
    corners = np.concatenate([kept.boxes[..., :2] / scale, (kept.boxes[..., 2:] + 1) / scale - 1], axis=-1)
    return replace(kept, boxes=corners + np.array([x1, y1, x1, y1]))


def _levels_near(model: PartModel, side: float) -> range:
    """The pyramid levels where parts are about ``side`` pixels large, half an octave up and down."""
    level = round(model.interval * math.log2(max(side / (model.template_size[1] * model.cell_size), 1.0)))
    reach = math.ceil(model.interval / 2)
    return range(max(level - reach, 0), level + reach + 1)


def _clipped(region: Array | None, frame: FrameArray) -> tuple[int, int, int, int]:
    height, width = frame.shape[:2]
    if region is None or not np.isfinite(region).all():
        return 0, 0, width, height
    low = np.clip(np.floor(region[:2]), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(region[2:]) + 1, 0, (width, height)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


@dataclass
class Tracker:
    """Looks for people where they were in the frame before: quick, for video.

    The whole frame is searched first, every ``EVERY_SECONDS``, whenever somebody is lost, and every
    ``EMPTY_SECONDS`` while there is nobody to follow.

    Attributes:
        follow_from: lowest score of somebody worth following.
        lost_below: score below which somebody followed is lost.
    """

    detector: PartDetector
    follow_from: float = -np.inf
    lost_below: float = -np.inf
    _people: list[tuple[Array, float]] = field(default_factory=list)
    _searched: float = -np.inf
    _seen: float = np.inf
    _size: tuple[int, ...] = ()

    EVERY_SECONDS = 2.0
    EMPTY_SECONDS = 0.5
    ROOM = 0.2
    FOLLOWED = 3

    def find(self, frame: FrameArray, pts_seconds: float) -> Placements:
        """The people in the next frame; one that goes back in time, or of another size, starts afresh."""
        restarted = pts_seconds <= self._seen or frame.shape != self._size
        wait = self.EVERY_SECONDS if self._people else self.EMPTY_SECONDS
        due = pts_seconds - self._searched > wait
        found = None if restarted or due else self._follow(frame)
        searching = found is None
        if found is None:
            found = find_people(self.detector, frame)
            self._searched = pts_seconds
        self._seen, self._size = pts_seconds, frame.shape
        sides = found.boxes[:, 0, 2] - found.boxes[:, 0, 0] + 1
        worth = found.scores >= self.follow_from if searching else found.scores >= self.lost_below
        people = zip(cover(found.boxes[worth]), sides[worth].tolist(), strict=True)
        self._people = list(people)[: self.FOLLOWED]
        return found

    def _follow(self, frame: FrameArray) -> Placements | None:
        """Everybody near their last place, or None where somebody is lost."""
        found = [
            find_people(self.detector, frame, region=padded(box, self.ROOM), people=1, part_side=side)
            for box, side in self._people
        ]
        if not found:
            return self.detector.nothing()
        if any(not len(person) or person.scores[0] < self.lost_below for person in found):
            return None
        together = Placements.joined(found)
        return together[suppress(together.boxes, together.scores, overlap=OVERLAP)]
