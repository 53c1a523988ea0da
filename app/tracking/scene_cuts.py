"""Where one shot ends and another begins, told from neighbouring frames as they come.

A frame begins a new shot where it shows other things in other places (its small grey picture, freed of
brightness and contrast, no longer goes with the last one) in other colours. A flash keeps the things, a
fast move keeps the colours; and where the old picture is soon back, nothing was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

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
    """Compares each frame with the one before; goes on from frame to frame."""

    def __init__(self) -> None:
        self._last: Signature | None = None
        self._before: _Shot | None = None
        self._shot = self._latest = 0

    def shot_of(self, picture: NDArray[np.uint8], seconds: float, *, another: bool = False) -> int:
        """Number of the shot that the next frame belongs to.

        Args:
            picture: uint8, (H, W, 3).
            seconds: when it is shown.
            another: another recording begins with it, whatever it shows.
        """
        last, now = self._last, _signature_of(picture)
        self._last = now
        if another and last is not None:
            self._before = None
            self._latest += 1
            self._shot = self._latest
            return self._shot
        if last is None or _go_together(last, now):
            return self._shot
        before = self._before
        if before is not None and seconds - before.left_at <= SOON and _go_together(before.signature, now):
            self._before, self._shot = None, before.number
            return self._shot
        self._before = _Shot(self._shot, last, seconds)
        self._latest += 1
        self._shot = self._latest
        return self._shot


def cut_rows(shots: Sequence[int]) -> list[int]:
    """Rows with which a new shot begins that does not lead back to one before, from each row's shot."""
    numbers = np.array(shots)
    highest = np.maximum.accumulate(numbers)
    lowest = np.minimum.accumulate(numbers[::-1])[::-1]
    return (np.flatnonzero(highest[:-1] < lowest[1:]) + 1).tolist()


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
