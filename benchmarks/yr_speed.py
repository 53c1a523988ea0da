"""Seconds of YR's estimator: photos of PARSE, frames of a video as they are, and its fast mode.

``python -m benchmarks.yr_speed DATA [--weights FILE] [--threads N]``: DATA holds ``parse/`` and ``videos/``.
Wall time and processor time, so that a busy machine shows.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from app.video.reader import open_video
from estimators.interface import FrameArray
from estimators.yr import create, create_upper
from estimators.yr.estimator import YREstimator
from estimators.yr.training.samples import read_folder, read_image

CLIP = "walk_side.mp4"
FRAME = (720, 405)
FAST_HEIGHT = 480
FAST_FRAMES = 75
FPS = 25
PHOTOS_FROM = 100  # of PARSE: those after it are for testing


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path, help="(default: the shipped ones)")
    parser.add_argument("--upper", action="store_true", help="the model of the upper body")
    parser.add_argument("--threads", type=int, help="(default: all)")
    parser.add_argument("--photos", type=int, default=205)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    factory = create_upper if args.upper else create
    estimator = factory(device=torch.device("cpu"), weights=args.weights)
    photos = read_folder(args.data / "parse")[PHOTOS_FROM:][: args.photos]
    size, clip = read_clip(args.data / "videos" / CLIP)
    frames = [resized(frame, FRAME) for frame in clip[:5]]
    # What is compiled on first use is not counted.
    estimator.estimate(frames[0][None], pts_seconds=[0.0])
    report("PARSE", timed(estimator, [read_image(path) for path in photos]))
    report(f"{FRAME[0]}x{FRAME[1]}", timed(estimator, frames))
    fast = timed(factory(device=torch.device("cpu"), weights=args.weights, fast=True), clip)
    report(f"{size[0]}x{size[1]}, fast mode", fast)
    print(f"fast mode: {len(fast) / fast[:, 0].sum():.1f} frames/s with the searches of the whole frame")  # noqa: T201
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{torch.get_num_threads()} threads, peak memory {peak:.0f} MB")  # noqa: T201


def read_clip(path: Path) -> tuple[tuple[int, int], list[FrameArray]]:
    """The first frames of a clip at a height of ``FAST_HEIGHT``, and their width and height."""
    video = open_video(path)
    size = (round(video.info.width * FAST_HEIGHT / video.info.height), FAST_HEIGHT)
    batches = video.batches(size=8, end=FAST_FRAMES / FPS)
    return size, [resized(frame, size) for batch in batches for frame in batch.frames]


def resized(frame: FrameArray, size: tuple[int, int]) -> FrameArray:
    """A frame at another width and height."""
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def timed(estimator: YREstimator, pictures: Sequence[FrameArray]) -> np.ndarray:
    """Wall and processor seconds of each picture, (N, 2), as frames of a video of 25 a second."""
    seconds = []
    for index, picture in enumerate(pictures):
        wall, processor = time.perf_counter(), time.process_time()
        estimator.estimate(picture[None], pts_seconds=[index / FPS])
        seconds.append((time.perf_counter() - wall, time.process_time() - processor))
    return np.array(seconds)


def report(name: str, seconds: np.ndarray) -> None:
    """One line."""
    wall, processor = np.median(seconds, axis=0)
    mean = seconds[:, 1].mean()
    print(  # noqa: T201
        f"{name}: median of {len(seconds)} {wall:.2f} s, processor time {processor:.2f} s (mean {mean:.2f} s)"
    )


if __name__ == "__main__":
    main()
