"""SFN, the default estimator: a Spatial Fusion Network on MMPose, top-down, 15 joints.

Pfister, Charles, Zisserman: "Flowing ConvNets for Human Pose Estimation in Videos", ICCV 2015. See
``docs/sfn.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import weights as store

if TYPE_CHECKING:
    import torch

    from estimators.interface import Estimator

DEFAULT_WEIGHTS = "sfn-small"
LARGE_WEIGHTS = "sfn-large"


def create(*, device: torch.device, weights: Path | None = None) -> Estimator:
    """``sfn``: the small network.

    Args:
        device: to run on.
        weights: a file that ``posefix train sfn`` wrote; None: those that come with posefix.

    Raises:
        WeightsError: the file is missing, damaged or another model's.
    """
    return _create("sfn", DEFAULT_WEIGHTS, device, weights)


def create_flip(*, device: torch.device, weights: Path | None = None) -> Estimator:
    """``sfn_flip``: as ``sfn``, but each picture is looked at twice, the second time mirrored."""
    return _create("sfn_flip", DEFAULT_WEIGHTS, device, weights, flip_test=True)


def create_large(*, device: torch.device, weights: Path | None = None) -> Estimator:
    """``sfn_large``: the same network with twice as many channels; better, and a third as quick."""
    return _create("sfn_large", LARGE_WEIGHTS, device, weights)


def _create(
    name: str, default: str, device: torch.device, weights: Path | None, *, flip_test: bool = False
) -> Estimator:
    from estimators.sfn.quiet import import_mmpose

    import_mmpose()
    from estimators.sfn.builder import restore
    from estimators.sfn.estimator import SFNEstimator

    path = weights if weights is not None else store.find(default)
    config, model = restore(path)
    return SFNEstimator(
        name=name,
        config=config,
        model=model,
        device=device,
        weights_sha256=store.sha256(path),
        flip_test=flip_test,
    )


__all__ = ["DEFAULT_WEIGHTS", "LARGE_WEIGHTS", "create", "create_flip", "create_large"]
