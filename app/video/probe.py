"""Looks at a file before it is decoded and says in one line what is wrong with it.

decord reports everything it cannot read by the same ``Error reading``; a user needs to know whether the
file is missing, empty, no video at all, only sound, or cut off.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.errors import PosefixError
from app.video.colour import HIGH_RANGE
from app.video.geometry import QUARTER, Orientation
from app.video.streams import STREAMED, Beginning, beginning_of, film_of, packets_of, sound_of
from app.video.types import VideoInfo

# Widths of a pixel, or heights: nothing plays more than that.
MOST_STRETCHED = 10


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


@contextmanager
def open_film(path: Path, index: int) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file opened by FFmpeg, and its stream of this number; see :func:`open_container`."""
    with open_container(path) as container:
        yield container, next(stream for stream in container.streams.video if stream.index == index)


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


def probe(path: Path, *, turn: int = 0, fps: float | None = None) -> VideoInfo:
    """Facts about the video at ``path``.

    Args:
        path: the file.
        turn: degrees clockwise by which the user turns the picture beyond what the file asks for.
        fps: frames a second of a stream that carries no times.

    Raises:
        PosefixError: there is no video to be read; the message says why and what to do.
    """
    with open_container(path) as container:
        if not len(container.streams):
            raise PosefixError(f"{path}: {_diagnose(path)}")
        chosen = film_of(container)
        if chosen is None:
            # A song's cover is a picture, but no video.
            kind = "only sound, no picture" if container.streams.audio else "no video stream"
            raise PosefixError(f"{path}: {kind}. Give a file with video in it.")
        index = chosen.index
    with open_film(path, index) as (container, film):
        beginning = beginning_of(container, film)
        if beginning is None:
            raise PosefixError(f"{path}: no frame in it can be decoded. Copy or record it again.")
        if fps is not None and beginning.start_seconds is None:
            beginning = replace(beginning, fps=fps)
        return _facts(path, container, film, beginning, turn)


def _facts(
    path: Path, container: InputContainer, film: VideoStream, beginning: Beginning, turn: int
) -> VideoInfo:
    first, fps = beginning.frame, beginning.fps
    orientation = orientation_of(first).then(Orientation.clockwise(turn))
    width, height = orientation.size(first.width, first.height)
    aspect = pixel_aspect_of(film)
    start = beginning.start_seconds or 0.0
    duration = _duration(container, film, start)
    frames = film.frames or (max(1, round(duration * fps)) if duration > 0 else _count(path, film.index))
    sound = sound_of(container)
    return VideoInfo(
        path=path,
        width=width,
        height=height,
        fps=fps,
        frames=frames,
        frames_counted=film.frames > 0,
        duration_seconds=duration if duration > 0 else frames / fps,
        start_seconds=start,
        rotation=orientation.degrees,
        video_codec=film.codec_context.codec.canonical_name,
        audio_codec=sound.codec_context.codec.canonical_name if sound else None,
        container=container.format.name,
        mirrored=orientation.mirrored,
        pixel_aspect=1 / aspect if orientation.sideways else aspect,
        stream=film.index,
        decoding_order=beginning.decoding_order,
        streamed=not STREAMED.isdisjoint(container.format.name.split(",")),
        high_range=first.color_trc in HIGH_RANGE,
    )


def orientation_of(frame: VideoFrame) -> Orientation:
    """How the file asks players to turn and mirror a frame."""
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # Beside it is something that PyAV does not know; it tells the turn all the same.
        return Orientation.clockwise(QUARTER * round(-frame.rotation / QUARTER))
    if data is None:
        return Orientation()
    assert isinstance(data, SideData)
    return Orientation.from_display_matrix(np.frombuffer(memoryview(data), np.int32)[:5].tolist())


def pixel_aspect_of(film: VideoStream) -> float:
    """Width of a stored pixel in heights; 1 where the file does not say, or says what no screen shows."""
    for aspect in (film.sample_aspect_ratio, film.codec_context.sample_aspect_ratio):
        if aspect and 1 / MOST_STRETCHED <= aspect <= MOST_STRETCHED:
            return float(aspect)
    return 1.0


def _count(path: Path, index: int) -> int:
    """Frames of a stream that says neither how many it has nor how long it is."""
    with open_film(path, index) as (container, film):
        return max(1, len(list(packets_of(container, film))))


def _duration(container: InputContainer, stream: VideoStream, start: float) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if not container.duration:
        return 0.0
    # These count from zero, not from the first frame.
    from_zero = {"matroska", "nut"}.intersection(container.format.name.split(","))
    return container.duration / av.time_base - (start if from_zero else 0.0)
