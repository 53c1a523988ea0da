"""Greedy non-maximum suppression of whole people (Yang & Ramanan 1.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimators.boxes import covered

Array = NDArray[np.floating]

CANDIDATES = 1000


def cover(boxes: Array) -> Array:
    """The box that covers all parts: (N, parts, 4) -> (N, 4)."""
    return np.concatenate([boxes[..., :2].min(axis=1), boxes[..., 2:].max(axis=1)], axis=1)


def suppress(boxes: Array, scores: Array, *, overlap: float) -> NDArray[np.int64]:
    """Indices of the placements to keep, the best first.

    A placement goes where its covering box, or any of its parts' boxes, is covered by more than ``overlap``
    of the picked one's own area. Only the 1,000 best are looked at.

    Args:
        boxes: (N, parts, 4), x1, y1, x2, y2 with both ends inside.
        scores: (N,).
        overlap: 0..1.
    """
    order = np.argsort(-scores, kind="stable")[:CANDIDATES]
    regions = np.concatenate([boxes, cover(boxes)[:, None]], axis=1)[order]
    regions[..., 2:] += 1  # both ends lie inside
    alive = np.arange(len(order))
    kept = []
    while len(alive):
        best = alive[0]
        kept.append(order[best])
        alive = alive[1:]
        alive = alive[covered(regions[best], regions[alive]).max(axis=1) <= overlap]
    return np.array(kept, dtype=np.int64)
