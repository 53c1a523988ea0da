"""Imports MMPose without the one warning that mmcv-lite always prints."""

from __future__ import annotations

import warnings
from types import ModuleType


def import_mmpose() -> ModuleType:
    """The ``mmpose`` package, its registries filled; takes some seconds the first time."""
    with warnings.catch_warnings():
        # mmcv-lite has no compiled operators, and nothing here uses them.
        warnings.filterwarnings("ignore", message="Fail to import ``MultiScaleDeformableAttention``")
        import mmpose.codecs
        import mmpose.datasets
        import mmpose.models
    return mmpose
