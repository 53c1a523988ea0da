"""What a video is to the rest of posefix: facts about the file, and batches of upright frames with times."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class VideoInfo:
    """Facts about a video file.

    Attributes:
        path: the file.
        width, height: pixels of the upright frame, rotation flag applied.
        fps: average frames per second; the frames' own times are the truth.
        frames: how many frames the container claims; damaged files hold fewer.
        frames_counted: whether the container counts its frames; else ``frames`` is duration times rate.
        duration_seconds: of the video stream.
        start_seconds: when the first frame is shown, on the clock that the audio shares.
        rotation: degrees that the container asks players to turn the picture by: 0, 90, 180 or 270.
        video_codec: such as ``h264``.
        audio_codec: such as ``aac``; None without sound.
        container: FFmpeg's names of the container's format, comma-separated.
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


@dataclass(frozen=True)
class FrameBatch:
    """A few neighbouring frames.

    Attributes:
        indices: (N,): numbers of the frames in the file, from 0.
        pts_seconds: (N,): when each is shown, from the first frame of the file.
        frames: uint8, (N, H, W, 3), RGB, upright.
        warnings: what was found to be wrong with the file behind these frames, one line each.
    """

    indices: NDArray[np.int64]
    pts_seconds: NDArray[np.float64]
    frames: NDArray[np.uint8] = field(repr=False)
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.indices)
