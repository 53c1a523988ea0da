"""From frames to the network's time steps and back, and where a clip falls apart into segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

SHORTEST_STEP = 0.024
"""Seconds. Frames closer than this share a step: 120 fps becomes 40, 60 becomes 30, 30 stays."""

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Timeline:
    """The steps of a clip.

    Attributes:
        step_of_frame: (T,), which step each frame belongs to, rising.
        seconds: (S,), mean time of each step's frames.
    """

    step_of_frame: NDArray[np.int64]
    seconds: Floats

    @classmethod
    def of(cls, pts_seconds: Floats) -> Timeline:
        """Groups frames so that no step is shorter than :data:`SHORTEST_STEP`."""
        steps = np.arange(len(pts_seconds))
        if len(pts_seconds) > 1 and np.diff(pts_seconds).min() < SHORTEST_STEP:
            starts = np.zeros(len(pts_seconds), dtype=bool)
            start = -np.inf
            for frame, seconds in enumerate(pts_seconds.tolist()):
                if seconds - start >= SHORTEST_STEP:
                    starts[frame], start = True, seconds
            steps = np.cumsum(starts) - 1
        return cls(steps, _mean_by_step(pts_seconds, steps))

    def gather(self, points: Floats, scores: Floats) -> tuple[Floats, Floats]:
        """Mean (S, J, 2) and score (S, J) of the points (T, J, 2) that each step has; NaN and 0 without."""
        if len(self.seconds) == len(points):
            return points, scores
        there = np.asarray(np.isfinite(points[..., 0]))
        count = np.zeros((len(self.seconds), points.shape[1]))
        np.add.at(count, self.step_of_frame, there)
        total = np.zeros((*count.shape, 3))
        values = np.concatenate((points, scores[..., None]), axis=2)
        np.add.at(total, self.step_of_frame, np.where(there[..., None], values, 0))
        mean = total / np.where(count, count, np.nan)[..., None]
        return mean[..., :2], np.nan_to_num(mean[..., 2])

    def any(self, frames: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether it is so (T, ...) in a frame of each step, (S, ...)."""
        result = np.zeros((len(self.seconds), *frames.shape[1:]), dtype=bool)
        np.logical_or.at(result, self.step_of_frame, frames)
        return result

    def spread(self, segment: slice, values: Floats, pts_seconds: Floats) -> Floats:
        """Values of a segment's steps at the times of its frames: a cubic spline through them.

        Args:
            segment: which steps.
            values: (S, ...), of all steps of the clip.
            pts_seconds: (N,), of the segment's frames.
        """
        own = values[segment]
        if len(own) == len(pts_seconds):
            return own
        if len(own) == 1:
            return np.repeat(own, len(pts_seconds), axis=0)
        return CubicSpline(self.seconds[segment], own, axis=0, bc_type="natural")(pts_seconds)


def _mean_by_step(values: Floats, steps: NDArray[np.int64]) -> Floats:
    return np.bincount(steps, weights=values) / np.bincount(steps) if len(values) else values


def segments(there: NDArray[np.bool_], seconds: Floats, *, max_gap_seconds: float) -> list[slice]:
    """Stretches of steps with somebody in them, cut where nobody is there for too long.

    A segment starts and ends with a step where somebody is there. Steps far apart with none missing
    between them, as in a clip of 5 fps, are no gap.
    """
    seen = np.flatnonzero(there)
    if not len(seen):
        return []
    cut = (np.diff(seen) > 1) & (np.diff(seconds[seen]) > max_gap_seconds)
    first = seen[np.concatenate(([True], cut))]
    last = seen[np.concatenate((cut, [True]))]
    return [slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True)]


def fillable(there: NDArray[np.bool_], seconds: Floats, *, max_gap_seconds: float) -> NDArray[np.bool_]:
    """Where a missing joint may be filled, (S, J): its gap lasts at most ``max_gap_seconds``.

    ``there`` (S, J) says where the joint was given. At an end of the segment a gap may last half as long, as
    only one side of it is known.
    """
    steps = np.arange(len(there))[:, None]
    before = np.maximum.accumulate(np.where(there, steps, -1), axis=0)
    after = np.minimum.accumulate(np.where(there, steps, len(there))[::-1], axis=0)[::-1]
    lasts = seconds[np.minimum(after, len(there) - 1)] - seconds[np.maximum(before, 0)]
    inside = (before >= 0) & (after < len(there))
    ever = there.any(axis=0)
    return ~there & ever & (lasts <= np.where(inside, max_gap_seconds, max_gap_seconds / 2) + 1e-9)
