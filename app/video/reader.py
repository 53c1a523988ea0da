"""Reads a video in small batches of upright frames with their times, whatever lies in the file.

Who decodes it is chosen once, when it is opened: see :mod:`app.video.backend`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.video import decord_backend
from app.video.backend import Backend, DecodedFrame, DecodingError
from app.video.clock import FrameClock, Tick
from app.video.findings import Findings
from app.video.pictures import PictureBackend, find_pictures, is_picture, picture_facts
from app.video.probe import probe
from app.video.pyav_backend import PyAVBackend
from app.video.streams import HIGHEST_RATE, LOWEST_RATE
from app.video.types import FrameBatch, VideoInfo

TURNS = (0, 90, 180, 270)
# Before damage ends a film, so many of the last frames that decord gives may already be wrong.
HELD_FRAMES = 4


class Video:
    """A video file that can be read through any number of times, a few frames in memory at once.

    Attributes:
        info: facts about the file.
        backend: what decodes it.
    """

    def __init__(self, info: VideoInfo, backends: list[Backend]) -> None:
        self.info = info
        self.backend = backends[0].name
        self._backends = backends

    def batches(self, *, size: int, start: float = 0.0, end: float | None = None) -> Iterator[FrameBatch]:
        """Frames in order, at most ``size`` at a time.

        Args:
            size: frames a batch.
            start, end: seconds from the first frame; frames shown in start <= t < end come.

        Raises:
            PosefixError: no frame can be decoded. What cannot be decoded later on is left out; the last
                batch says so in its warnings.
        """
        pending: list[_Read] = []
        findings = Findings(self.info)
        # Times are rounded on their way here; --start 0.95 means the frame at 0.94999999, too.
        near = self.info.smallest_step / 2
        for frame in self._read(start - near, None if end is None else end - near, findings):
            # Not before the next frame is there: what is wrong behind the last one shows only then.
            if len(pending) == size:
                yield _batch(pending)
                pending = []
            pending.append(frame)
        if pending:
            yield replace(_batch(pending), warnings=tuple(findings.warnings()), notes=tuple(findings.notes()))

    def _read(self, start: float, end: float | None, findings: Findings) -> Iterator[_Read]:
        info = self.info
        clock = FrameClock(1 / info.fps, smallest_step=info.smallest_step, longest_gap=info.longest_gap)
        number, tick = -1, Tick(0.0)
        try:
            for frame in self._decoded():
                lost = range(number + 1, frame.number)
                number, tick = frame.number, clock.place(frame.stamp, lost=len(lost))
                if end is not None and tick.seconds >= end:
                    return
                if tick.seconds >= start:
                    findings.lost.update(lost)
                    findings.look_at(frame, tick)
                    yield frame.number, tick, frame.picture()
        except DecodingError as error:
            if number < 0:
                raise PosefixError(f"{info.path}: {error}. Copy or record it again.") from error
            findings.ends_after = number + 1
            return
        if number >= 0 and not findings.jumped and _breaks_off(info, number + 1, tick.seconds):
            findings.ends_after = number + 1

    def _decoded(self) -> Iterator[DecodedFrame]:
        """Frames of the first backend, and where it gives up those of the next."""
        number = -1
        *quick, last = self._backends
        for backend in quick:
            held: deque[DecodedFrame] = deque()
            try:
                for frame in backend.frames():
                    held.append(frame)
                    if len(held) > HELD_FRAMES:
                        number = held[0].number
                        yield held.popleft()
                yield from held
                return
            except DecodingError:
                # decord decodes ahead and reports damage to come, dropping good frames before it. FFmpeg
                # itself has them, and knows which of those held back are no good.
                continue
        yield from (frame for frame in last.frames() if frame.number > number)


# (number in the file, place in time, RGB picture)
_Read = tuple[int, Tick, NDArray[np.uint8]]


def open_video(path: str | Path, *, rotate: int = 0, fps: float | None = None) -> Video:
    """Opens a video, or a sequence of pictures.

    Args:
        path: a video, a picture, or a pattern of pictures such as ``frame_%05d.png``.
        rotate: degrees clockwise, 0, 90, 180 or 270, by which all pictures are turned beyond what the file
            asks players for.
        fps: pictures a second of a sequence, and frames a second of a stream that carries no times.

    Raises:
        PosefixError: the file is missing, empty, cut off or no video; one line names it and the cure.
        ValueError: there is no such turn, or no such rate.
    """
    if rotate not in TURNS:
        raise ValueError(f"Invalid rotate ({rotate}). Supported values are {', '.join(map(str, TURNS))}.")
    if fps is not None and not LOWEST_RATE <= fps <= HIGHEST_RATE:
        raise ValueError(
            f"Invalid fps ({fps:g}). Supported values are {LOWEST_RATE:.2g} to {HIGHEST_RATE:g}."
        )
    path = Path(path)
    if is_picture(path):
        sequence = find_pictures(path, fps=fps)
        return Video(picture_facts(sequence, turn=rotate), [PictureBackend(sequence, turn=rotate)])
    info = probe(path, turn=rotate, fps=fps)
    pyav = PyAVBackend(info, turn=rotate)
    # What serves is found out before the user's own turn, which both make alike.
    if decord_backend.serves(info, pyav):
        return Video(info, [decord_backend.DecordBackend(info, turn=rotate), pyav])
    return Video(info, [pyav])


def _batch(frames: list[_Read]) -> FrameBatch:
    numbers, ticks, pictures = zip(*frames, strict=True)
    return FrameBatch(
        np.array(numbers, np.int64),
        np.array([tick.seconds for tick in ticks], np.float64),
        np.stack(pictures),
        breaks=tuple(row for row, tick in enumerate(ticks) if tick.jump),
    )


def _breaks_off(info: VideoInfo, frames: int, seconds: float) -> bool:
    """Whether a video that ended without an error should have gone on after a frame at ``seconds``."""
    missing = info.duration_seconds - seconds - 1 / info.fps
    # Where nobody counted the frames, sound that is a little longer than the picture looks the same.
    fewer = info.frames_counted and frames < 0.95 * info.frames and missing > 2 / info.fps
    return fewer or missing > max(1.0, 0.05 * info.duration_seconds)
