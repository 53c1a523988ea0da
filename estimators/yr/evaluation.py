"""Percentage of correct keypoints on PARSE, as the released program counts it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimators import metrics
from estimators.boxes import covered, enclosing
from estimators.yr.body import PartLayout
from estimators.yr.part_detector import PartDetector, Placements
from estimators.yr.training.samples import Sample

Array = NDArray[np.floating]

COVERED = 0.3  # how much of the person's box a placement must cover to be theirs
NEAR = 0.1  # of the longer side of the person's box: as far as a joint may be off
GROUPS = ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")


def own_placement(found: Placements, points: Array) -> int | None:
    """Index of the best placement whose part centres' box covers enough of the labelled person's.

    Args:
        found: the best first.
        points: (joints, 2), the person's.
    """
    whole_pixels = np.array([0, 0, 1, 1])  # the released program counts the last pixel, too
    person, boxes = enclosing(points) + whole_pixels, enclosing(found.points) + whole_pixels
    hits = np.nonzero(covered(person, boxes) > COVERED)[0]
    return int(hits[0]) if len(hits) else None


def correct(predicted: Array, points: Array) -> NDArray[np.bool_]:
    """Which joints are near enough; both (joints, 2), a joint that was not found is NaN."""
    reach = NEAR * (metrics.person_size(points) + 1)  # its authors count the last pixel, too
    return metrics.hits(metrics.joint_distances(predicted, points)[None], reach)[0]


def by_group(hits: NDArray[np.bool_], joints: Sequence[str]) -> dict[str, float]:
    """Percentages by kind of joint, left and right together, neck and crown as the head, and their mean.

    Args:
        hits: (people, joints).
    """
    kinds = ["head" if joint in ("neck", "head_top") else joint.split("_")[-1] for joint in joints]
    table = {
        group: 100 * float(hits[:, [kind == group for kind in kinds]].mean())
        for group in GROUPS
        if group in kinds
    }
    return {**table, "mean": float(np.mean(list(table.values())))}


@dataclass(frozen=True)
class Hits:
    """Which joints are correct, (people, joints), of the placement that covers the person and of the best."""

    own: NDArray[np.bool_]
    best: NDArray[np.bool_]


def look_for(
    detector: PartDetector, samples: Iterable[Sample], body: PartLayout, *, threshold: float
) -> Hits:
    """Looks for labelled people in their whole pictures; somebody not found has no correct joint.

    Args:
        threshold: lowest score of a placement.
    """
    joints = list(body.joint_parts)
    own, best = [], []
    for sample in samples:
        found = detector.detect(sample.read(), threshold=threshold)
        points = sample.points
        placed = own_placement(found, points)
        nowhere = np.zeros(len(joints), dtype=bool)
        own.append(nowhere if placed is None else correct(found.points[placed, joints], points))
        best.append(correct(found.points[0, joints], points) if len(found) else nowhere)
    return Hits(np.array(own), np.array(best))
