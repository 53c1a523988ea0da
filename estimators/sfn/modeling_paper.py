"""The Spatial Fusion Network as published, without its last layers (those are the head).

Pfister, Charles, Zisserman: "Flowing ConvNets for Human Pose Estimation in Videos", ICCV 2015.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import nn

INIT_STD = 0.01  # as in the published configuration


def scaled(channels: int, width: float) -> int:
    """Channels times the width, at least one."""
    return max(1, round(channels * width))


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    nn.init.normal_(layer.weight, std=INIT_STD)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return nn.Sequential(layer, nn.ReLU(inplace=True))


def _stack(channels: list[int], kernels: list[int]) -> nn.Sequential:
    return nn.Sequential(
        *(
            _convolution(inputs, outputs, kernel)
            for inputs, outputs, kernel in zip(channels, channels[1:], kernels, strict=False)
        )
    )


@MODELS.register_module()
class SFNPaperBackbone(BaseModule):
    """conv1 to conv7 and the spatial fusion layers conv1_fusion to conv4_fusion.

    Args:
        width: factor on every layer's channels; 1 is the published network.
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        c64, c128, c256, c512 = (scaled(channels, width) for channels in (64, 128, 256, 512))
        pool = nn.MaxPool2d(2)
        self.early = nn.Sequential(
            _convolution(3, c128, 5), pool, _convolution(c128, c128, 5), pool, _convolution(c128, c128, 5)
        )
        self.late = _stack([c128, c256, c512, c256, c256], [9, 9, 1, 1])
        self.fusion = _stack([c128 + c256, c64, c64, c128, c256], [7, 13, 13, 1])
        self.out_channels = (c256, c256)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (N, 3, S, S) -> features before loss 1 (conv7) and before loss 2, both at S / 4."""
        early = self.early(images)
        late = self.late(early)
        return late, self.fusion(torch.cat([early, late], dim=1))
