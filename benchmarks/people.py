"""How well people are found and followed in real clips, against a model's near-true joints.

    python -m benchmarks.people ../shared/data/clips [--estimator NAME] [--weights FILE] [--split validation]

A clip is ``NAME.mp4`` with ``NAME.keypoints.json`` beside it (see :mod:`estimators.datasets.clips`), and is
run as ``posefix CLIP`` does, with ``--people one``. In per cent: frames without anybody, of those in which
joints are known; frames in which somebody or something else is followed; known joints that lie in the box
looked into, or within 5 % of its longer side; known joints within 10 and 5 % of the person's height of
theirs, where a joint or frame that is not given counts as wrong. Then looks of the detector a second of the
clip, crops a frame, and the processor time of each. Clips without joints give the frames in which somebody
is and the number of people.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import app
import estimators
from app.result import Result
from app.video.reader import Video
from estimators import Estimator, FramePoses, boxes, detectors
from estimators.datasets.clips import clip_keypoints
from estimators.datasets.held_out import clip_split
from estimators.detectors import Detections, Detector
from estimators.metrics import joint_distances

MARGIN = 0.05  # of the box's longer side
NEAR, NEARER = 0.10, 0.05  # of the person's height
ELSEWHERE = 0.1  # intersection over union with the known joints' box: less is somebody else
LEAST_JOINTS = 4  # of a known box
HEIGHTS = {"walk_side": 330.0}  # pixels, of people whose files do not say it
KEPT = ("name", "skeleton", "finds_people", "batch_size", "weights_sha256", "turns_crops", "context_frames")


@dataclass(frozen=True)
class Figures:
    """Of one clip, or means of several; see the module's text."""

    nobody: float = np.nan
    elsewhere: float = np.nan
    inside: float = np.nan
    near: float = np.nan
    nearer: float = np.nan
    looks_a_second: float = np.nan
    crops_a_frame: float = np.nan
    ms_a_look: float = np.nan
    ms_a_crop: float = np.nan


class CountingDetector:
    """A detector, its looks and their processor time."""

    def __init__(self, inner: Detector) -> None:
        self._inner, self.name = inner, inner.name
        self.looks, self.seconds = 0, 0.0

    def detect(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """As the detector inside."""
        start = time.process_time()
        found = self._inner.detect(frames)
        self.seconds += time.process_time() - start
        self.looks += len(frames)
        return found


class CountingEstimator:
    """An estimator that looks into boxes, its crops and their processor time."""

    def __init__(self, inner: Estimator) -> None:
        self._inner = inner
        self.crops, self.seconds = 0, 0.0
        for name in KEPT:
            if hasattr(inner, name):
                setattr(self, name, getattr(inner, name))

    def estimate(self, frames: NDArray[np.uint8], **given: Any) -> list[FramePoses]:
        """As the estimator inside."""
        start = time.process_time()
        found = self._inner.estimate(frames, **given)
        self.seconds += time.process_time() - start
        self.crops += sum(len(poses.boxes) for poses in found)
        return found


def measure(video: Video, estimator: Estimator, detector: Detector) -> tuple[Result, Figures]:
    """Runs on a clip; gives the result, and what it took."""
    looking, cropping = CountingDetector(detector), CountingEstimator(estimator)
    result = app.estimate(video, cropping, detector=looking)
    frames = len(result.pts_seconds)
    return result, Figures(
        looks_a_second=looking.looks / max(frames / result.source.fps, 1e-9),
        crops_a_frame=cropping.crops / frames,
        ms_a_look=1000 * looking.seconds / max(looking.looks, 1),
        ms_a_crop=1000 * cropping.seconds / max(cropping.crops, 1),
    )


def compare(result: Result, known: NDArray[np.floating], joints: Sequence[str], height: float) -> Figures:
    """Shares in per cent, given near-true joints (frames of the file, joints, 2) and the person's height."""
    rows = [row for row, index in enumerate(result.frame_indices) if index < len(known)]
    truth = known[result.frame_indices[rows]]
    given, looked = _shown(result)
    estimated = result.skeleton.select(given[rows], joints)[..., :2]
    distances = joint_distances(estimated, truth)
    labelled = np.isfinite(distances) | np.isinf(distances)
    there, box = np.isfinite(looked[rows, 0]), looked[rows]
    some, seen = labelled.any(axis=1), labelled & there[:, None]
    room = boxes.padded(box, MARGIN)[:, None]
    within = ((truth >= room[..., :2]) & (truth <= room[..., 2:])).all(axis=2)
    clear = labelled.sum(axis=1) >= LEAST_JOINTS
    both = clear & there & np.isfinite(estimated[..., 0]).any(axis=1)
    overlap = boxes.iou(boxes.enclosing(estimated[both]), boxes.enclosing(truth[both]))
    return Figures(
        nobody=100 * float((some & ~there).sum() / max(some.sum(), 1)),
        elsewhere=100 * float((overlap < ELSEWHERE).sum() / max(clear.sum(), 1)),
        inside=100 * float(within[seen].mean()) if seen.any() else np.nan,
        near=100 * float((distances[labelled] <= NEAR * height).mean()),
        nearer=100 * float((distances[labelled] <= NEARER * height).mean()),
    )


def _shown(result: Result) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Joints (T, J, 3) and boxes (T, 4) of the one person of each shot."""
    frames = len(result.pts_seconds)
    keypoints = np.full((frames, len(result.skeleton.joints), 3), np.nan)
    looked = np.full((frames, 4), np.nan)
    for person in result.people:
        free = np.isnan(looked[:, 0]) & np.isfinite(person.boxes[:, 0])
        keypoints[free], looked[free] = person.initial[free], person.boxes[free]
    return keypoints, looked


def _merged(one: Figures, other: Figures) -> Figures:
    pairs = {f.name: (getattr(one, f.name), getattr(other, f.name)) for f in fields(Figures)}
    return Figures(**{name: b if np.isnan(a) else a for name, (a, b) in pairs.items()})


def _row(figures: Figures) -> list[str]:
    values = [getattr(figures, field.name) for field in fields(Figures)]
    return [
        "" if np.isnan(value) else f"{value:.2f}" if i > 4 else f"{value:.1f}"
        for i, value in enumerate(values)
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path, nargs="+", metavar="FOLDER_OR_MP4")
    parser.add_argument("--estimator", default="sfn", help="one that looks into boxes (default: sfn)")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="(default: the estimator's own)")
    parser.add_argument("--detector", default="small", metavar="NAME")
    parser.add_argument("--split", choices=("train", "validation"), help="(default: both)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device("cpu")
    estimator = estimators.create(args.estimator, device=device, weights=args.weights)
    detector = detectors.create(args.detector, device=device)
    paths = [
        path for given in args.clips for path in (sorted(given.glob("*.mp4")) if given.is_dir() else [given])
    ]
    table = Table("clip", "frames", "found", "people", *(field.name for field in fields(Figures)))
    all_figures = []
    for path in paths:
        labels = path.with_suffix(".keypoints.json")
        described = json.loads(labels.read_text(encoding="utf-8")) if labels.exists() else {}
        height = (
            described.get("person_height_px", HEIGHTS.get(path.stem)) if isinstance(described, dict) else None
        )
        if height and args.split not in (None, clip_split(path.name)):
            continue
        result, figures = measure(app.open_video(path), estimator, detector)
        if height:
            joints, known = clip_keypoints(labels)
            figures = _merged(compare(result, known, joints, height), figures)
            all_figures.append(figures)
        _, looked = _shown(result)
        found = f"{100 * np.isfinite(looked[:, 0]).mean():.1f}"
        table.add_row(path.stem, str(len(looked)), found, str(len(result.people)), *_row(figures))
    if all_figures:
        means = [np.nanmean([getattr(one, f.name) for one in all_figures]) for f in fields(Figures)]
        table.add_row(f"mean of {len(all_figures)}", "", "", "", *_row(Figures(*means)))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
