"""What a video is to the rest of posefix: facts about the file, and batches of upright frames with times."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# A share of a frame's own length; frames that the file puts nearer together are put so far apart.
SMALLEST_STEP = 0.01
# Seconds. Screen recorders pause for minutes; clocks of streams begin anew where they were joined.
LONGEST_STREAM_GAP, LONGEST_GAP = 10.0, 3600.0


@dataclass(frozen=True)
class VideoInfo:
    """Facts about a video file.

    Attributes:
        path: the file; of a picture sequence its pattern, such as ``frame_%05d.png``.
        width, height: pixels of the upright frame, as players turn it and as the user asks beyond that.
        fps: average frames per second; the frames' own times are the truth.
        frames: how many frames the container claims; damaged files hold fewer.
        frames_counted: whether the container counts its frames; else ``frames`` is duration times rate.
        duration_seconds: of the video stream.
        start_seconds: when the first frame is shown, on the clock that the audio shares.
        rotation: degrees clockwise by which stored pictures are turned to be upright: 0, 90, 180 or 270.
        mirrored: whether they are mirrored left to right before.
        pixel_aspect: width of a pixel as it is to be shown, in heights.
        video_codec: such as ``h264``.
        audio_codec: such as ``aac``; None without sound.
        container: FFmpeg's names of the container's format, comma-separated.
        stream: number of the film among the container's streams.
        decoding_order: the container keeps no times of showing, only the order in which it is decoded.
        streamed: the format is made to be joined and cut anywhere.
        high_range: the pictures are coded for screens of a high dynamic range (HLG or PQ).
        still: a single picture, not a film.
    """

    path: Path
    width: int
    height: int
    fps: float
    frames: int
    frames_counted: bool
    duration_seconds: float
    start_seconds: float
    rotation: int
    video_codec: str
    audio_codec: str | None
    container: str
    mirrored: bool = False
    pixel_aspect: float = 1.0
    stream: int = 0
    decoding_order: bool = False
    streamed: bool = False
    high_range: bool = False
    still: bool = False

    @property
    def smallest_step(self) -> float:
        """Seconds that lie between two frames at least."""
        return SMALLEST_STEP / self.fps

    @property
    def longest_gap(self) -> float:
        """Seconds between two frames; with more, the later one has left the file's clock."""
        return LONGEST_STREAM_GAP if self.streamed else LONGEST_GAP


@dataclass(frozen=True)
class FrameBatch:
    """A few neighbouring frames.

    Attributes:
        indices: (N,): numbers of the frames in the file, from 0; those that cannot be decoded are left out.
        pts_seconds: (N,): when each is shown, from the first frame of the file.
        frames: uint8, (N, H, W, 3), RGB, upright.
        breaks: rows with which another recording begins, by the file's clock.
        warnings: what is lost of the file, as far as it has been read: one line each, with its last frames.
        notes: what is odd about the file, and what was made of it, in the same way.
    """

    indices: NDArray[np.int64]
    pts_seconds: NDArray[np.float64]
    frames: NDArray[np.uint8] = field(repr=False)
    breaks: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.indices)
