"""How well boxes fit the people who are there: plain functions on arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimators.boxes import iou

SAME = 0.5  # intersection over union of a box and the person it found


def match(boxes: NDArray, people: NDArray) -> NDArray[np.float64]:
    """For each box, the surest first, its overlap with the person it found, or 0; nobody is found twice.

    Args:
        boxes: (N, 4): x1, y1, x2, y2.
        people: (M, 4): the same; an edge that is NaN, since nobody labelled it, is taken as found.
    """
    free = list(range(len(people)))
    matched = np.zeros(len(boxes))
    for row, box in enumerate(boxes):
        if not free:
            break
        known = np.stack([np.where(np.isfinite(people[i]), people[i], box) for i in free])
        share = iou(box, known)
        best = int(np.argmax(share))
        if share[best] >= SAME:
            matched[row] = share[best]
            free.pop(best)
    return matched


def average_precision(scores: NDArray, hits: NDArray, people: int) -> float:
    """Area under precision over recall, precision made to fall (Everingham et al., IJCV 2010).

    Args:
        scores: (N,), of boxes in any order.
        hits: bool, (N,), whether each found somebody.
        people: how many there are to find.
    """
    order = np.argsort(-scores)
    found = np.cumsum(hits[order])
    precision = found / np.arange(1, len(found) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(falling[hits[order]].sum() / max(people, 1))
