"""Small clips for tests: good ones of every kind, and broken ones.

All show a white square on black that moves to the right, which ``BlobEstimator`` finds, and a blue mark in
the upright top-left corner, so that a test sees whether a picture is turned. During ``FLASH`` the
background is green while the sound, where there is one, beeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition
from numpy.typing import NDArray

from tests.fakes import blob_frames

FPS = 20
COUNT = 20
TIMES = tuple(number / FPS for number in range(COUNT))
UNEVEN_TIMES = (0.0, 0.05, 0.1, 0.25, 0.3, 0.55, 0.6, 0.62, 0.9, 1.0)
FLASH = (0.5, 0.6)
SIDE = 24
MARK = 16
SAMPLE_RATE = 48_000
# As fine as MPEG-4 allows.
TICKS = 60_000

# How ISO 14496-12 writes "turn the picture clockwise by so much": the a, b, c, d of the track's matrix.
_CLOCKWISE = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


def centre(number: int, *, count: int = COUNT, size: tuple[int, int] = (160, 120)) -> tuple[float, float]:
    """Where the square is in a frame of ``size`` (width, height)."""
    width, height = size
    return 40 + (width - 70) * number / max(1, count), height / 2


def picture(
    number: int, *, seconds: float, count: int = COUNT, size: tuple[int, int] = (160, 120)
) -> NDArray[np.uint8]:
    """The upright frame, uint8, (H, W, 3), RGB."""
    (frame,) = blob_frames([centre(number, count=count, size=size)], side=SIDE, size=size)
    if FLASH[0] - 1e-6 <= seconds < FLASH[1] - 1e-6:
        frame[..., 1] = np.maximum(frame[..., 1], 160)
    frame[:MARK, :MARK] = (0, 0, 255)
    return frame


def write_clip(
    path: Path,
    *,
    times: Sequence[float] = TIMES,
    size: tuple[int, int] = (160, 120),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    turn: int = 0,
    sound: str | None = None,
    start: float = 0.0,
    index_first: bool = False,
    fragments: bool = False,
    options: dict[str, str] | None = None,
) -> Path:
    """A clip of any kind.

    Args:
        path: its suffix decides the container.
        times: when each frame is shown, in seconds.
        size: width and height of the upright frame.
        codec, pix_fmt: of the picture, in FFmpeg's names.
        turn: degrees by which players are told to turn the picture clockwise; it is stored the other way.
        sound: the encoder of the sound, such as ``aac``; None for no sound. It beeps during ``FLASH``.
        start: seconds by which the picture comes later than the sound.
        index_first: put the index of an MP4 before its frames, as for the web.
        fragments: write an MP4 in pieces without an index, as streaming sites do.
        options: of the encoder of the picture.
    """
    fast = {"preset": "ultrafast"} if codec in ("libx264", "libx265") else {}
    if codec == "libx265":
        fast["x265-params"] = "log-level=none:pools=1"
    if codec.startswith("libvpx"):
        fast = {"deadline": "realtime", "cpu-used": "8"}
    flags = "+faststart" if index_first else "frag_keyframe+empty_moov" if fragments else ""
    with av.open(str(path), "w", options={"movflags": flags} if flags else {}) as output:
        stream = output.add_stream(codec, rate=FPS, options={**fast, **(options or {})})
        stream.width, stream.height = size if turn in (0, 180) else size[::-1]
        stream.pix_fmt = pix_fmt
        # AVI counts frames: its times are multiples of the frame's duration.
        ticks = FPS if path.suffix == ".avi" else TICKS
        stream.codec_context.time_base = Fraction(1, ticks)
        if turn:
            a, b, c, d = (value << 16 for value in _CLOCKWISE[turn])
            stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
        audio = output.add_stream(sound, rate=SAMPLE_RATE, layout="mono") if sound else None
        for number, seconds in enumerate(times):
            upright = picture(number, seconds=start + seconds, count=len(times), size=size)
            # np.rot90 turns anticlockwise, against what the flag asks for.
            stored = np.ascontiguousarray(np.rot90(upright, turn // 90))
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
            frame.pts, frame.time_base = round((start + seconds) * ticks), Fraction(1, ticks)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            _write_beep(output, audio, seconds=start + times[-1] + 1 / FPS)
    return path


def _write_beep(output: OutputContainer, stream: AudioStream, *, seconds: float) -> None:
    clock = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    on = (clock >= FLASH[0]) & (clock < FLASH[1])
    wave = (12_000 * np.sin(2 * np.pi * 1000 * clock) * on).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
    output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


# Good clips, each odd in its own way.


def good(path: Path) -> Path:
    """H.264 with AAC."""
    return write_clip(path, sound="aac")


def silent(path: Path) -> Path:
    """Without a sound."""
    return write_clip(path)


def one_frame(path: Path) -> Path:
    """A single frame."""
    return write_clip(path, times=(0.0,))


def odd_size(path: Path) -> Path:
    """161 by 121 pixels, which 4:2:0 H.264 does not do."""
    return write_clip(path, size=(161, 121), codec="mpeg4", options={"b": "2M"})


def turned(path: Path, turn: int = 90) -> Path:
    """A 4:3 picture stored on its side or head, with the flag that tells players to turn it back."""
    size = (120, 160) if turn in (90, 270) else (160, 120)
    return write_clip(path, size=size, turn=turn)


def uneven(path: Path) -> Path:
    """A variable frame rate, as phones and screen recorders write."""
    return write_clip(path, times=UNEVEN_TIMES)


def ten_bit(path: Path) -> Path:
    """Ten bits a sample, as newer phones and cameras write."""
    return write_clip(path, pix_fmt="yuv420p10le")


def trimmed(path: Path, *, hidden: int = 5) -> Path:
    """An MP4 whose edit list hides its first frames, as trimming on a phone or with ``-c copy`` leaves it.

    Sound and picture lose as much.
    """
    whole = write_clip(path.with_suffix(".whole.mp4"), sound="aac", options={"g": "10"})
    with av.open(str(whole)) as source, av.open(str(path), "w") as output:
        copies = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.pts is None or packet.dts is None:
                continue
            shift = round(hidden / FPS / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = copies[packet.stream.index]
            output.mux(packet)
    whole.unlink()
    return path


def unknown_sound(path: Path) -> Path:
    """An MKV whose sound says that it is of a kind that nobody has heard of."""
    content = write_clip(path, sound="aac").read_bytes()
    path.write_bytes(content.replace(b"A_AAC", b"A_XYZ"))
    return path


# Broken ones.


def empty(path: Path) -> Path:
    """Nothing at all."""
    path.touch()
    return path


def text(path: Path) -> Path:
    """Words, whatever the name says."""
    path.write_text("This is no video.\n" * 20)
    return path


def audio_only(path: Path) -> Path:
    """A beep, no picture."""
    with av.open(str(path), "w") as output:
        _write_beep(output, output.add_stream("aac", rate=SAMPLE_RATE, layout="mono"), seconds=1)
    return path


def song_with_cover(path: Path) -> Path:
    """A beep and a picture that goes with it; ``.mp3``."""
    with av.open(str(path), "w") as output:
        sound = output.add_stream("libmp3lame", rate=SAMPLE_RATE, layout="mono")
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        output.mux(cover.encode(picture))
        output.mux(cover.encode(None))
        _write_beep(output, sound, seconds=1)
    return path


def no_frames(path: Path) -> Path:
    """A video stream of zero length."""
    # Other MP4s leave a track without frames out.
    with av.open(str(path), "w", options={"movflags": "+empty_moov"}) as output:
        stream = output.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        output.start_encoding()
    return path


def without_index(path: Path) -> Path:
    """Cut off before the index (moov) at its end, as when a camera's battery dies."""
    whole = good(path).read_bytes()
    path.write_bytes(whole[: whole.index(b"moov") - 4])
    return path


def cut_off(path: Path, *, keep: float = 0.6) -> Path:
    """The index comes first and speaks of all frames, the rest of the file is missing, as half a download."""
    whole = write_clip(path, sound="aac", index_first=True).read_bytes()
    path.write_bytes(whole[: round(keep * len(whole))])
    return path


def damaged(path: Path, *, at: float = 0.5) -> Path:
    """Intact up to a point; a stretch after it is overwritten with noise, as on a failing disk."""
    content = bytearray(write_clip(path, options={"g": "5"}).read_bytes())
    begin = round(at * len(content))
    end = begin + len(content) // 5
    content[begin:end] = np.random.default_rng(0).bytes(end - begin)
    path.write_bytes(content)
    return path
