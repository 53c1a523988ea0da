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


def windows(width: int, height: int, *, share: float, stride: float) -> Boxes:
    """Square windows all over a frame.

    Args:
        width, height: of the frame.
        share: side of the windows, as a share of the frame's shorter side.
        stride: greatest step from window to window, as a share of their side.

    Returns:
        (windows, 4), row by row.
    """
    side = share * min(width, height)
    corners = [(x, y) for y in _starts(height, side, stride) for x in _starts(width, side, stride)]
    return np.array([(x, y, x + side, y + side) for x, y in corners], np.float32)


def _starts(length: int, side: float, stride: float) -> list[float]:
    """Places of windows that cover 0..length evenly, at most a stride apart."""
    steps = int(np.ceil(max(0.0, length - side) / (stride * side)))
    return [float(start) for start in np.linspace(0.0, max(0.0, length - side), steps + 1)]
