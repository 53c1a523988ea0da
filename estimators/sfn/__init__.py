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


def create(*, device: torch.device, weights: Path | None = None, flip_test: bool = False) -> Estimator:
    """The estimator with trained weights.

    Args:
        device: to run on.
        weights: a file that ``posefix train sfn`` wrote; None: the one that comes with posefix.
        flip_test: see :class:`estimators.sfn.estimator.SFNEstimator`.

    Raises:
        WeightsError: the file is missing, damaged or another model's.
    """
    from estimators.sfn.quiet import import_mmpose

    import_mmpose()
    from estimators.sfn.builder import restore
    from estimators.sfn.estimator import SFNEstimator

    path = weights if weights is not None else store.find(DEFAULT_WEIGHTS)
    config, model = restore(path)
    return SFNEstimator(
        config=config,
        model=model,
        device=device,
        weights_sha256=store.sha256(path),
        flip_test=flip_test,
    )


def create_flip(*, device: torch.device, weights: Path | None = None) -> Estimator:
    """``sfn_flip``: as :func:`create`, but each picture is looked at twice, the second time mirrored."""
    return create(device=device, weights=weights, flip_test=True)


__all__ = ["DEFAULT_WEIGHTS", "create", "create_flip"]
