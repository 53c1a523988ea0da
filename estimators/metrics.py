"""How near estimated joints come to labelled ones: plain functions on arrays, NaN where there is nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from estimators.boxes import enclosing
from estimators.interface import FloatArray
from estimators.skeletons import Skeleton

ERROR_KINDS = ("right", "jitter", "inversion", "swap", "miss")
JITTER = 2.0  # up to so many limits from its own place a joint counts as roughly found


def person_size(keypoints: FloatArray) -> FloatArray:
    """Longer side (...) of the box around keypoints (..., J, 2), in their unit; NaN where there are none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        box = enclosing(keypoints)
    return (box[..., 2:] - box[..., :2]).max(axis=-1)


def torso_length(keypoints: FloatArray, skeleton: Skeleton) -> FloatArray:
    """Distance (...) from left shoulder to right hip of keypoints (..., J, 2): the unit of PCK on LSP."""
    ends = skeleton.select(keypoints, ("left_shoulder", "right_hip"))
    return np.linalg.norm(ends[..., 0, :] - ends[..., 1, :], axis=-1)


def trunk_length(keypoints: FloatArray, skeleton: Skeleton) -> FloatArray:
    """Distance (...) from the middle of the shoulders to that of the hips of keypoints (..., J, 2)."""
    ends = skeleton.select(keypoints, ("left_shoulder", "right_shoulder", "left_hip", "right_hip"))
    return np.linalg.norm(ends[..., :2, :].mean(axis=-2) - ends[..., 2:, :].mean(axis=-2), axis=-1)


def joint_distances(estimated: FloatArray, labels: FloatArray) -> FloatArray:
    """Distances (N, J) between joints (N, J, 2): NaN where there is no label, infinite where no estimate."""
    distances = np.linalg.norm(estimated - labels, axis=-1)
    labelled = np.isfinite(labels).all(axis=-1)
    return np.where(labelled, np.where(np.isfinite(distances), distances, np.inf), np.nan)


def hits(distances: FloatArray, limits: FloatArray | float) -> NDArray[np.bool_]:
    """Which labelled joints (N, J) are within a limit.

    Args:
        distances: (N, J), as :func:`joint_distances` gives them.
        limits: one for all, or (N,) one a picture; a distance equal to its limit is within.
    """
    limit = np.broadcast_to(np.asarray(limits, dtype=float), (len(distances),))[:, None]
    return (distances <= limit) & ~np.isnan(distances)


def pck(distances: FloatArray, limits: FloatArray | float) -> FloatArray:
    """Percentage of correct keypoints as a fraction (J,): labelled joints within a limit, as in :func:`hits`.

    NaN for joints that are never labelled.
    """
    count = (~np.isnan(distances)).sum(axis=0)
    within = hits(distances, limits).sum(axis=0)
    return np.divide(within, count, out=np.full(count.shape, np.nan), where=count > 0)


def pck_curve(distances: FloatArray, units: FloatArray | float, steps: Sequence[float]) -> FloatArray:
    """PCK (steps, J) at each step times the unit of each picture."""
    unit = np.asarray(units, dtype=float)
    return np.stack([pck(distances, unit * step) for step in steps])


def error_kinds(
    estimated: FloatArray, labels: FloatArray, limits: FloatArray | float, skeleton: Skeleton
) -> NDArray[np.str_]:
    """Which kind of error each joint shows, after Ronchi & Perona (ICCV 2017): (N, J), '' without label.

    ``right``: within the limit of its label. ``inversion``: within the limit of the same joint of the other
    side, and nearer to it than to its own. ``swap``: so with any other joint. ``jitter``: within twice the
    limit of its own. ``miss``: elsewhere, or not given at all.
    """
    limit = np.broadcast_to(np.asarray(limits, dtype=float), (len(labels),))
    own = joint_distances(estimated, labels)
    # (N, estimated joint, labelled joint)
    crossed = np.linalg.norm(estimated[:, :, None] - labels[:, None], axis=-1)
    crossed = np.where(np.isfinite(crossed), crossed, np.inf)
    mirror, joints = np.array(skeleton.flip_indices), np.arange(len(skeleton.joints))
    across = np.where(mirror != joints, crossed[:, joints, mirror], np.inf)
    crossed[:, joints, joints] = np.inf
    nearest = crossed.min(axis=2)
    kinds = np.full(own.shape, "miss", dtype="<U9")
    kinds[own <= JITTER * limit[:, None]] = "jitter"
    kinds[(nearest <= limit[:, None]) & (nearest < own)] = "swap"
    kinds[(across <= limit[:, None]) & (across < own)] = "inversion"
    kinds[own <= limit[:, None]] = "right"
    kinds[np.isnan(own)] = ""
    return kinds


def kind_shares(kinds: NDArray[np.str_]) -> dict[str, FloatArray]:
    """Share (J,) of each kind among the labelled joints."""
    labelled = np.maximum((kinds != "").sum(axis=0), 1)
    return {kind: (kinds == kind).sum(axis=0) / labelled for kind in ERROR_KINDS}


def grouped(
    values: FloatArray, joints: Sequence[str], groups: Mapping[str, Sequence[str]]
) -> dict[str, float]:
    """Means of a value a joint (J,) over groups of joints, and over all joints as ``average``."""
    means = {
        name: float(np.mean([values[joints.index(joint)] for joint in members]))
        for name, members in groups.items()
    }
    return {**means, "average": float(np.mean(values))}


def calibration(scores: FloatArray, right: NDArray[np.bool_], *, bins: int = 10) -> list[dict[str, float]]:
    """Mean score and share of right joints in equal score ranges; ranges without joints are left out."""
    index = np.minimum((scores * bins).astype(int), bins - 1)
    return [
        {
            "score": float(scores[index == part].mean()),
            "right": float(right[index == part].mean()),
            "joints": int((index == part).sum()),
        }
        for part in range(bins)
        if (index == part).any()
    ]
