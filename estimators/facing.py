"""From which side a camera sees people, told from their labelled shoulders and hips; and how right joints are
by it: who is seen from behind or from the side is easily given the left joints for the right ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimators import metrics
from estimators.interface import FloatArray
from estimators.skeletons import JOINTS, POSEFIX

FRONT, BEHIND, SIDE, NOT_UPRIGHT, UNKNOWN = FACINGS = ("front", "behind", "side", "not_upright", "unknown")
SMALLEST_WIDTH = 0.25  # of the torso's length; narrower bodies are seen from the side
ALL = "all"
LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
LIMB_JOINTS = tuple(f"{side}_{part}" for part in LIMBS for side in ("left", "right"))
TORSO_SHARE = 0.2  # of the torso: a joint within is right
EXCHANGED = 2  # so many more limb joints are right with left and right exchanged: the body is mirrored
UPRIGHT = 0.5  # the hips lie at least so many torsos below the shoulders


def facing(keypoints: FloatArray) -> NDArray[np.str_]:
    """One of :data:`FACINGS` for each body (N,), ``unknown`` where a shoulder or hip is not labelled.

    The mean of left minus right shoulder and left minus right hip along x, in torsos (middle of the shoulders
    to middle of the hips), is positive for those who face the camera.

    Args:
        keypoints: (N, 15, 2), in pixels, in the project's order; left and right are the person's.
    """
    left_shoulder, right_shoulder, left_hip, right_hip = _corners(keypoints)
    torso = (left_hip + right_hip - left_shoulder - right_shoulder) / 2
    length = np.linalg.norm(torso, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = (left_shoulder - right_shoulder + left_hip - right_hip)[:, 0] / (2 * length)
    kinds = np.where(width > SMALLEST_WIDTH, FRONT, np.where(width < -SMALLEST_WIDTH, BEHIND, SIDE))
    kinds = np.where(torso[:, 1] > UPRIGHT * length, kinds, NOT_UPRIGHT)
    return np.where(np.isfinite(width), kinds, UNKNOWN)


def _corners(keypoints: FloatArray) -> tuple[FloatArray, ...]:
    """Left and right shoulder, left and right hip, (N, 2) each."""
    ends = (f"{side}_{part}" for part in ("shoulder", "hip") for side in ("left", "right"))
    return tuple(keypoints[:, JOINTS.index(name)] for name in ends)


@dataclass(frozen=True)
class FacingRow:
    """How right the limb joints of some people are.

    Attributes:
        people: how many.
        right: joints within 0.2 of the torso, in per cent.
        either_side: the same if a joint may also lie on that of the other side.
        mirrored: people of whom at least two more joints are right if all sides are exchanged, in per cent.
    """

    people: int
    right: float
    either_side: float
    mirrored: float


def by_facing(keypoints: FloatArray, labels: FloatArray) -> dict[str, FacingRow]:
    """Rows for each of :data:`FACINGS` that there is, and for ``all`` (people without torso aside).

    Args:
        keypoints: (N, 15, 2), NaN where not given.
        labels: (N, 15, 2), NaN where not labelled.
    """
    kinds = facing(labels)
    limits = TORSO_SHARE * metrics.trunk_length(labels, POSEFIX)
    order = [JOINTS.index(name) for name in LIMB_JOINTS]
    across = [POSEFIX.flip_indices[index] for index in order]
    own = metrics.joint_distances(keypoints[:, order], labels[:, order])
    other = metrics.joint_distances(keypoints[:, across], labels[:, order])
    labelled = ~np.isnan(own)
    right, exchanged = metrics.hits(own, limits), metrics.hits(other, limits)
    gain = exchanged.sum(axis=1) - right.sum(axis=1)
    mirrored = gain >= EXCHANGED
    rows = {}
    for kind in (ALL, *FACINGS):
        chosen = (kinds == kind) if kind != ALL else (kinds != UNKNOWN)
        count = max(int(labelled[chosen].sum()), 1)
        rows[kind] = FacingRow(
            people=int(chosen.sum()),
            right=100 * float(right[chosen].sum()) / count,
            either_side=100 * float((right | exchanged)[chosen].sum()) / count,
            mirrored=100 * float(mirrored[chosen].sum()) / max(int(chosen.sum()), 1),
        )
    return {kind: row for kind, row in rows.items() if row.people or kind == ALL}
