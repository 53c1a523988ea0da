"""Boxes: x1, y1, x2, y2 in pixels, as float arrays (..., 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def around(keypoints: NDArray[np.floating], *, min_score: float, pad: float) -> Boxes | None:
    """The box around one person's joints, widened by ``pad`` times its longer side on every side.

    Args:
        keypoints: (joints, 3): x, y, score.
        min_score: joints below it do not count.

    Returns:
        (4,), or None where fewer than two joints count.
    """
    sure = (keypoints[:, 2] >= min_score) & np.isfinite(keypoints[:, 0])
    if sure.sum() < 2:
        return None
    low, high = keypoints[sure, :2].min(axis=0), keypoints[sure, :2].max(axis=0)
    margin = pad * float((high - low).max())
    return np.concatenate([low - margin, high + margin]).astype(np.float32)


def at_least(box: Boxes, size: NDArray[np.floating]) -> Boxes:
    """The box, widened about its middle to a width and height of ``size`` where it is smaller."""
    missing = np.clip(size - (box[2:] - box[:2]), 0, None) / 2
    return np.concatenate([box[:2] - missing, box[2:] + missing]).astype(np.float32)


def overlap(a: Boxes, b: Boxes) -> float:
    """Intersection over union of two boxes."""
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    area = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared
    return shared / area if area > 0 else 0.0


def padded(box: Boxes, share: float) -> Boxes:
    """The box with a share of its longer side added on every side."""
    margin = share * float((box[2:] - box[:2]).max())
    return (box + np.array([-margin, -margin, margin, margin])).astype(np.float32)


def moved(box: Boxes, by: NDArray[np.floating]) -> Boxes:
    """The box, moved by x, y."""
    return (box + np.tile(by, 2)).astype(np.float32)


def inside(box: Boxes, other: Boxes) -> float:
    """How much of a box lies in the other, 0..1."""
    low, high = np.maximum(box[:2], other[:2]), np.minimum(box[2:], other[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    return shared / max(float(np.prod(box[2:] - box[:2])), 1e-9)
