"""Decodes a video into small batches of upright frames with their times.

Two readers behind one function. decord is the fast one. It is read frame by frame with one thread, since
its ``get_batch`` keeps gigabytes and its automatic threads fail on VP9. MPEG transport streams, which
decord decodes wrongly without a word, go through PyAV, and so do long films and what decord gives up on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import decord
import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.video.probe import address, open_container, probe
from app.video.types import FrameBatch, VideoInfo

SHORTEST_FRAME_SECONDS = 1e-3
# A frame that comes later than that has a damaged time, which often leaps by days.
LONGEST_FRAME_SECONDS = 3600.0

# UnicodeEncodeError: file names in an encoding of another time, which decord cannot be given.
_DECORD_ERRORS = (
    StopIteration,
    IndexError,
    RuntimeError,
    UnicodeEncodeError,
    decord.DECORDError,
    decord.DECORDLimitReachedError,
)
# While it is idle, decord decodes all that is left of a film: 1.1 GB within a second, of 1,394 frames of
# 768x432. Films of more decoded bytes than this go through PyAV, which waits to be asked.
AHEAD_BYTES = 300_000_000
# decord shows a neighbour's picture instead of a lost frame without a word; so many are let pass.
LOST_FRAMES = 2
# Before damage ends a film, so many of its last frames may already be wrong.
HELD_FRAMES = 4
# What lies before is no time: the frames of MPEG program streams have few, and decord reads on as if.
EARLIEST_SECONDS = -1e9

# (number in the file, seconds from the first frame, RGB picture)
Frame = tuple[int, float, NDArray[np.uint8]]


class Video:
    """A video file that can be read through any number of times, a few frames in memory at once.

    Attributes:
        info: facts about the file.
    """

    def __init__(self, info: VideoInfo) -> None:
        self.info = info

    def batches(self, *, size: int, start: float = 0.0, end: float | None = None) -> Iterator[FrameBatch]:
        """Frames in order, at most ``size`` at a time.

        Args:
            size: frames a batch.
            start, end: seconds from the first frame; frames shown in start <= t < end come.

        Raises:
            PosefixError: no frame can be decoded. A file that breaks off later ends early; its last batch
                says so in its warnings.
        """
        pending: list[Frame] = []
        warnings: tuple[str, ...] = ()
        # Times are rounded on their way here; --start 0.95 means the frame at 0.94999999, too.
        near = SHORTEST_FRAME_SECONDS / 2
        for frame in self._frames(start - near, None if end is None else end - near):
            if isinstance(frame, str):
                warnings = (frame,)
                continue
            # Not before the next frame is there: what is wrong behind the last one shows only then.
            if len(pending) == size:
                yield _batch(pending)
                pending = []
            pending.append(frame)
        if pending:
            yield replace(_batch(pending), warnings=warnings)

    def _frames(self, start: float, end: float | None) -> Iterator[Frame | str]:
        """Frames, and a line at the end where the file breaks off."""
        number, seconds = -1, -np.inf
        try:
            for upcoming, time, picture in _read(self.info, start):
                if number >= 0 and time > seconds + LONGEST_FRAME_SECONDS:
                    raise _DecodingError("its times leap")
                number = upcoming
                # Some recorders write a time twice; everything after this relies on times that rise.
                seconds = max(time, seconds + SHORTEST_FRAME_SECONDS)
                if end is not None and seconds >= end:
                    return
                if seconds >= start:
                    yield number, seconds, picture
        except _DecodingError as error:
            if number < 0:
                raise PosefixError(f"{self.info.path}: {error}. Copy or record it again.") from error
            yield self._broken_off(number + 1)
            return
        if number >= 0 and _breaks_off(self.info, number + 1, seconds):
            yield self._broken_off(number + 1)

    def _broken_off(self, frames: int) -> str:
        return (
            f"{self.info.path}: damaged, it breaks off after frame {frames} of {self.info.frames}; what came "
            "before is kept. Copy or record it again for the rest."
        )


class _DecodingError(Exception):
    """The decoder gave up."""


def open_video(path: str | Path) -> Video:
    """Opens a video.

    Raises:
        PosefixError: the file is missing, empty, cut off or no video; one line names it and the cure.
    """
    return Video(probe(Path(path)))


def _batch(frames: list[Frame]) -> FrameBatch:
    numbers, seconds, pictures = zip(*frames, strict=True)
    return FrameBatch(np.array(numbers, np.int64), np.array(seconds, np.float64), np.stack(pictures))


def _breaks_off(info: VideoInfo, frames: int, seconds: float) -> bool:
    """Whether a video that ended without an error should have gone on after a frame at ``seconds``."""
    missing = info.duration_seconds - seconds - 1 / info.fps
    # Where nobody counted the frames, sound that is a little longer than the picture looks the same.
    fewer = info.frames_counted and frames < 0.95 * info.frames and missing > 2 / info.fps
    return fewer or missing > max(1.0, 0.05 * info.duration_seconds)


def _read(info: VideoInfo, start: float) -> Iterator[Frame]:
    """Frames from ``start`` on; some before it may come, too."""
    number = -1
    decoded = info.frames * info.width * info.height * 3
    if "mpegts" not in info.container and decoded <= AHEAD_BYTES:
        held: deque[Frame] = deque()
        try:
            for frame in _read_decord(info.path, start):
                held.append(frame)
                if len(held) > HELD_FRAMES:
                    number = held[0][0]
                    yield held.popleft()
            yield from held
            return
        except _DecodingError:
            # decord decodes ahead and reports damage to come, dropping good frames before it. FFmpeg
            # itself has them, and knows which of those held back are no good.
            pass
    yield from _read_pyav(info.path, after=number)


def _read_decord(path: Path, start: float) -> Iterator[Frame]:
    # FFmpeg would fill the screen with what it thinks of each damaged block.
    decord.logging.set_level(decord.logging.QUIET)
    try:
        reader = decord.VideoReader(str(address(path)), num_threads=1, fault_tol=LOST_FRAMES)
        times = np.array([reader.get_frame_timestamp(i)[0] for i in range(len(reader))], np.float64)
        if (times < EARLIEST_SECONDS).any():
            raise _DecodingError("decord does not know its times")
        # A trimmed MP4 keeps frames before its zero that nobody is to see. decord counts them, does not
        # give them, and loses count when it seeks.
        hidden = int(np.count_nonzero(times < 0))
        times = times[hidden:] - times[hidden : hidden + 1]
        first = 0 if hidden else int(np.searchsorted(times, start))
        if 0 < first < len(times):
            reader.seek_accurate(first)
        for number in range(first, len(times)):
            picture = reader.next().asnumpy()
            if picture.shape[2] != 3:
                # Of widths up to 48, decord takes the rows' padding for colours.
                raise _DecodingError("decord cannot decode it")
            yield number, float(times[number]), picture
    except _DECORD_ERRORS as error:
        raise _DecodingError("decord cannot decode it") from error


def _read_pyav(path: Path, *, after: int) -> Iterator[Frame]:
    """Frames behind number ``after``; damaged ones only where a good one follows, not as a film's last."""
    first: float | None = None
    held: list[Frame] = []
    with open_container(path) as container:
        # PyAV's own choice, threads that share a frame, loses what FFmpeg says of damage.
        container.streams.video[0].thread_type = "AUTO"
        try:
            for number, frame in enumerate(container.decode(video=0)):
                seconds = float(frame.time or 0.0)
                first = seconds if first is None else first
                if number <= after:
                    continue
                turns = round(frame.rotation / 90) % 4
                picture = np.rot90(frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False), turns)
                held.append((number, seconds - first, picture))
                if not frame.is_corrupt or len(held) > HELD_FRAMES:
                    yield from held
                    held = []
        except av.error.FFmpegError as error:
            raise _DecodingError("FFmpeg cannot decode it") from error
