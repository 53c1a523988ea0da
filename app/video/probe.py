"""Looks at a file before it is decoded and says in one line what is wrong with it.

decord reports everything it cannot read by the same ``Error reading``; a user needs to know whether the
file is missing, empty, no video at all, only sound, or cut off.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.errors import PosefixError
from app.video.types import VideoInfo

# Frames per second that a camera's file may claim.
LOWEST_RATE, HIGHEST_RATE = 1 / 3600, 1000


@contextmanager
def open_container(path: Path) -> Iterator[InputContainer]:
    """The file opened by FFmpeg.

    Raises:
        PosefixError: it is missing, empty, unreadable, cut off or no video.
    """
    check_file(path)
    try:
        container = av.open(str(address(path)), metadata_errors="replace")
    except av.error.PermissionError as error:
        raise PosefixError(f"{path}: no permission to read it. Change its permissions.") from error
    except av.error.FFmpegError as error:
        raise PosefixError(f"{path}: {_diagnose(path)}") from error
    with container:
        yield container


def address(path: Path) -> Path:
    """What FFmpeg is given; it would take what stands before the colon of ``10:30.mp4`` for a protocol."""
    return path.absolute()


def check_file(path: Path) -> None:
    """Raises PosefixError where there is no file with bytes in it at ``path``."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PosefixError(f"{path}: no such file. Check the path.") from error
    except OSError as error:
        raise PosefixError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        raise PosefixError(f"{path}: a folder, not a video. Give a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise PosefixError(f"{path}: not a regular file. Save the video to disk first.")
    if status.st_size == 0:
        raise PosefixError(f"{path}: empty (0 bytes). Copy or record it again.")


def _diagnose(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
        file.seek(0)
        is_mp4 = head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free")
        has_index = is_mp4 and any(b"moov" in chunk for chunk in iter(lambda: file.read(1 << 20), b""))
    if is_mp4 and not has_index:
        return "cut off: its index (moov) is missing. Copy or record it again, or repair it with untrunc."
    if is_mp4:
        return "cut off or damaged: its index (moov) cannot be read. Copy or record it again."
    return "not a video that FFmpeg knows. Convert it to MP4 (H.264) first."


def probe(path: Path) -> VideoInfo:
    """Facts about the video at ``path``.

    Raises:
        PosefixError: there is no video to be read; the message says why and what to do.
    """
    with open_container(path) as container:
        if not len(container.streams):
            raise PosefixError(f"{path}: {_diagnose(path)}")
        # A song's cover is a picture, but no video.
        films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not films:
            kind = "only sound, no picture" if container.streams.audio else "no video stream"
            raise PosefixError(f"{path}: {kind}. Give a file with video in it.")
        stream = films[0]
        sound = sound_of(container)
        first = _first_frame(container, stream)
        if first is None:
            raise PosefixError(f"{path}: no frame in it can be decoded. Copy or record it again.")
        rotation = round(-first.rotation) % 360
        turned = rotation in (90, 270)
        fps = _rate(stream)
        start = float(first.time or 0.0)
        duration = _duration(container, stream, start) or stream.frames / fps
        return VideoInfo(
            path=path,
            width=first.height if turned else first.width,
            height=first.width if turned else first.height,
            fps=fps,
            frames=stream.frames or max(1, round(duration * fps)),
            frames_counted=stream.frames > 0,
            duration_seconds=duration,
            start_seconds=start,
            rotation=rotation,
            video_codec=stream.codec_context.codec.canonical_name,
            audio_codec=sound.codec_context.codec.canonical_name if sound else None,
            container=container.format.name,
        )


def sound_of(container: InputContainer) -> AudioStream | None:
    """The first sound that FFmpeg can decode."""
    # No decoder, no rate: damaged files announce sound and hold none.
    known = (stream for stream in container.streams.audio if stream.codec_context is not None)
    return next((stream for stream in known if stream.codec_context.sample_rate), None)


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    try:
        return next(container.decode(stream), None)
    except av.error.FFmpegError:
        return None


def _rate(stream: VideoStream) -> float:
    # Where Matroska and FLV name no rate, the average is but the clock of the container or the codec; so
    # are both in a transport stream of one frame.
    rates = (stream.average_rate, stream.guessed_rate)
    return next((float(rate) for rate in rates if rate and LOWEST_RATE <= rate < HIGHEST_RATE), 25.0)


def _duration(container: InputContainer, stream: VideoStream, start: float) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if not container.duration:
        return None
    # Matroska counts from zero, not from the first frame.
    return container.duration / av.time_base - (start if "matroska" in container.format.name else 0.0)
