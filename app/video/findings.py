"""What turned out about a file while it was read, in lines for the user."""

from __future__ import annotations

from app.video.backend import DecodedFrame
from app.video.clock import Tick
from app.video.types import VideoInfo

# A line that tells which frames are meant names so many stretches of them.
NAMED = 8


class Findings:
    """Collects what is odd while a file is read once.

    Attributes:
        lost: numbers of frames that could not be decoded.
        ends_after: how many frames there are of a film that breaks off.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._info = info
        self.lost: set[int] = set()
        self.ends_after: int | None = None
        self._untimed: int | None = None
        self._timed = False
        self._jumps: set[int] = set()
        self._other_size: tuple[int, tuple[int, int]] | None = None

    def look_at(self, frame: DecodedFrame, tick: Tick) -> None:
        """Takes in the next frame."""
        # Of what is kept in the order of decoding, the last frames have no time, and need none.
        if tick.assumed and self._untimed is None and not self._info.decoding_order:
            self._untimed = frame.number
        self._timed |= not tick.assumed
        if tick.jump:
            self._jumps.add(frame.number)
        if self._other_size is None and frame.size != (self._info.width, self._info.height):
            self._other_size = frame.number, frame.size

    @property
    def jumped(self) -> bool:
        """Whether the file's clock left its course, so that the file's length means nothing."""
        return bool(self._jumps)

    def warnings(self) -> list[str]:
        """What the user should look after: something is lost."""
        info, lines = self._info, []
        if self.lost:
            frames = "1 frame is" if len(self.lost) == 1 else f"{len(self.lost)} frames are"
            lines.append(
                f"{info.path}: damaged, {frames} left out ({_stretches(self.lost)}); all others are there. "
                "Copy or record it again for them."
            )
        if self.ends_after is not None:
            lines.append(
                f"{info.path}: damaged, it breaks off after frame {self.ends_after} of {info.frames}; what "
                "came before is kept. Copy or record it again for the rest."
            )
        return lines

    def notes(self) -> list[str]:
        """What the user may want to know: nothing is lost."""
        info, lines = self._info, []
        if self._untimed is not None:
            which = f"for frame {self._untimed}; such frames" if self._timed else "for any frame; they"
            cure = "" if self._timed else " --fps gives another rate."
            lines.append(
                f"{info.path}: the file has no time {which} are taken to follow at {info.fps:g} "
                f"frames/s.{cure}"
            )
        if self._jumps:
            lines.append(
                f"{info.path}: its clock jumps before frame {_stretches(self._jumps)}, as where recordings "
                f"are joined. The film goes on there at {info.fps:g} frames/s, after a cut."
            )
        if self._other_size is not None:
            number, (width, height) = self._other_size
            lines.append(
                f"{info.path}: from frame {number} on it has pictures of {width}x{height} pixels, not "
                f"{info.width}x{info.height}; they are shown as large as the first ones allow, with black "
                "beside them."
            )
        return lines


def _stretches(numbers: set[int]) -> str:
    """``3, 7 to 9``, from numbers."""
    stretches: list[list[int]] = []
    for number in sorted(numbers):
        if stretches and number == stretches[-1][1] + 1:
            stretches[-1][1] = number
        else:
            stretches.append([number, number])
    words = [str(first) if first == last else f"{first} to {last}" for first, last in stretches[:NAMED]]
    return ", ".join(words) + (" and more" if len(stretches) > NAMED else "")
