"""Boxes: x1, y1, x2, y2 in pixels, as float arrays (..., 4).

What takes two broadcasts: ``iou(a[:, None], b)`` is of each of ``a`` with each of ``b``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.floating]


def enclosing(points: NDArray[np.floating]) -> Boxes:
    """The smallest boxes (..., 4) around points (..., J, 2); NaN does not count, but one must be there."""
    return np.concatenate([np.nanmin(points, axis=-2), np.nanmax(points, axis=-2)], axis=-1)


def around(keypoints: NDArray[np.floating], *, min_score: float, pad: float) -> Boxes | None:
    """The box around one person's joints, widened by ``pad`` times its longer side on every side.

    Args:
        keypoints: (joints, 3): x, y, score.
        min_score: joints below it do not count.

    Returns:
        (4,), or None where fewer than two joints count.
    """
    sure = (keypoints[:, 2] >= min_score) & np.isfinite(keypoints[:, 0])
    return padded(enclosing(keypoints[sure, :2]), pad) if sure.sum() >= 2 else None


def padded(box: Boxes, share: float) -> Boxes:
    """Boxes with a share of their longer side added on every side."""
    margin = share * (box[..., 2:] - box[..., :2]).max(axis=-1, keepdims=True)
    return np.concatenate([box[..., :2] - margin, box[..., 2:] + margin], axis=-1)


def at_least(box: Boxes, size: NDArray[np.floating] | float) -> Boxes:
    """Boxes, widened about their middle to a width and height of ``size`` where they are smaller."""
    missing = np.clip(size - (box[..., 2:] - box[..., :2]), 0, None) / 2
    return np.concatenate([box[..., :2] - missing, box[..., 2:] + missing], axis=-1).astype(box.dtype)


def moved(box: Boxes, by: NDArray[np.floating]) -> Boxes:
    """The box, moved by x, y."""
    return (box + np.tile(by, 2)).astype(box.dtype)


def area(box: Boxes) -> NDArray[np.floating]:
    """Areas (...), in squared pixels; 0 where an edge lies beyond the one opposite."""
    return np.prod(np.clip(box[..., 2:] - box[..., :2], 0, None), axis=-1)


def shared(box: Boxes, other: Boxes) -> NDArray[np.floating]:
    """Areas (...) of what two boxes have in common."""
    low, high = np.maximum(box[..., :2], other[..., :2]), np.minimum(box[..., 2:], other[..., 2:])
    return area(np.concatenate([low, high], axis=-1))


def iou(box: Boxes, other: Boxes) -> NDArray[np.floating]:
    """Intersection over union (...), 0..1; 0 where neither has an area."""
    common = shared(box, other)
    return common / np.maximum(area(box) + area(other) - common, 1e-9)


def covered(box: Boxes, other: Boxes) -> NDArray[np.floating]:
    """How much (...) of a box lies in the other, 0..1."""
    return shared(box, other) / np.maximum(area(box), 1e-9)


def overlap(box: Boxes, other: Boxes) -> float:
    """Intersection over union of two boxes (4,)."""
    return float(iou(box, other))


def inside(box: Boxes, other: Boxes) -> float:
    """How much of one box (4,) lies in another, 0..1."""
    return float(covered(box, other))


def nms(box: Boxes, *, limit: float) -> list[int]:
    """Greedy non-maximum suppression: rows of boxes (N, 4) that overlap no kept one before them by more.

    Args:
        box: the surest first.
        limit: intersection over union above which two boxes are of one.
    """
    kept: list[int] = []
    for row in range(len(box)):
        if not (iou(box[row], box[kept]) > limit).any():
            kept.append(row)
    return kept


def middle(box: NDArray[np.floating]) -> NDArray[np.float32]:
    """x, y of a box's middle."""
    return np.asarray((box[:2] + box[2:]) / 2, np.float32)


def turned(points: NDArray[np.floating], about: NDArray[np.floating], degrees: float) -> NDArray[np.float32]:
    """Points (..., 2), turned clockwise as seen (y goes down) about a point."""
    sine, cosine = np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))
    away = points - about
    return (away @ np.array([[cosine, sine], [-sine, cosine]]) + about).astype(np.float32)
