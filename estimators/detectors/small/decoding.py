"""From the network's maps to boxes."""

from __future__ import annotations

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from estimators.boxes import nms
from estimators.detectors.small.configuration import STRIDE

SHARED = 0.55  # intersection over union above which two boxes are of one person
MOST = 64


def decode(logits: Tensor, edges: Tensor, *, threshold: float) -> tuple[NDArray, NDArray]:
    """The people in one picture, the surest first.

    Args:
        logits: (h, w).
        edges: (4, h, w): pixels from the cells' middles to the left, upper, right and lower edge.
        threshold: the least score.

    Returns:
        float32 (N, 4): x1, y1, x2, y2 in pixels of the picture, corners of pixels at whole numbers; float32
        (N,): scores in 0..1.
    """
    scores = logits.sigmoid()
    highest = F.max_pool2d(scores[None, None], 3, 1, 1)[0, 0]
    rows, columns = torch.where((scores >= highest) & (scores >= threshold))
    order = scores[rows, columns].argsort(descending=True)[:MOST]
    rows, columns = rows[order], columns[order]
    x, y = (columns + 0.5) * STRIDE, (rows + 0.5) * STRIDE
    left, up, right, down = edges[:, rows, columns]
    boxes = torch.stack([x - left, y - up, x + right, y + down], dim=1).float().cpu().numpy()
    found = scores[rows, columns].float().cpu().numpy()
    kept = nms(boxes, limit=SHARED)
    return boxes[kept], found[kept]
