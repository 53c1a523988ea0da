"""Frames by FFmpeg itself, through PyAV: every kind of file, and the measure for every other reader."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from functools import partial

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from app.video.backend import DecodedFrame, DecodingError
from app.video.colour import RgbConverter
from app.video.geometry import Orientation, letterbox
from app.video.probe import open_film, orientation_of, pixel_aspect_of
from app.video.streams import and_then, packets_of, stamp_of
from app.video.types import VideoInfo

# Frames' lengths from one frame to the next, where a packet between them gave none: more, and it is lost.
GAP_FRAMES = 1.5


class PyAVBackend:
    """See :class:`app.video.backend.Backend`.

    Goes on behind damage with the next frame that FFmpeg takes for good; those between are lost. Pictures of
    another size than the first are letterboxed.

    Args:
        info: of the file.
        turn: degrees clockwise by which the user turns the picture beyond what the file asks for.
        threads: of the decoder; 0: as many as there are processors.
    """

    name = "pyav"

    def __init__(self, info: VideoInfo, *, turn: int = 0, threads: int = 0) -> None:
        self._info = info
        self._turn = Orientation.clockwise(turn)
        self._threads = threads

    def frames(self) -> Iterator[DecodedFrame]:
        """See the protocol."""
        given = -1
        try:
            for frame in self._decoded("AUTO", behind=-1):
                given = frame.number
                yield frame
        except _DamageError:
            # Several threads drop good frames beside bad ones. One tells them apart.
            yield from self._decoded("NONE", behind=given)

    def _decoded(self, threads: str, *, behind: int) -> Iterator[DecodedFrame]:
        convert = RgbConverter()
        with open_film(self._info.path, self._info.stream) as (container, film):
            # PyAV's own choice, threads that share a frame, loses what FFmpeg says of damage.
            film.thread_type = threads
            film.codec_context.thread_count = self._threads if threads == "AUTO" else 1
            tracker = _LossTracker(self._info, film, strict=threads == "AUTO")
            aspect = pixel_aspect_of(film)
            for frame in _frames_of(container, film, tracker):
                number = tracker.number_of(frame)
                if number is None or number <= behind:
                    continue
                stamp = stamp_of(frame, film, decoding_order=self._info.decoding_order)
                orientation = orientation_of(frame).then(self._turn)
                size = orientation.size(frame.width, frame.height)
                picture = partial(self._picture, frame, orientation, convert, aspect)
                yield DecodedFrame(number, stamp, size, picture)

    def _picture(
        self, frame: VideoFrame, orientation: Orientation, convert: RgbConverter, aspect: float
    ) -> NDArray[np.uint8]:
        picture = orientation.apply(convert(frame))
        wanted = (self._info.width, self._info.height)
        if picture.shape[1::-1] == wanted:
            return picture
        stretch = (1 / aspect if orientation.sideways else aspect) / self._info.pixel_aspect
        return letterbox(picture, wanted, stretch=stretch)


class _DamageError(Exception):
    """Something is wrong with the file; it must be looked at more closely."""


class _LossTracker:
    """Numbers the frames, and counts those that packets announce and the decoder does not give.

    Args:
        info: of the file.
        film: the stream in it.
        strict: raise on the first sign of damage.
    """

    def __init__(self, info: VideoInfo, film: VideoStream, *, strict: bool) -> None:
        self._decoding_order = info.decoding_order
        self._streamed = info.streamed
        self._ticks_a_frame = 1 / (info.fps * float(film.time_base or 1))
        self._strict = strict
        # Times of packets whose frames have not come yet, and whether others are decoded from those frames.
        self._announced: list[tuple[int, bool]] = []
        self._number = -1
        self._last: int | None = None
        self._failed = False
        self._key_lost = False

    def announce(self, packet: Packet) -> None:
        """A packet that is about to be decoded."""
        ticks = packet.dts if self._decoding_order else packet.pts
        if ticks is not None and not packet.is_discard:
            heapq.heappush(self._announced, (ticks, packet.is_keyframe))

    def fail(self) -> None:
        """The decoder could not make anything of a packet."""
        self._failed = True
        # Streams cut out of a longer one begin with what cannot be decoded: no damage.
        if self._strict and not (self._streamed and self._number < 0):
            raise _DamageError

    def breaks_off(self) -> bool:
        """Whether the last frames of a film that is at its end are lost."""
        if self._strict and self._announced and not self._streamed:
            # Several threads do not tell whether the last packets could be decoded.
            raise _DamageError
        return self._failed and bool(self._announced) and not self._streamed

    def number_of(self, frame: VideoFrame) -> int | None:
        """The frame's number in the file; None for one that is no good.

        That is what the decoder itself takes for damaged, and what it makes up behind a lost key frame.
        """
        lost = self._lost_before(frame)
        if self._number < 0 and (self._streamed or not self._failed):
            self._number = 0
            return 0
        self._number += 1 + lost
        if frame.is_corrupt:
            self._key_lost |= frame.key_frame
        elif frame.key_frame:
            self._key_lost = False
        if (lost or frame.is_corrupt or self._key_lost) and self._strict:
            raise _DamageError
        self._failed = False
        return None if frame.is_corrupt or self._key_lost else self._number

    def _lost_before(self, frame: VideoFrame) -> int:
        ticks = frame.dts if self._decoding_order else frame.pts
        if ticks is None:
            return 0
        lost = []
        while self._announced and self._announced[0][0] <= ticks:
            announced, key = heapq.heappop(self._announced)
            if announced < ticks:
                lost.append(key)
        last, self._last = self._last, ticks
        gap = last is not None and ticks - last > GAP_FRAMES * self._ticks_a_frame
        if not (gap or self._failed):
            # Some packets hold what is never shown.
            return 0
        self._key_lost |= any(lost)
        return len(lost)


def _frames_of(container: InputContainer, film: VideoStream, tracker: _LossTracker) -> Iterator[VideoFrame]:
    """All frames that the decoder gives, whatever lies between them."""
    given = False
    for packet in and_then(packets_of(container, film), None):
        if packet is not None:
            tracker.announce(packet)
        try:
            frames = film.decode(packet)
        except av.error.EOFError:
            break
        except av.error.FFmpegError:
            tracker.fail()
            continue
        for frame in frames:
            given = True
            yield frame
    if not given or tracker.breaks_off():
        raise DecodingError("FFmpeg cannot decode it")
