"""The circle around a head, from the joints of a pose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating]

FACE = ("head", "nose", "left_eye", "right_eye", "left_ear", "right_ear", "mouth")
# A head's radius, with hair and margin: in distances from neck to crown, from ear to ear, between the
# shoulders, and of the longer side of the whole person. The largest counts: turned bodies look narrow.
NECK_TO_CROWN, EARS, SHOULDERS, PERSON = 0.8, 1.3, 0.45, 0.09
# From the neck, in radii, where there is no joint of the head itself.
ABOVE_NECK = 1.1


def head_centres(points: Points, joints: Sequence[str], radius: NDArray[np.floating]) -> Points:
    """(T, 2): middle of the head, NaN where neither it nor neck and shoulders are known.

    Args:
        points: (T, joints, 2): x, y; NaN where missing.
        joints: their names.
        radius: (T,): of the head.
    """
    names = list(joints)
    neck = _joint(points, names, "neck")
    neck = np.where(np.isfinite(neck), neck, _middle(points, names, "shoulder"))
    up = neck - _middle(points, names, "hip")
    length = np.linalg.norm(up, axis=1, keepdims=True)
    up = np.where(length > 0, up / np.where(length > 0, length, 1.0), [0.0, -1.0])
    centre = neck + ABOVE_NECK * radius[:, None] * up
    between = (_joint(points, names, "head_top") + _joint(points, names, "neck")) / 2
    for better in (between, _mean(points, [names.index(name) for name in FACE if name in names])):
        centre = np.where(np.isfinite(better), better, centre)
    return centre


def head_radii(points: Points, joints: Sequence[str]) -> NDArray[np.float64]:
    """(T,): of the head, in pixels; 0 where nothing is known."""
    names = list(joints)

    def between(a: str, b: str) -> NDArray[np.floating]:
        return np.linalg.norm(_joint(points, names, a) - _joint(points, names, b), axis=1)

    there = np.asarray(np.isfinite(points[..., 0]))
    low = np.where(there[..., None], points, np.inf).min(axis=1)
    high = np.where(there[..., None], points, -np.inf).max(axis=1)
    side = np.where(there.any(axis=1), (high - low).max(axis=1), 0.0)
    candidates = (
        NECK_TO_CROWN * between("neck", "head_top"),
        EARS * between("left_ear", "right_ear"),
        SHOULDERS * between("left_shoulder", "right_shoulder"),
        PERSON * side,
    )
    return np.nan_to_num(np.stack(candidates)).max(axis=0)


def _joint(points: Points, names: list[str], name: str) -> Points:
    """(T, 2), NaN throughout where the skeleton lacks it."""
    return points[:, names.index(name)] if name in names else np.full((len(points), 2), np.nan)


def _middle(points: Points, names: list[str], part: str) -> Points:
    """(T, 2): between the left and the right one, or the one that is there."""
    pair = (f"left_{part}", f"right_{part}")
    return _mean(points, [names.index(name) for name in pair if name in names])


def _mean(points: Points, indices: list[int]) -> Points:
    """(T, 2): mean of those joints that are there; NaN without."""
    there = np.asarray(np.isfinite(points[:, indices, 0]))
    total = np.where(there[..., None], points[:, indices], 0).sum(axis=1)
    count = there.sum(axis=1)[:, None]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
