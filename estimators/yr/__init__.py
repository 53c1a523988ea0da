"""YR: flexible mixtures of parts (Yang & Ramanan), our own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from estimators.yr.estimator import YREstimator

__all__ = ["create", "create_upper"]


def create(*, device: torch.device, weights: Path | None = None, fast: bool = False) -> YREstimator:
    """The full-body estimator, from a file of ours or a released MATLAB model of 26 parts.

    Raises:
        weights.WeightsError: the weights are missing, damaged or another model's.
    """
    return _create("yr", "yr", device, weights, fast)


def create_upper(*, device: torch.device, weights: Path | None = None, fast: bool = False) -> YREstimator:
    """The estimator of the upper body; as :func:`create`."""
    return _create("yr_upper", "yr-upper", device, weights, fast)


def _create(name: str, default: str, device: torch.device, path: Path | None, fast: bool) -> YREstimator:
    import weights as store
    from estimators.yr.estimator import YREstimator
    from estimators.yr.store import load_any

    path = path or store.find(default)
    model, configuration = load_any(path)
    return YREstimator(
        model, configuration, device=device, weights_sha256=store.sha256(path), name=name, fast=fast
    )
