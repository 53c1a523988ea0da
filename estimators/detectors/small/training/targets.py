"""What the network should say of a scene, and how far it is from that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from estimators.detectors.small.configuration import STRIDE
from estimators.detectors.small.training.scenes import Scene

SPREAD = 0.05  # standard deviation of a person's peak, as a share of their longer side
NARROWEST, WIDEST = 0.6, 2.0  # of a peak, in cells
SHAPING = 0.3  # cells with so much of a peak say where its person's edges are
EDGES_WEIGHT = 1.0


@dataclass(frozen=True)
class Targets:
    """Of N scenes with maps of h x w cells.

    Attributes:
        peaks: (N, h, w): 1 in the cell of a person's shoulders, falling to 0 around it.
        sureness: (N, h, w): what a cell without a person counts.
        edges: (N, 4, h, w): pixels to a person's edges; NaN where there is none or it is not known.
    """

    peaks: Tensor
    sureness: Tensor
    edges: Tensor


def make_targets(scenes: list[Scene]) -> Targets:
    """Targets of scenes of one size."""
    parts = [_of_scene(scene) for scene in scenes]
    return Targets(*(torch.from_numpy(np.stack(maps)) for maps in zip(*parts, strict=True)))


def _of_scene(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cells = len(scene.picture) // STRIDE
    middles = (np.arange(cells, dtype=np.float32) + 0.5) * STRIDE
    peaks = np.zeros((cells, cells), np.float32)
    edges = np.full((4, cells, cells), np.nan, np.float32)
    half = STRIDE // 2
    sureness = scene.sureness[half::STRIDE, half::STRIDE]
    for (x, y), box in zip(scene.anchors, scene.boxes, strict=True):
        longer = float(np.nanmax(box[2:] - box[:2]))
        spread = float(np.clip(SPREAD * longer / STRIDE, NARROWEST, WIDEST)) * STRIDE
        # The peak stands in the middle of a cell, so that one cell is sure.
        column, row = min(int(x / STRIDE), cells - 1), min(int(y / STRIDE), cells - 1)
        across = np.exp(-((middles - middles[column]) ** 2) / (2 * spread**2))
        down = np.exp(-((middles - middles[row]) ** 2) / (2 * spread**2))
        peak = down[:, None] * across[None]
        mine = (peak > peaks) & (peak >= SHAPING)
        peaks = np.maximum(peaks, peak)
        mx, my = np.meshgrid(middles, middles)
        distances = np.stack([mx - box[0], my - box[1], box[2] - mx, box[3] - my])
        edges[:, mine] = np.maximum(distances, 1.0)[:, mine]
    return peaks, sureness, edges


def loss_of(logits: Tensor, edges: Tensor, targets: Targets) -> Tensor:
    """Penalty-reduced focal loss of the peaks (Zhou et al., 2019, equation 1) and the edges' error.

    Args:
        logits: (N, h, w).
        edges: (N, 4, h, w), in pixels.
        targets: of the same scenes.
    """
    sure = targets.peaks >= 1
    likely = logits.sigmoid()
    found = -F.logsigmoid(logits) * (1 - likely) ** 2 * sure
    false = -F.logsigmoid(-logits) * likely**2 * (1 - targets.peaks) ** 4 * targets.sureness * ~sure
    peaks = (found.sum() + false.sum()) / sure.sum().clamp(min=1)
    known = targets.edges.isfinite()
    wanted = targets.edges.nan_to_num(1.0)
    # Of the logarithm: a tenth too far counts the same for the small and for the large.
    error = F.smooth_l1_loss(edges.clamp(min=0.5).log(), wanted.log(), reduction="none", beta=0.1)
    return peaks + EDGES_WEIGHT * (error * known).sum() / known.sum().clamp(min=1)
