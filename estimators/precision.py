"""What a GPU needs to be quick: numbers of half the size, and pictures that move while it computes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor


def half_precision(device: torch.device) -> AbstractContextManager[Any]:
    """float16 for looking at pictures on a GPU: its 11 bits move joints by hundredths of a pixel.

    Training has bfloat16 (:func:`estimators.trainer.mixed_precision`): gradients need its range.
    """
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.float16)
    return nullcontext()


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor on a device. To a GPU it moves from pinned memory, without waiting for it."""
    if device.type == "cuda" and tensor.device.type == "cpu":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
