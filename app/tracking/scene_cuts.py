"""Where one shot ends and another begins, told from neighbouring frames as they come.

A frame begins a new shot where it shows other things in other places (its small grey picture, freed of
brightness and contrast, no longer goes with the last one) in other colours. A flash keeps the things, a
fast move keeps the colours; and where the old picture is soon back, nothing was cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.video.types import FrameBatch

SIDE = 32  # pixels of the small picture
BINS = 6  # of each colour
SAME_THINGS = 0.55  # correlation of the small pictures, 1 for the same
SAME_COLOURS = 0.7  # what the shares of the colours have in common, 1 for the same
SOON = 0.5  # seconds
PLAIN = 1.0  # of 255: a picture with less contrast shows no things


Signature = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class _Shot:
    """Where a shot was left: its number, its last frame, and when the next one began."""

    number: int
    signature: Signature
    left_at: float


class SceneCutDetector:
    """Compares each frame with the one before; goes on from batch to batch.

    Attributes:
        shots: the number of each frame's shot up to here.
    """

    def __init__(self) -> None:
        self._last: Signature | None = None
        self._before: _Shot | None = None
        self.shots: list[int] = []

    def detect(self, batch: FrameBatch) -> list[int]:
        """The number of each frame's shot."""
        for frame, seconds in zip(batch.frames, batch.pts_seconds.tolist(), strict=True):
            self.shots.append(self._shot_of(_signature_of(frame), seconds))
        return self.shots[len(self.shots) - len(batch) :]

    @property
    def cuts(self) -> list[int]:
        """Rows with which a new shot begins that does not lead back to one before."""
        shots = np.array(self.shots)
        highest = np.maximum.accumulate(shots)
        lowest = np.minimum.accumulate(shots[::-1])[::-1]
        return (np.flatnonzero(highest[:-1] < lowest[1:]) + 1).tolist()

    def _shot_of(self, now: Signature, seconds: float) -> int:
        last, self._last = self._last, now
        if last is None:
            return 0
        shot = self.shots[-1]
        if _go_together(last, now):
            return shot
        before = self._before
        if before is not None and seconds - before.left_at <= SOON and _go_together(before.signature, now):
            self._before = None
            return before.number
        self._before = _Shot(shot, last, seconds)
        return max(self.shots) + 1


def _go_together(one: Signature, other: Signature) -> bool:
    things = float((one[0] * other[0]).sum())
    colours = float(np.minimum(one[1], other[1]).sum())
    return things >= SAME_THINGS or colours >= SAME_COLOURS


def _signature_of(frame: NDArray[np.uint8]) -> Signature:
    """Small grey picture with mean 0 and length 1, and shares of colours."""
    # Every so manieth pixel first: averaging all of a large frame takes longer than all the rest.
    step = max(1, min(frame.shape[:2]) // (4 * SIDE))
    small = cv2.resize(
        np.ascontiguousarray(frame[::step, ::step]), (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    grey = small.mean(axis=2, dtype=np.float32)
    grey -= grey.mean()
    grey /= max(float(np.linalg.norm(grey)), PLAIN * SIDE)
    cells = (small.reshape(-1, 3).astype(int) * BINS // 256) @ np.array([BINS * BINS, BINS, 1])
    return grey, (np.bincount(cells, minlength=BINS**3) / len(cells)).astype(np.float32)
