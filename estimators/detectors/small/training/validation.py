"""How well a network finds the people of scenes whose people are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from estimators.boxes import iou
from estimators.detectors.small.decoding import decode
from estimators.detectors.small.training.scenes import Scene

FAINTEST = 0.05
THRESHOLD = 0.3
SAME = 0.5  # intersection over union of a box and the person it found


def validate(model: nn.Module, scenes: Sequence[Scene], *, device: torch.device) -> dict[str, float]:
    """Average precision, recall, false finds a scene and mean overlap; the last three at one threshold.

    Args:
        model: in evaluation mode.
        scenes: of one size.
        device: of the model.
    """
    scores, hits, shared, people = [], [], [], 0
    for scene in scenes:
        picture = torch.from_numpy(scene.picture).permute(2, 0, 1)[None].to(device).float()
        with torch.inference_mode():
            logits, edges = model(picture)
        boxes, found = decode(logits[0], edges[0], threshold=FAINTEST)
        matched = _match(boxes, scene)
        people += len(scene.boxes)
        scores.append(found)
        hits.append(matched > 0)
        shared.append(matched[(matched > 0) & (found >= THRESHOLD)])
    score, hit = np.concatenate(scores), np.concatenate(hits)
    sure = score >= THRESHOLD
    common = np.concatenate(shared)
    return {
        "average_precision": round(_average_precision(score, hit, people), 4),
        "recall": round(float(hit[sure].sum() / max(people, 1)), 4),
        "false_a_scene": round(float((~hit[sure]).sum() / len(scenes)), 4),
        "overlap": round(float(common.mean()) if len(common) else 0.0, 4),
    }


def _match(boxes: NDArray, scene: Scene) -> NDArray[np.float64]:
    """For each box, the surest first, its overlap with the person it found, or 0."""
    free = list(range(len(scene.boxes)))
    matched = np.zeros(len(boxes))
    for row, box in enumerate(boxes):
        if not free:
            break
        # An edge that nobody labelled is taken as found.
        known = np.stack([np.where(np.isfinite(scene.boxes[i]), scene.boxes[i], box) for i in free])
        share = iou(np.clip(box, 0, len(scene.picture)), np.clip(known, 0, len(scene.picture)))
        best = int(np.argmax(share))
        if share[best] >= SAME:
            matched[row] = share[best]
            free.pop(best)
    return matched


def _average_precision(scores: NDArray, hits: NDArray, people: int) -> float:
    """Area under precision over recall, precision made to fall."""
    order = np.argsort(-scores)
    found = np.cumsum(hits[order])
    precision = found / np.arange(1, len(found) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(falling[hits[order]].sum() / max(people, 1))
