"""SFN as an MMPose model: config, model, weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS

from estimators.sfn import codec as _codec  # noqa: F401 - registers SFNHeatmap
from estimators.sfn import head as _head  # noqa: F401 - registers SFNHead
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.modeling_paper import INIT_STD, SFNPaperBackbone
from estimators.sfn.modeling_small import SFNSmallBackbone
from weights import load_model, save_model

KIND = "sfn"
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


def codec_config(config: SFNConfig) -> dict[str, Any]:
    """MMPose codec: unbiased Gaussian targets, sub-pixel decoding (Huang et al., CVPR 2020)."""
    return {
        "type": "SFNHeatmap",
        "input_size": (config.input_size, config.input_size),
        "heatmap_size": (config.heatmap_size, config.heatmap_size),
        "sigma": config.sigma,
    }


def model_config(config: SFNConfig) -> dict[str, Any]:
    """MMPose config of the whole top-down estimator; images come in as RGB."""
    paper = config.variant == "paper"
    backbone = SFNPaperBackbone if paper else SFNSmallBackbone
    channels = backbone(width=config.width).out_channels
    return {
        "type": "TopdownPoseEstimator",
        "data_preprocessor": {
            "type": "mmpose.PoseDataPreprocessor",
            "mean": MEAN,
            "std": STD,
            "bgr_to_rgb": False,
        },
        "backbone": {"type": backbone.__name__, "width": config.width},
        "head": {
            "type": "SFNHead",
            "in_channels": channels,
            "out_channels": len(config.joints),
            "upscale": 1 if paper else 2,
            "logits": config.loss == "cross_entropy",
            "rectified_first": paper,
            "init_std": INIT_STD if paper else 0.001,
            "loss": {"type": "HeatmapBCELoss"}
            if config.loss == "cross_entropy"
            else {"type": "KeypointMSELoss", "use_target_weight": True},
            "decoder": codec_config(config),
        },
        "test_cfg": {"flip_test": False, "flip_mode": "heatmap", "shift_heatmap": False},
    }


def use_flip_test(model: Any, flip_test: bool) -> None:
    """Makes MMPose average the heatmaps of a picture and of the mirrored one, or not."""
    model.test_cfg["flip_test"] = flip_test


def build(config: SFNConfig) -> TopdownPoseEstimator:
    """The model with fresh weights, in training mode."""
    model = MODELS.build(model_config(config))
    return model.to(memory_format=torch.channels_last) if config.variant == "small" else model


def export(path: Path, *, config: SFNConfig, model: torch.nn.Module) -> str:
    """Writes a weights file, kernels in half precision, and returns its SHA-256."""
    return save_model(path, kind=KIND, config=config.to_dict(), model=model)


def restore(path: Path) -> tuple[SFNConfig, TopdownPoseEstimator]:
    """Config and model, in evaluation mode, of a file written by :func:`export`.

    Raises:
        WeightsError: the file is missing, damaged, of another kind or of another version.
    """
    return load_model(path, kind=KIND, read=SFNConfig.from_dict, build=build)
