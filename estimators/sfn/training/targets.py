"""Batches of samples, and what the network should say of them, made on the device."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from estimators.sfn.codec import draw_heatmaps
from estimators.sfn.configuration import STRIDE, SFNConfig


class Samples(NamedTuple):
    """Crops as the workers hand them over: stacked, and a quarter of the floats' size.

    Attributes:
        images: uint8, (N, S, S, 3), RGB.
        joints: float32, (N, J, 2), in pixels of the crop.
        labelled: float32, (N, J): 1 or 0.
    """

    images: Tensor
    joints: Tensor
    labelled: Tensor


class Prepared(NamedTuple):
    """What the losses are computed from.

    Attributes:
        images: float32, (N, 3, S, S), normalised.
        heatmaps: float32, (N, J, H, W).
        weights: (N, J): 0: no loss.
    """

    images: Tensor
    heatmaps: Tensor
    weights: Tensor


def prepare(samples: Samples, *, config: SFNConfig, preprocessor: nn.Module) -> Prepared:
    """Normalised images and targets on the samples' device.

    Args:
        samples: of one batch.
        config: of the network; the crops' size is their own.
        preprocessor: MMPose's, which knows mean and deviation of the colours.
    """
    stage: Any = preprocessor
    images = (samples.images.permute(0, 3, 1, 2).float() - stage.mean) / stage.std
    size = images.shape[-1]
    heatmaps = draw_heatmaps(
        samples.joints, samples.labelled, input_size=size, size=size // STRIDE, sigma=config.sigma
    )
    return Prepared(images, heatmaps, samples.labelled)
