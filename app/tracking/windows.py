"""Cuts a video into windows of a fixed length in time, a few of which are in memory at once.

What is found must not hang on how many frames an estimator likes to be given: windows do not know of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

WINDOW_SECONDS = 0.6
LEAST_FRAMES = 6  # of a window: a person is to be seen a few times in it
MOST_BYTES = 200_000_000  # of the frames of a window
NOTHING = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True)
class WindowFrame:
    """A frame in memory.

    Attributes:
        index: number in the file.
        seconds: when it is shown.
        picture: uint8, (H, W, 3), RGB.
        shot: number of its shot.
        warnings, notes: as in :class:`app.video.types.FrameBatch`.
    """

    index: int
    seconds: float
    picture: NDArray[np.uint8] = field(repr=False)
    shot: int = 0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def without_picture(self) -> WindowFrame:
        """The same for keeping: pictures fill the memory."""
        return replace(self, picture=NOTHING)


Frames = tuple[WindowFrame, ...]


@dataclass(frozen=True)
class Window:
    """Neighbouring frames, some of which are to be worked on; each is named by its row in the result.

    Attributes:
        first: row of the first frame in memory.
        start, stop: rows to be worked on, start <= row < stop; the others were, or will be.
        frames: those in memory, in order.
    """

    first: int
    start: int
    stop: int
    frames: Frames = field(repr=False)

    @property
    def memory(self) -> range:
        """The rows that are in memory."""
        return range(self.first, self.first + len(self.frames))

    def __getitem__(self, row: int) -> WindowFrame:
        return self.frames[row - self.first]

    @property
    def worked_on(self) -> Frames:
        """The frames of the rows to be worked on."""
        return self.frames[self.start - self.first : self.stop - self.first]

    def pictures(self, rows: Sequence[int]) -> NDArray[np.uint8]:
        """uint8, (N, H, W, 3), RGB."""
        return np.stack([self[row].picture for row in rows])

    def shots(self) -> list[range]:
        """The rows to be worked on, parted where the shot changes."""
        inner = range(self.start + 1, self.stop)
        edges = [self.start, *(row for row in inner if self[row].shot != self[row - 1].shot), self.stop]
        return [range(*pair) for pair in pairwise(edges)]

    def around(self, row: int, count: int) -> range:
        """The row with up to ``count`` rows of its shot on either side, as far as they are in memory."""
        shot, low, high = self[row].shot, row, row + 1
        while row - low < count and low > self.first and self[low - 1].shot == shot:
            low -= 1
        while high - row <= count and high < self.memory.stop and self[high].shot == shot:
            high += 1
        return range(low, high)


def windows(frames: Iterable[WindowFrame], *, fps: float, context: int = 0) -> Iterator[Window]:
    """Windows that follow on each other, each with the frames of the one before it in memory.

    Args:
        frames: of the video, in order.
        fps: frames a second, on average.
        context: so many frames behind the window, and before the one before it, are in memory, too.
    """
    parts = _parts(frames, seconds=max(WINDOW_SECONDS, max(LEAST_FRAMES, context) / fps))
    before: Frames = ()
    row = 0
    for part, behind in pairwise(chain(parts, [()])) if context else ((part, ()) for part in parts):
        yield Window(
            first=row - len(before),
            start=row,
            stop=row + len(part),
            frames=(*before, *part, *behind[:context]),
        )
        before = (*before[max(0, len(before) - context) :], *part)
        row += len(part)


def _parts(frames: Iterable[WindowFrame], *, seconds: float) -> Iterator[Frames]:
    """The frames, parted at every whole number of ``seconds`` from the first one on."""
    part: list[WindowFrame] = []
    origin, number = None, 0
    for frame in frames:
        origin = frame.seconds if origin is None else origin
        now = int((frame.seconds - origin) / seconds + 1e-6)
        most = max(LEAST_FRAMES, MOST_BYTES // frame.picture.nbytes)
        if part and (now != number or len(part) >= most):
            yield tuple(part)
            part = []
        number = now
        part.append(frame)
    if part:
        yield tuple(part)
