"""Encodes frames to an MP4 that browsers and phones play: H.264, yuv420p, even sizes, the source's sound."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from app.video.audio import AudioTrack
from app.video.probe import address, open_container
from app.video.streams import sound_of
from app.video.types import LONGEST_GAP
from weights.files import written_whole

# 90 kHz, as in MPEG: every usual frame rate falls on whole ticks or very near one.
TICKS = 90_000
# FFmpeg's number of ITU-R BT.709: of the matrix, the primaries and the transfer function alike.
BT709 = 1
# Of the fraction that tells the pixels' aspect.
LARGEST_ASPECT_TERM = 1000


class VideoWriter:
    """Takes frames with their times; :func:`write_video` makes one.

    Args:
        output: what is written to.
        width, height, fps, pixel_aspect: see :func:`write_video`.
        last_seconds: how long the last frame is shown.
    """

    def __init__(
        self,
        output: OutputContainer,
        *,
        width: int,
        height: int,
        fps: float,
        last_seconds: float,
        pixel_aspect: float = 1.0,
    ) -> None:
        self._output = output
        self._pad = ((0, height % 2), (0, width % 2), (0, 0))
        # The rate is a hint for rate control; the frames' own times are what is written.
        rate = Fraction(fps).limit_denominator(1001)
        # FFmpeg adds up the duration of an MP4 in decoding order, which B-frames in uneven times falsify.
        options = {"preset": "veryfast", "crf": "20", "bf": "0"}
        self._stream = output.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, TICKS)
        if pixel_aspect != 1:
            aspect = Fraction(pixel_aspect).limit_denominator(LARGEST_ASPECT_TERM)
            self._stream.codec_context.sample_aspect_ratio = aspect
        # Without a word of what its colours are, players take them for one kind in large pictures and for
        # another in small ones.
        for name in ("colorspace", "color_primaries", "color_trc"):
            setattr(self._stream.codec_context, name, BT709)
        self._stream.codec_context.color_range = ColorRange.MPEG
        self._stream.codec_context.flags |= Flags.frame_duration
        self._pending: tuple[int, av.VideoFrame] | None = None
        self._last_seconds = last_seconds
        self._audio: AudioTrack | None = None

    def add_audio(self, source: InputContainer, sound: AudioStream, *, start: float, gap: float) -> None:
        """Sends a stream of sound along; before the first frame.

        Args:
            source: the file that it comes from.
            sound: the stream in it.
            start: seconds on its clock that are zero on the new one.
            gap: see ``sound_gap`` of :func:`write_video`.
        """
        self._audio = AudioTrack(source, sound, self._output, start=start, longest_gap=gap)

    def write(self, picture: NDArray[np.uint8], *, pts_seconds: float) -> None:
        """Adds a frame: uint8, (H, W, 3), RGB, shown at ``pts_seconds``; times only go up."""
        if self._pad[0][1] or self._pad[1][1]:
            picture = np.pad(picture, self._pad, mode="edge")
        rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = rgb.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, threads=1)
        frame.time_base = Fraction(1, TICKS)
        ticks = round(pts_seconds * TICKS)
        if self._pending is not None:
            ticks = max(ticks, self._pending[0] + 1)
            self._encode(*self._pending, until=ticks)
        self._pending = ticks, frame

    def close(self) -> None:
        """Writes what is left of picture and sound, up to the end of the last frame."""
        if self._pending is None:
            return
        end = self._pending[0] + max(1, round(self._last_seconds * TICKS))
        self._encode(*self._pending, until=end)
        self._output.mux(self._stream.encode(None))
        if self._audio is not None:
            self._audio.write_until(end / TICKS)
            self._audio.finish()

    def _encode(self, ticks: int, frame: av.VideoFrame, *, until: int) -> None:
        frame.pts, frame.duration = ticks, until - ticks
        # Sound goes in as its picture does, so that players need not seek to and fro.
        if self._audio is not None:
            self._audio.write_until(ticks / TICKS)
        self._output.mux(self._stream.encode(frame))


@contextlib.contextmanager
def write_video(
    path: Path,
    *,
    width: int,
    height: int,
    fps: float,
    pixel_aspect: float = 1.0,
    last_seconds: float | None = None,
    sound_from: Path | None = None,
    sound_start: float = 0.0,
    sound_gap: float = LONGEST_GAP,
) -> Iterator[VideoWriter]:
    """A video that appears at ``path`` when the block ends without an error.

    Args:
        path: an ``.mp4``.
        width, height: of the frames to come; an odd size gets one more column or row, a copy of the last.
        fps: average frame rate.
        pixel_aspect: width of a pixel as it is to be shown, in heights.
        last_seconds: how long the last frame is shown; None: the average.
        sound_from: a file whose sound goes along, if it has any.
        sound_start: seconds on that file's clock that are zero in the new one.
        sound_gap: seconds of silence in it after which its clock has been left; see
            :attr:`app.video.types.VideoInfo.longest_gap`.

    Raises:
        PosefixError: the folder or the disk does not take the file.
    """
    with contextlib.ExitStack() as stack:
        partial = stack.enter_context(written_whole(path))
        output = stack.enter_context(
            av.open(str(address(partial)), "w", format="mp4", options={"movflags": "+faststart"})
        )
        writer = VideoWriter(
            output,
            width=width,
            height=height,
            fps=fps,
            pixel_aspect=pixel_aspect,
            last_seconds=last_seconds or 1 / fps,
        )
        if sound_from is not None:
            source = stack.enter_context(open_container(sound_from))
            sound = sound_of(source)
            if sound is not None:
                writer.add_audio(source, sound, start=sound_start, gap=sound_gap)
        yield writer
        writer.close()
