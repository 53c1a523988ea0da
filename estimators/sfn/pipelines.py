"""MMPose pipelines for training and for use."""

from __future__ import annotations

from typing import Any

from estimators.sfn import cropping as _affine  # noqa: F401 - registers AreaTopdownAffine
from estimators.sfn.configuration import SFNConfig


def crop_pipeline(config: SFNConfig) -> list[dict[str, Any]]:
    """Box -> crop, as MMPose configs write it; the picture is there already, as ``img`` in RGB."""
    size = (config.input_size, config.input_size)
    return [
        {"type": "mmpose.GetBBoxCenterScale", "padding": 1.0},
        {"type": "mmpose.AreaTopdownAffine", "input_size": size, "use_udp": True},
        {"type": "mmpose.PackPoseInputs"},
    ]


def training_pipeline(
    config: SFNConfig, *, frame_share: float, stray_share: float, upper_share: float
) -> list[dict[str, Any]]:
    """Augmented crop with its joints as arrays; targets are made on the device.

    Args:
        config: of the network.
        frame_share: how often the whole picture is the box.
        stray_share: how often the box is anywhere.
        upper_share: how often the box is around the upper body alone.
    """
    size = (config.input_size, config.input_size)
    return [
        {
            "type": "mmpose.RandomPersonBox",
            "frame_share": frame_share,
            "stray_share": stray_share,
            "upper_share": upper_share,
        },
        {"type": "mmpose.RandomFlip", "direction": "horizontal"},
        {"type": "mmpose.AreaTopdownAffine", "input_size": size, "use_udp": True},
        {"type": "mmpose.RandomAppearance"},
        {"type": "mmpose.RandomOcclusion"},
        {"type": "mmpose.PackSample"},
    ]
