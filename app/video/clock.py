"""When each frame is shown: from the clocks of files, which lack times, repeat them, fall back and leap.

Recordings that were joined byte by byte each bring a clock of their own, raw streams bring none, and some
recorders write a time twice. Whatever comes in, times that rise come out.
"""

from __future__ import annotations

from typing import NamedTuple

# Of frames' times that fall back: less is a recorder's trembling hand, more is another recording.
LONGEST_STUMBLE = 0.1


class Tick(NamedTuple):
    """A frame's place in time.

    Attributes:
        seconds: from the first frame.
        jump: by how many seconds the file's clock left its course with this frame; 0 where it goes on.
        assumed: the file has no time for this frame.
    """

    seconds: float
    jump: float = 0.0
    assumed: bool = False


class FrameClock:
    """Places the frames of one file, in the order in which they are shown.

    A frame without a time follows the one before by a frame's length. Where the file's clock falls back, or
    leaps ahead by more than ``longest_gap``, another recording begins: it follows by a frame's length, too.

    Args:
        frame_seconds: length of a frame at the stream's rate.
        smallest_step: seconds that two frames are apart at least.
        longest_gap: seconds that two frames may be apart.
    """

    def __init__(self, frame_seconds: float, *, smallest_step: float, longest_gap: float) -> None:
        self._frame = frame_seconds
        self._smallest = smallest_step
        self._longest = longest_gap
        self._last: float | None = None
        # What the file's clock shows at zero; None as long as it has shown nothing.
        self._zero: float | None = None

    def place(self, stamp: float | None, *, lost: int = 0) -> Tick:
        """The next frame's place.

        Args:
            stamp: seconds by the file's clock; None where it has no time for this frame.
            lost: how many frames before it could not be decoded.
        """
        if self._last is None:
            self._last = lost * self._frame
            self._zero = None if stamp is None else stamp - self._last
            return Tick(self._last, assumed=stamp is None)
        expected = self._last + self._frame * (1 + lost)
        if stamp is None:
            self._last = expected
            return Tick(expected, assumed=True)
        if self._zero is None:
            self._zero = stamp - expected
        seconds = stamp - self._zero
        jump = 0.0
        stumble = min(self._frame, LONGEST_STUMBLE)
        if seconds > self._last + self._longest or seconds < self._last - stumble:
            jump = seconds - expected
            self._zero = stamp - expected
            seconds = expected
        self._last = max(seconds, self._last + self._smallest)
        return Tick(self._last, jump)
