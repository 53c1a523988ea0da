"""Finds estimators by name through the entry points of the installed packages."""

from __future__ import annotations

import inspect
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


def create(name: str, *, device: torch.device, weights: Path | None = None, fast: bool = False) -> Estimator:
    """Builds the estimator called ``name``, with its own default weights unless some are given.

    Args:
        name: as in ``--estimator``.
        device: to run on.
        weights: a file of the estimator's own kind; None: the one that comes with it.
        fast: its quicker way for video. Frames may then depend on those before them and must come in order.

    Raises:
        ValueError: no estimator has that name, or it has no fast mode.
        weights.WeightsError: its weights are missing or damaged.
    """
    for point in entry_points(group=GROUP):
        if point.name == name:
            factory = point.load()
            if not fast:
                return factory(device=device, weights=weights)
            if "fast" not in inspect.signature(factory).parameters:
                raise ValueError(f"Invalid --fast: {name} has no fast mode. Leave it out, or use yr.")
            return factory(device=device, weights=weights, fast=True)
    raise ValueError(f"Invalid estimator ({name}). Supported values are {', '.join(available())}.")
