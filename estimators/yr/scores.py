"""Part scores: the cross-correlation of a level's features with all templates, as one convolution."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from estimators.yr.model import PartModel

Array = NDArray[np.floating]


class PartScorer:
    """Scores of all templates of a model everywhere in a feature map.

    Args:
        model: whose templates.
        device: where the convolution runs.
        dtype: of the scores; float32 is within 1e-5 of float64.
    """

    def __init__(self, model: PartModel, *, device: torch.device, dtype: torch.dtype) -> None:
        bank = torch.from_numpy(model.filter_bank.transpose(0, 3, 1, 2).copy())
        self.templates = bank.to(device=device, dtype=dtype).contiguous()

    def __call__(self, features: Array) -> Array:
        """(H, W, 32) -> (filters, H - height + 1, W - width + 1)."""
        maps = torch.from_numpy(np.ascontiguousarray(features.transpose(2, 0, 1))).to(self.templates)
        with torch.inference_mode():
            return F.conv2d(maps[None], self.templates)[0].cpu().numpy()
