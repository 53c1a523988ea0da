"""Runs an estimator over a benchmark of labelled pictures by a stated protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.errors import UsageError
from app.evaluation.detecting import Searching
from estimators import Estimator, facing, metrics
from estimators import detectors as detectors
from estimators.boxes import at_least, enclosing, padded
from estimators.datasets.records import (
    PoseRecord,
    load_lsp,
    load_photos,
    load_youtube_pose,
    youtube_pose_videos,
)
from estimators.detectors import Detector
from estimators.interface import FloatArray
from estimators.known_skeletons import LSP, YOUTUBE_POSE
from estimators.skeletons import POSEFIX, Skeleton

BOXES = ("frame", "truth", "found")
VIDEOS = ("test", "others")
PHOTO_SPLITS = ("validation", "train", "all")
TRUTH_PADDING = 0.25  # of the larger side of the labels' box, on every side


@dataclass(frozen=True)
class Benchmark:
    """Labelled pictures and how they are scored.

    Attributes:
        name: for tables and files.
        records: the pictures.
        skeleton: of the joints that are scored.
        units: (N,): a distance of 1 on the curve's axis, in pixels.
        limit: units within which a joint is right.
        steps: of the curve.
        axis: what the curve's axis shows.
        groups: joints reported together.
    """

    name: str
    records: Sequence[PoseRecord]
    skeleton: Skeleton
    units: FloatArray
    limit: float
    steps: tuple[float, ...]
    axis: str
    groups: dict[str, tuple[str, ...]]

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of those that are scored."""
        return self.skeleton.joints


@dataclass(frozen=True)
class BenchmarkRun:
    """What an estimator gave on a benchmark: keypoints (N, J, 3), and how quick it was."""

    benchmark: Benchmark
    boxes: str
    keypoints: FloatArray = field(repr=False)
    frames_per_second: float

    @property
    def labels(self) -> FloatArray:
        """(N, J, 2)."""
        return _labels(self.benchmark)


def _sides(part: str) -> tuple[str, str]:
    return f"left_{part}", f"right_{part}"


def youtube_pose(folder: Path, *, released: bool = False, videos: str = "test") -> Benchmark:
    """YouTube Pose: right within 20 pixels of the released frames.

    Args:
        folder: of the data set.
        released: in the order in which the frames were released, not in time's.
        videos: ``test``: the five of the subset; ``others``: the 45 others, to train a corrector on.

    Raises:
        UsageError: videos are neither.
    """
    if videos not in VIDEOS:
        raise UsageError(f"Invalid videos ({videos}). Supported values are {', '.join(VIDEOS)}.")
    names = [name for name, test in youtube_pose_videos(folder).items() if test == (videos == "test")]
    records = load_youtube_pose(folder, videos=names, released=released)
    return Benchmark(
        name="youtube-pose",
        records=records,
        skeleton=YOUTUBE_POSE,
        units=np.ones(len(records)),
        limit=20.0,
        steps=tuple(np.arange(0.0, 41.0)),
        axis="distance to the label, pixels",
        groups={
            "head": ("head",),
            "wrists": _sides("wrist"),
            "elbows": _sides("elbow"),
            "shoulders": _sides("shoulder"),
        },
    )


def lsp(folder: Path) -> Benchmark:
    """Leeds Sports Pose, images 1001 on: right within a fifth of the torso, left and right the person's."""
    records = load_lsp(folder, split="test")
    torso = metrics.torso_length(np.stack([record.keypoints for record in records]), POSEFIX)
    limbs = {part + "s": _sides(part) for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")}
    return Benchmark(
        name="lsp",
        records=records,
        skeleton=LSP,
        units=torso,
        limit=0.2,
        steps=tuple(np.linspace(0.0, 0.5, 51)),
        axis="distance to the label, shares of the torso",
        groups={"head": ("head_top", "neck"), **limbs},
    )


def photos(path: Path, *, split: str = "validation") -> Benchmark:
    """A file of photos: right within a fifth of the torso, from the shoulders' middle to the hips'.

    People without a labelled torso are left out, joints that nobody in the file has, too.

    Args:
        path: see :func:`estimators.datasets.records.load_photos`.
        split: ``validation``: what posefix does not train on; ``train``: what it does; ``all``.

    Raises:
        UsageError: there is no such split, or nobody in it.
    """
    if split not in PHOTO_SPLITS:
        raise UsageError(f"Invalid split ({split}). Supported values are {', '.join(PHOTO_SPLITS)}.")
    records = [
        record
        for record in load_photos(path, split=None if split == "all" else split)
        if np.isfinite(metrics.trunk_length(record.keypoints, POSEFIX)).all()
    ]
    if not records:
        raise UsageError(f"{path}: nobody with a labelled torso in split {split}. Try --split all.")
    labels = np.stack([record.keypoints for record in records])
    labelled = np.isfinite(labels).all(axis=2).any(axis=0)
    joints = tuple(joint for joint, there in zip(POSEFIX.joints, labelled, strict=True) if there)
    groups: dict[str, tuple[str, ...]] = {"head": ("head_top", "neck", "head"), "limbs": facing.LIMB_JOINTS}
    groups |= {f"{part}s": _sides(part) for part in facing.LIMBS}
    present = {name: tuple(joint for joint in group if joint in joints) for name, group in groups.items()}
    return Benchmark(
        name=f"photos {path.stem}, split {split}",
        records=records,
        skeleton=POSEFIX.subset(joints),
        units=metrics.trunk_length(labels, POSEFIX),
        limit=facing.TORSO_SHARE,
        steps=tuple(np.linspace(0.0, 0.5, 51)),
        axis="distance to the label, shares of the torso",
        groups={name: group for name, group in present.items() if group},
    )


def run(
    estimator: Estimator, benchmark: Benchmark, *, boxes: str = "frame", detector: Detector | None = None
) -> BenchmarkRun:
    """Estimates every picture.

    Args:
        estimator: to be measured.
        benchmark: the pictures.
        boxes: ``frame``: the whole picture (an estimator that finds people searches it); ``truth``: the box
            of the labels, padded; ``found``: where the detector finds somebody.
        detector: for ``found``; None: the built-in one, on the CPU. An estimator that finds people needs
            none.

    Raises:
        UsageError: boxes are none of these.
    """
    if boxes not in BOXES:
        raise UsageError(f"Invalid boxes ({boxes}). Supported values are {', '.join(BOXES)}.")
    if boxes == "found" and not estimator.finds_people:
        estimator = Searching(estimator, detector or detectors.create(device=torch.device("cpu")))
    found: list[FloatArray] = []
    seconds = 0.0
    for batch in _batches(benchmark.records, estimator.batch_size):
        frames = np.stack([record.image for record in batch])
        given = [truth_box(record) for record in batch] if boxes == "truth" else None
        start = time.perf_counter()
        results = estimator.estimate(frames, pts_seconds=[0.0] * len(batch), boxes=given)
        seconds += time.perf_counter() - start
        for result in results:
            best = int(np.argmax(result.scores)) if len(result.scores) else None
            found.append(_joints_of(estimator, benchmark, result.keypoints, best))
    return BenchmarkRun(benchmark, boxes, np.stack(found), len(found) / max(seconds, 1e-9))


def _batches(records: Sequence[PoseRecord], size: int) -> Iterator[list[PoseRecord]]:
    """Runs of neighbours of one shape."""
    batch: list[PoseRecord] = []
    for record in records:
        if batch and (len(batch) == size or record.image.shape != batch[0].image.shape):
            yield batch
            batch = []
        batch.append(record)
    if batch:
        yield batch


def truth_box(record: PoseRecord) -> FloatArray:
    """The padded box (1, 4) around the labels of a picture."""
    labelled = record.keypoints[np.isfinite(record.keypoints).all(axis=1)]
    return at_least(padded(enclosing(labelled), TRUTH_PADDING), 1.0)[None].astype(np.float32)


def _joints_of(
    estimator: Estimator, benchmark: Benchmark, keypoints: FloatArray, person: int | None
) -> FloatArray:
    """The benchmark's joints (J, 3) of one person; NaN where the estimator has none."""
    if person is None:
        return np.full((len(benchmark.joints), 3), np.nan)
    return estimator.skeleton.select(keypoints[person].astype(np.float64), benchmark.joints)


def _labels(benchmark: Benchmark) -> FloatArray:
    return POSEFIX.select(np.stack([record.keypoints for record in benchmark.records]), benchmark.joints)


def figures(outcome: BenchmarkRun) -> dict[str, Any]:
    """Everything there is to report, as plain data; shares in per cent.

    ``pck`` holds the groups and ``average`` (over the single joints), ``facing`` the limb joints by how
    people face the camera (where all are labelled), ``errors`` the kinds of error by joint, ``curve`` the
    groups at each step, ``calibration`` scores against shares of right joints.
    """
    benchmark, labels = outcome.benchmark, outcome.labels
    limits = benchmark.units * benchmark.limit
    estimated = outcome.keypoints[..., :2]
    distances = metrics.joint_distances(estimated, labels)
    per_joint = 100 * metrics.pck(distances, limits)
    curve = 100 * metrics.pck_curve(distances, benchmark.units, benchmark.steps)
    kinds = metrics.kind_shares(metrics.error_kinds(estimated, labels, limits, benchmark.skeleton))
    scored = np.isfinite(distances)
    return {
        "benchmark": benchmark.name,
        "pictures": len(benchmark.records),
        "pck": metrics.grouped(per_joint, benchmark.joints, benchmark.groups),
        "pck_per_joint": dict(zip(benchmark.joints, per_joint.tolist(), strict=True)),
        **_facing(outcome),
        "errors": {
            kind: {joint: 100 * float(share) for joint, share in zip(benchmark.joints, shares, strict=True)}
            for kind, shares in kinds.items()
        },
        "curve": {
            "axis": benchmark.axis,
            "steps": [float(step) for step in benchmark.steps],
            "pck": [metrics.grouped(row, benchmark.joints, benchmark.groups) for row in curve],
        },
        "calibration": metrics.calibration(
            outcome.keypoints[..., 2][scored], (distances <= limits[:, None])[scored]
        ),
        "frames_per_second": outcome.frames_per_second,
    }


def _facing(outcome: BenchmarkRun) -> dict[str, Any]:
    skeleton = outcome.benchmark.skeleton
    if not set(facing.LIMB_JOINTS) <= set(skeleton.joints):
        return {}
    rows = facing.by_facing(skeleton.select(outcome.keypoints[..., :2]), skeleton.select(outcome.labels))
    return {"facing": {kind: asdict(row) for kind, row in rows.items()}}
