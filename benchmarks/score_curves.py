"""How likely an estimator's joints are right, given what its network says of them: curves fitted to labels.

``python -m benchmarks.score_curves --data DATA --estimator blazepose_full --json FILE`` looks at Leeds Sports
Pose 1 to 900 in boxes around the labels, and at whole frames of those videos of YouTube Pose that are not in
its subset. Right means as in the benchmarks: within 0.2 of the torso, within 20 pixels. The option
``score-curves`` takes the file.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import estimators
from app.evaluation import pose_benchmarks
from estimators.datasets.records import PoseRecord, load_lsp
from estimators.interface import Estimator
from estimators.registry import parse_options
from estimators.score_curves import OTHER, Curve, fit_curve, part_of
from estimators.skeletons import JOINTS

TORSO = [JOINTS.index("left_shoulder"), JOINTS.index("right_hip")]
TORSO_SHARE, YOUTUBE_PIXELS = 0.2, 20.0


def main() -> None:
    """Measures, fits and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds lsp/ and youtube_pose/")
    parser.add_argument("--estimator", required=True)
    parser.add_argument("--estimator-option", action="append", default=[])
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--every", type=int, default=1, help="every N-th picture")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    estimator = estimators.create(
        args.estimator,
        device=torch.device("cpu"),
        weights=args.weights,
        options={**parse_options(args.estimator_option), "score-curves": "none"},
    )
    photos = load_lsp(args.data / "lsp", split="train")[:: args.every]
    videos = pose_benchmarks.youtube_pose(args.data / "youtube_pose", videos="others").records[:: args.every]
    samples = Samples()
    for record in photos:
        torso = np.linalg.norm(np.diff(record.keypoints[TORSO], axis=0))
        samples.add(estimator, record, TORSO_SHARE * float(torso), pose_benchmarks.truth_box(record))
    for record in videos:
        samples.add(estimator, record, YOUTUBE_PIXELS, None)
    curves = samples.curves()
    document = {
        "estimator": args.estimator,
        "weights_sha256": estimator.weights_sha256,
        "fitted_on": f"{len(photos)} photos of LSP 1-900, {len(videos)} frames of YouTube Pose",
        "curves": curves,
    }
    args.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    for part, curve in curves.items():
        print(part, " ".join(f"{value:.2f}:{share:.2f}" for value, share in curve))  # noqa: T201


class Samples:
    """What a network said of joints, and whether they were right, by joint without its side."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)
        self._right: dict[str, list[bool]] = defaultdict(list)

    def add(
        self, estimator: Estimator, record: PoseRecord, limit: float, box: NDArray[np.float32] | None
    ) -> None:
        """Looks at one picture; joints that are missing teach nothing."""
        (poses,) = estimator.estimate(
            record.image[None], pts_seconds=[0.0], boxes=None if box is None else [box]
        )
        if not len(poses.keypoints):
            return
        pose, skeleton = poses.keypoints[int(np.argmax(poses.scores))], estimator.skeleton
        away = np.linalg.norm(skeleton.select(pose)[:, :2] - record.keypoints, axis=1)
        for joint, distance in zip(JOINTS, away.tolist(), strict=True):
            if np.isfinite(distance):
                for source in skeleton.sources(joint):
                    part = part_of(skeleton.joints[source])
                    self._values[part].append(float(pose[source, 2]))
                    self._right[part].append(distance <= limit)

    def curves(self) -> dict[str, Curve]:
        """A curve for each part that was labelled, and one of all for the others."""
        everything = [value for values in self._values.values() for value in values]
        outcomes = [right for values in self._right.values() for right in values]
        curves: dict[str, Curve] = {OTHER: fit_curve(np.array(everything), np.array(outcomes))}
        for part, values in sorted(self._values.items()):
            curves[part] = fit_curve(np.array(values), np.array(self._right[part]))
        return curves


if __name__ == "__main__":
    main()
