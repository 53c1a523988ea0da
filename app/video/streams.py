"""Which of a file's streams is the film, and what its first packets and frames say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeVar

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

# A cover, a thumbnail: pictures that go with a film or a song.
NO_FILM = Disposition.attached_pic | Disposition.timed_thumbnails
# Formats that are made to be joined and cut anywhere: their clocks start anew where they were, and their
# first frames may lack those that they are decoded from.
STREAMED = frozenset(("mpegts", "mpeg", "h264", "hevc", "m4v", "mpegvideo"))
# Looked at before anything is decoded in earnest.
FIRST_PACKETS = 64
FIRST_FRAMES = 8
# Within so many packets of all streams a film shows its second frame.
SEARCHED_PACKETS = 1000
# Frames per second that a camera's file may claim.
LOWEST_RATE, HIGHEST_RATE = 1 / 3600, 10_000
# So much faster than its first frames follow each other, a rate is the clock of the container.
TOO_FAST = 2.0
USUAL_RATE = 25.0
# Of what names no times, nobody believes more.
FASTEST_GUESS = 1000.0

T = TypeVar("T")
U = TypeVar("U")


def film_of(container: InputContainer) -> VideoStream | None:
    """The stream to be worked on: of those that are no cover and have more than a frame, FFmpeg's choice.

    Reads packets of the container; open it again to read it from the start.
    """
    films = [
        stream
        for stream in container.streams.video
        if not stream.disposition & NO_FILM and stream.codec_context is not None
    ]
    if len(films) > 1:
        films = _moving(container, films) or films
    best = container.streams.best("video")
    return next((film for film in films if best is not None and film.index == best.index), None) or next(
        iter(films), None
    )


def _moving(container: InputContainer, films: list[VideoStream]) -> list[VideoStream]:
    """Those that show a second frame."""
    counts: Counter[int] = Counter()
    for packet in islice(packets_of(container, *films), SEARCHED_PACKETS):
        counts[packet.stream_index] += 1
        if counts[packet.stream_index] > 1:
            break
    return [film for film in films if counts[film.index] > 1]


def packets_of(container: InputContainer, *streams: VideoStream) -> Iterator[Packet]:
    """All packets with something in them, up to where the file cannot be read any more."""
    try:
        for packet in container.demux(*streams):
            if packet.size:
                yield packet
    except av.error.FFmpegError:
        return


def sound_of(container: InputContainer) -> AudioStream | None:
    """The first sound that FFmpeg can decode."""
    # No decoder, no rate: damaged files announce sound and hold none.
    known = (stream for stream in container.streams.audio if stream.codec_context is not None)
    return next((stream for stream in known if stream.codec_context.sample_rate), None)


@dataclass(frozen=True)
class Beginning:
    """What a film's first packets and frames say.

    Attributes:
        frame: the first that can be decoded.
        start_seconds: when it is shown, by the file's clock; None where the file has no times.
        fps: average frames per second.
        decoding_order: the file's times are those of decoding, not of showing.
    """

    frame: VideoFrame
    start_seconds: float | None
    fps: float
    decoding_order: bool


def beginning_of(container: InputContainer, film: VideoStream) -> Beginning | None:
    """Looks at the start of a film; None where nothing can be decoded."""
    packets: list[Packet] = []
    frames: list[VideoFrame] = []
    formats = container.format.name.split(",")
    failed = False
    for packet in and_then(packets_of(container, film), None):
        if packet is not None and len(packets) < FIRST_PACKETS:
            packets.append(packet)
        if len(frames) < FIRST_FRAMES or all(frame.pts is None for frame in frames):
            try:
                frames += film.decode(packet)
            except av.error.FFmpegError:
                failed = failed or not frames
        if frames and len(packets) == FIRST_PACKETS:
            break
    if not frames:
        return None
    # AVI counts what is decoded. FFmpeg guesses from it when frames are shown, wrongly where they are
    # reordered.
    decoding_order = "avi" in formats or _reordered(frames)
    fps = _rate(film, frames[0], packets)
    if decoding_order:
        start = next((float(p.dts * p.time_base) for p in packets if p.dts is not None), None)
    elif failed and STREAMED.isdisjoint(formats):
        # Its first frames are lost, and it begins with them all the same.
        shown = [float(p.pts * p.time_base) for p in packets if p.pts is not None and not p.is_discard]
        start = min(shown, default=None)
    else:
        stamps = [stamp_of(frame, film, decoding_order=False) for frame in frames]
        start = next((stamp - row / fps for row, stamp in enumerate(stamps) if stamp is not None), None)
    return Beginning(frames[0], start, fps, decoding_order)


def stamp_of(frame: VideoFrame, film: VideoStream, *, decoding_order: bool) -> float | None:
    """Seconds by the file's clock; None where it has no time for this frame."""
    # The last frames out of the decoder do not know their own time base.
    ticks, base = frame.dts if decoding_order else frame.pts, film.time_base
    return None if ticks is None or base is None else float(ticks * base)


def _reordered(frames: Iterable[VideoFrame]) -> bool:
    """Whether frames are shown in the order of their times of decoding and not of those of showing."""

    def falls(values: Iterable[int | None]) -> bool:
        known = [value for value in values if value is not None]
        return any(after <= before for before, after in pairwise(known))

    frames = list(frames)
    return falls(frame.pts for frame in frames) and not falls(frame.dts for frame in frames)


def _rate(film: VideoStream, frame: VideoFrame, packets: list[Packet]) -> float:
    named = [float(rate) for rate in (film.average_rate, film.guessed_rate) if rate]
    times = np.unique([float(p.pts * p.time_base) for p in packets if p.pts is not None and p.time_base])
    if film.frames and film.duration and film.average_rate:
        # Counted, not guessed.
        rates = named[:1]
    elif len(times) > 1:
        # Where Matroska and FLV name no rate, the average is but the clock of the container or the codec.
        shown = 1 / float(np.median(np.diff(times)))
        rates = [*(rate for rate in named if rate <= TOO_FAST * shown), shown]
    else:
        # The frame's own length is what the codec says; a single frame's rate is no more than a clock.
        length = float(frame.duration * film.time_base) if frame.duration and film.time_base else 0.0
        rates = [rate for rate in ([1 / length] if length else []) + named if rate < FASTEST_GUESS]
    return next((rate for rate in rates if LOWEST_RATE <= rate <= HIGHEST_RATE), USUAL_RATE)


def and_then(items: Iterable[T], last: U) -> Iterator[T | U]:
    """The items, and one more."""
    yield from items
    yield last
