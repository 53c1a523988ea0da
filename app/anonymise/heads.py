"""All circles to be hidden in every frame, and hiding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from app.anonymise.geometry import head_centres, head_radii
from app.anonymise.search import SMALLEST_HEAD, search_heads
from app.anonymise.tracks import held, link, runs
from app.rendering.sizes import steady
from app.rendering.style import BLACK
from app.result import Person, Result
from app.video.reader import Video
from estimators import Estimator
from estimators.detectors import Detector

Picture = NDArray[np.uint8]
# Around a frame: a head that leaps aside for less is hidden where it was before and after, too.
MEDIAN_SECONDS = 0.6
CELLS = 5  # across a blurred head: too few for a face


@dataclass(frozen=True)
class Heads:
    """Circles to be hidden.

    Attributes:
        circles: for each row of a result, float32, (N, 3): x, y and radius in pixels.
    """

    circles: list[NDArray[np.float32]] = field(repr=False)

    def hide(self, frame: Picture, row: int, *, how: str) -> Picture:
        """A copy of the frame of row ``row`` in which heads are hidden: ``blur`` or ``black``."""
        hidden = frame.copy()
        for x, y, radius in self.circles[row].tolist():
            _hide(hidden, x, y, radius, black=how == "black")
        return hidden


def find_heads(
    video: Video,
    result: Result,
    *,
    estimator: Estimator,
    detector: Detector | None,
    progress: Callable[[int], None] = lambda _frames: None,
) -> Heads:
    """The heads of a result's people by their joints, and all others that can be found.

    Args:
        video: that of the result.
        result: its people's joints, before and after correction, say where their heads are.
        estimator, detector: look for heads of others; see :func:`app.anonymise.search.search_heads`.
        progress: called with the number of frames done.
    """
    times, cuts = result.pts_seconds, result.cuts
    sightings = search_heads(
        video,
        {int(index): row for row, index in enumerate(result.frame_indices)},
        estimator=estimator,
        detector=detector,
        start=float(times[0]),
        end=float(times[-1]) + video.info.smallest_step,
        progress=progress,
    )
    found: list[list[NDArray[np.floating]]] = [[] for _ in times]
    tracks = link(sightings, times, cuts=cuts)
    for person in result.people:
        tracks += [run for track in _tracks_of(person, result) for run in runs(track, times)]
    for track in tracks:
        first, circles = held(track, times, cuts=cuts)
        for row, circle in enumerate(circles, start=first):
            found[row].append(circle)
    # Joints may be predicted far outside.
    limit = 4.0 * max(result.source.width, result.source.height)
    return Heads([np.clip(circles, -limit, limit).astype(np.float32).reshape(-1, 3) for circles in found])


def _tracks_of(person: Person, result: Result) -> Iterator[NDArray[np.floating]]:
    """Tracks (N, 4) of row, x, y and radius: by initial and corrected joints, frame by frame and steadied."""
    for points in (person.initial[..., :2], person.corrected):
        if points is None:
            continue
        edges = [0, *result.cuts, len(points)]
        for start, stop in pairwise(edges):
            part = points[start:stop].astype(np.float64)
            yield from _tracks_in_shot(part, start, result)


def _tracks_in_shot(
    points: NDArray[np.floating], start: int, result: Result
) -> Iterator[NDArray[np.floating]]:
    joints, fps = result.skeleton.joints, result.source.fps
    rows = np.flatnonzero(np.isfinite(points).all(axis=2).any(axis=1))
    if not len(rows):
        return
    radius = np.maximum(steady(head_radii(points[rows], joints), fps=fps), SMALLEST_HEAD)
    centre = head_centres(points[rows], joints, radius)
    for places in (centre, _steadied(centre, fps)):
        there = np.isfinite(places).all(axis=1)
        if there.any():
            yield np.column_stack([rows + start, places, radius])[there]


def _steadied(centre: NDArray[np.floating], fps: float) -> NDArray[np.floating]:
    """(N, 2): the median of those around each."""
    half = max(1, round(MEDIAN_SECONDS * fps / 2))
    result = np.full_like(centre, np.nan)
    for row in np.flatnonzero(np.isfinite(centre).all(axis=1)):
        result[row] = np.nanmedian(centre[max(0, row - half) : row + half + 1], axis=0)
    return result


def _hide(picture: Picture, x: float, y: float, radius: float, *, black: bool) -> None:
    height, width = picture.shape[:2]
    x1, y1 = (max(0, int(np.floor(v - radius))) for v in (x, y))
    x2, y2 = min(width, int(np.ceil(x + radius)) + 1), min(height, int(np.ceil(y + radius)) + 1)
    if x2 <= x1 or y2 <= y1:
        return
    region = picture[y1:y2, x1:x2]
    mask = np.zeros(region.shape[:2], np.uint8)
    cv2.circle(mask, (round(x - x1), round(y - y1)), max(1, round(radius)), 255, -1)
    if black:
        region[mask > 0] = BLACK
        return
    cell = 2 * radius / CELLS
    few = (max(1, round((x2 - x1) / cell)), max(1, round((y2 - y1) / cell)))
    coarse = cv2.resize(region, few, interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(coarse, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
    region[mask > 0] = blurred[mask > 0]
