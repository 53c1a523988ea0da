"""How well a network finds the people of scenes whose people are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from estimators.detectors.metrics import average_precision, match
from estimators.detectors.small.decoding import decode
from estimators.detectors.small.training.scenes import Scene

FAINTEST = 0.05
THRESHOLD = 0.3


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
        matched = match(np.clip(boxes, 0, len(scene.picture)), np.reshape(scene.boxes, (-1, 4)))
        people += len(scene.boxes)
        scores.append(found)
        hits.append(matched > 0)
        shared.append(matched[(matched > 0) & (found >= THRESHOLD)])
    score, hit = np.concatenate(scores), np.concatenate(hits)
    sure = score >= THRESHOLD
    common = np.concatenate(shared)
    return {
        "average_precision": round(average_precision(score, hit, people), 4),
        "recall": round(float(hit[sure].sum() / max(people, 1)), 4),
        "false_a_scene": round(float((~hit[sure]).sum() / len(scenes)), 4),
        "overlap": round(float(common.mean()) if len(common) else 0.0, 4),
    }
