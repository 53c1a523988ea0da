"""Frames by decord. It is quick, and wrong about many kinds of files without a word: see :func:`serves`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice

import av
import numpy as np
from numpy.typing import NDArray

from app.video.backend import Backend, DecodedFrame, DecodingError
from app.video.geometry import Orientation
from app.video.probe import address, open_film
from app.video.streams import and_then, packets_of
from app.video.types import VideoInfo

# decord looks for FFmpeg's libraries along it, and fails to be imported where it is not set.
os.environ.setdefault("PATH", os.defpath)
import decord

# UnicodeEncodeError: file names in an encoding of another time, which decord cannot be given.
_ERRORS = (
    StopIteration,
    IndexError,
    RuntimeError,
    UnicodeEncodeError,
    decord.DECORDError,
    decord.DECORDLimitReachedError,
)
# While it is idle, decord decodes all that is left of a film: 1.1 GB within a second, of 1,394 frames of
# 768x432.
AHEAD_BYTES = 300_000_000
# decord shows a neighbour's picture instead of a lost frame without a word; so many are let pass.
LOST_FRAMES = 2
CODECS = ("h264", "hevc")
# Its first pictures are held against PyAV's: so many, so near in the mean over all values, 0..255.
COMPARED, NEAR = 3, 1.0


class DecordBackend:
    """See :class:`app.video.backend.Backend`.

    Args:
        info: of the file.
        turn: degrees clockwise by which the user turns the picture beyond what the file asks for.
    """

    name = "decord"

    def __init__(self, info: VideoInfo, *, turn: int = 0) -> None:
        self._info = info
        self._turn = Orientation.clockwise(turn)

    def frames(self) -> Iterator[DecodedFrame]:
        """See the protocol."""
        # FFmpeg would fill the screen with what it thinks of each damaged block.
        decord.logging.set_level(decord.logging.QUIET)
        try:
            # One thread: its automatic threads fail on VP9.
            reader = decord.VideoReader(str(address(self._info.path)), num_threads=1, fault_tol=LOST_FRAMES)
            times = [float(reader.get_frame_timestamp(i)[0]) for i in range(len(reader))]
            # A trimmed MP4 keeps frames before its zero that nobody is to see. decord counts them, but does
            # not give them.
            for number, time in enumerate(time for time in times if time >= 0):
                # Frame by frame: its get_batch keeps gigabytes.
                picture = reader.next().asnumpy()
                if picture.shape[2] != 3:
                    # Of widths up to 48, decord takes the rows' padding for colours.
                    raise DecodingError("decord cannot decode it")
                picture = self._turn.apply(picture)
                yield DecodedFrame(number, time, picture.shape[1::-1], partial(_itself, picture))
        except _ERRORS as error:
            raise DecodingError("decord cannot decode it") from error


def _itself(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return picture


def serves(info: VideoInfo, measure: Backend) -> bool:
    """Whether decord gives this file's frames: a short MP4 with a whole index and pictures of one size.

    Without an index it seeks to a wrong place (MPEG program streams: other pictures than the film's);
    mirrored film, palettes and film for screens of a high dynamic range come out wrong; another size in
    mid-stream is squashed.

    Args:
        info: of the file.
        measure: what its first pictures must agree with.
    """
    decoded = info.frames * info.width * info.height * 3
    if (
        "mp4" not in info.container.split(",")
        or info.video_codec not in CODECS
        or decoded > AHEAD_BYTES
        or info.mirrored
        or info.high_range
        or info.decoding_order
    ):
        return False
    return _indexed_and_of_one_size(info) and _agrees(info, measure)


def _indexed_and_of_one_size(info: VideoInfo) -> bool:
    with open_film(info.path, info.stream) as (container, film):
        if len(container.streams.video) > 1 or not 0 < film.frames == len(film.index_entries):
            return False
        film.codec_context.skip_frame = "NONKEY"
        try:
            packets = and_then(packets_of(container, film), None)
            frames = (frame for packet in packets for frame in film.decode(packet))
            return len({(frame.width, frame.height, frame.rotation) for frame in frames}) == 1
        except av.error.FFmpegError:
            return False


def _agrees(info: VideoInfo, measure: Backend) -> bool:
    """Whether the first pictures and times are the measure's."""
    begun = None
    try:
        ours = list(islice(DecordBackend(info).frames(), COMPARED))
        for one, other in zip(ours, islice(measure.frames(), len(ours)), strict=True):
            if one.stamp is None or other.stamp is None:
                return False
            begun = other.stamp - one.stamp if begun is None else begun
            if abs(other.stamp - one.stamp - begun) > info.smallest_step:
                return False
            mine, right = one.picture(), other.picture()
            if mine.shape != right.shape or np.abs(mine.astype(np.int16) - right).mean() > NEAR:
                return False
    except (DecodingError, ValueError):
        return False
    return bool(ours)
