"""Finds estimators by name through the entry points of the installed packages."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from estimators.interface import Estimator

if TYPE_CHECKING:
    import torch

GROUP = "posefix.estimators"


def available() -> tuple[str, ...]:
    """Names that :func:`create` takes, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def create(name: str, *, device: torch.device, weights: Path | None = None) -> Estimator:
    """Builds the estimator called ``name``, with its own default weights unless some are given.

    Raises:
        ValueError: no estimator has that name.
        weights.WeightsError: its weights are missing or damaged.
    """
    for point in entry_points(group=GROUP):
        if point.name == name:
            return point.load()(device=device, weights=weights)
    raise ValueError(f"Invalid estimator ({name}). Supported values are {', '.join(available())}.")
