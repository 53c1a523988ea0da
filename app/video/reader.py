"""Decodes a video into small batches of upright frames with their times.

Two readers behind one function. decord is the fast one. It is read frame by frame with one thread, since
its ``get_batch`` keeps gigabytes and its automatic threads fail on VP9. MPEG transport streams, which
decord decodes wrongly without a word, go through PyAV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import decord
import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.video.probe import open_container, probe
from app.video.types import FrameBatch, VideoInfo

SHORTEST_FRAME_SECONDS = 1e-3

# (number in the file, seconds from the first frame, RGB picture)
Frame = tuple[int, float, NDArray[np.uint8]]


class Video:
    """A video file that can be read through any number of times, a few frames in memory at once.

    Attributes:
        info: facts about the file.
        warnings: what was wrong with the file on the way, one line each; it grows while frames are read.
    """

    def __init__(self, info: VideoInfo) -> None:
        self.info = info
        self.warnings: list[str] = []

    def batches(self, *, size: int, start: float = 0.0, end: float | None = None) -> Iterator[FrameBatch]:
        """Frames in order, at most ``size`` at a time.

        Args:
            size: frames a batch.
            start, end: seconds from the first frame; frames shown in start <= t < end come.

        Raises:
            PosefixError: no frame can be decoded. A file that breaks off later ends early, with a line in
                :attr:`warnings`.
        """
        pending: list[Frame] = []
        for frame in self._frames(start, end):
            pending.append(frame)
            if len(pending) == size:
                yield _batch(pending)
                pending = []
        if pending:
            yield _batch(pending)

    def _frames(self, start: float, end: float | None) -> Iterator[Frame]:
        if "mpegts" in self.info.container:
            frames = _read_pyav(self.info.path, self._warn)
        else:
            frames = _read_decord(self.info.path, start, self._warn)
        seconds = -np.inf
        for number, time, picture in frames:
            # Some recorders write a time twice; everything after this relies on times that rise.
            seconds = max(time, seconds + SHORTEST_FRAME_SECONDS)
            if end is not None and seconds >= end:
                return
            if seconds >= start:
                yield number, seconds, picture

    def _warn(self, text: str) -> None:
        line = f"{self.info.path}: {text}"
        if line not in self.warnings:
            self.warnings.append(line)


def open_video(path: str | Path) -> Video:
    """Opens a video.

    Raises:
        PosefixError: the file is missing, empty, cut off or no video; one line names it and the cure.
    """
    return Video(probe(Path(path)))


def _batch(frames: list[Frame]) -> FrameBatch:
    numbers, seconds, pictures = zip(*frames, strict=True)
    return FrameBatch(np.array(numbers, np.int64), np.array(seconds, np.float64), np.stack(pictures))


def _read_decord(path: Path, start: float, warn: Callable[[str], None]) -> Iterator[Frame]:
    try:
        reader = decord.VideoReader(str(path), num_threads=1)
        times = np.array([reader.get_frame_timestamp(i)[0] for i in range(len(reader))], np.float64)
    except (RuntimeError, decord.DECORDError) as error:
        raise PosefixError(f"{path}: decord cannot decode it. Convert it to MP4 (H.264) first.") from error
    if len(times) == 0:
        raise PosefixError(f"{path}: it holds no frames. Copy or record it again.")
    first = int(np.searchsorted(times, start))
    if 0 < first < len(times):
        reader.seek_accurate(first)
    for number in range(first, len(times)):
        try:
            picture = reader.next().asnumpy()
        except (StopIteration, IndexError, RuntimeError, decord.DECORDError) as error:
            if number == 0:
                raise PosefixError(f"{path}: its first frame cannot be decoded. Copy it again.") from error
            warn(
                f"damaged: decoding stopped at frame {number} of {len(times)}; the frames before it are kept."
            )
            return
        yield number, times[number] - times[0], picture


def _read_pyav(path: Path, warn: Callable[[str], None]) -> Iterator[Frame]:
    first: float | None = None
    with open_container(path) as container:
        number = 0
        try:
            for frame in container.decode(video=0):
                seconds = float(frame.time or 0.0)
                first = seconds if first is None else first
                turns = round(frame.rotation / 90) % 4
                picture = np.rot90(frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False), turns)
                yield number, seconds - first, picture
                number += 1
        except av.error.FFmpegError:
            warn(f"damaged: decoding stopped after frame {number}; the frames before it are kept.")
