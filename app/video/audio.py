"""The sound of a source file on its way into the result: copied where MP4 takes it, else as AAC."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

# Sound that MP4 holds and phones play; anything else becomes AAC.
COPIED = ("aac", "mp3")
# Hertz; MP4 has no name for slower MP3, as in old web videos.
SLOWEST_MP3 = 16_000
# Seconds by which a piece of sound may begin before the last one ends.
LONGEST_OVERLAP = 0.2


class _SoundClock:
    """Makes one clock of those of recordings that were joined, as :mod:`app.video.clock` does for frames.

    Args:
        second: ticks of a second.
        longest_gap: seconds of silence after which a sound has left the file's clock.
    """

    def __init__(self, second: float, *, longest_gap: float) -> None:
        self._back, self._ahead = LONGEST_OVERLAP * second, longest_gap * second
        self._shift = 0
        self._expected: int | None = None

    def shift_of(self, pts: int, length: int) -> int:
        """Ticks by which the next piece of sound is to be moved."""
        if self._expected is not None:
            jump = pts + self._shift - self._expected
            if not -self._back <= jump <= self._ahead:
                self._shift -= jump
        self._expected = pts + self._shift + length
        return self._shift


class AudioTrack:
    """Adds the sound of a file to ``output``, bit by bit as the picture is written.

    Args:
        source: the file, read by nobody else.
        stream: the sound in it.
        output: the file being written; no packet has gone into it yet.
        start: seconds on the source's clock that become zero in the output.
        longest_gap: seconds of silence after which a sound has left the source's clock.
    """

    def __init__(
        self,
        source: InputContainer,
        stream: AudioStream,
        output: OutputContainer,
        *,
        start: float,
        longest_gap: float,
    ) -> None:
        self._output = output
        self._encoder: AudioStream | None = None
        if _fits_mp4(stream):
            copy = output.add_stream_from_template(stream)
            self._packets = _copied(source, stream, copy, start, longest_gap)
        else:
            # Some files do not say how their channels are laid out; more than two are mixed down.
            layout = "mono" if stream.codec_context.channels == 1 else "stereo"
            self._encoder = output.add_stream("aac", rate=_aac_rate(stream), layout=layout)
            self._packets = _encoded(source, stream, self._encoder, start, longest_gap)
        self._waiting: Packet | None = None

    def write_until(self, seconds: float) -> None:
        """Writes the sound that is heard before ``seconds`` of the output."""
        while (packet := self._waiting or next(self._packets, None)) is not None:
            self._waiting = None
            if packet.pts is not None and float(packet.pts * packet.time_base) >= seconds:
                self._waiting = packet
                return
            # What is damaged, or leaps back in time, is left out: the picture is worth more.
            with contextlib.suppress(av.error.InvalidDataError, av.error.ArgumentError):
                self._output.mux(packet)

    def finish(self) -> None:
        """Writes what the encoder still holds."""
        if self._encoder is not None:
            self._output.mux(self._encoder.encode(None))


def _aac_rate(stream: AudioStream) -> int:
    known = av.Codec("aac", "w").audio_rates or []
    rate = stream.codec_context.sample_rate
    return rate if rate in known else 48_000


def _fits_mp4(stream: AudioStream) -> bool:
    codec = stream.codec_context.codec.canonical_name
    return codec in COPIED and (codec != "mp3" or stream.codec_context.sample_rate >= SLOWEST_MP3)


def _copied(
    source: InputContainer, stream: AudioStream, copy: AudioStream, start: float, longest_gap: float
) -> Iterator[Packet]:
    clock = _SoundClock(float(1 / (stream.time_base or 1)), longest_gap=longest_gap)
    # A broken end of the sound must not cost the picture.
    with contextlib.suppress(av.error.FFmpegError):
        for packet in source.demux(stream):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            shift = round(start / packet.time_base) - clock.shift_of(packet.pts, packet.duration or 0)
            # Decoders build a packet's sound on the one before it. Its own falls before zero and is cut.
            if packet.pts + 2 * (packet.duration or 0) > shift:
                packet.pts -= shift
                packet.dts -= shift
                packet.stream = copy
                yield packet


def _encoded(
    source: InputContainer, stream: AudioStream, encoder: AudioStream, start: float, longest_gap: float
) -> Iterator[Packet]:
    clock = _SoundClock(float(1 / (stream.time_base or 1)), longest_gap=longest_gap)
    with contextlib.suppress(av.error.FFmpegError):
        for frame in source.decode(stream):
            if frame.pts is None or frame.time_base is None:
                continue
            length = round(frame.samples / (frame.sample_rate * frame.time_base))
            frame.pts += clock.shift_of(frame.pts, length) - round(start / frame.time_base)
            if frame.pts >= 0:
                yield from encoder.encode(frame)
