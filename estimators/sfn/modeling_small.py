"""A lean SFN for a CPU: residual encoder, decoder with a first loss, two spatial fusion stages.

What is kept of the published network: heatmaps at a quarter of the input, a first loss before the fusion,
early and late features concatenated, and large kernels after that, which learn how joints lie to each other.
What differs: residual blocks with batch normalisation down to a 32nd of the input (He et al., CVPR 2016);
the fusion's large kernels are depthwise; and everything after the stem works at an eighth of the input or
less and is brought to a quarter by rearranging channels (Shi et al., CVPR 2016), because layers at a quarter
are what a CPU spends its time on.
"""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import nn

from estimators.sfn.modeling_paper import scaled

STEM, AT8, AT16, AT32, DECODER = 32, 80, 160, 192, 96  # channels
BLOCKS8, BLOCKS16, BLOCKS32 = 2, 3, 1


def _convolution(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut; starts as the identity."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        norm = [module for module in self.layers.modules() if isinstance(module, nn.BatchNorm2d)][-1]
        nn.init.zeros_(norm.weight)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, channels, H, W) -> the same shape."""
        return nn.functional.relu(features + self.layers(features))


def _basic_blocks(channels: int, count: int) -> nn.Sequential:
    blocks = (
        ResidualBlock(
            _convolution(channels, channels, 3), nn.ReLU(inplace=True), _convolution(channels, channels, 3)
        )
        for _ in range(count)
    )
    return nn.Sequential(*blocks)


def _separable_blocks(channels: int, kernel: int, count: int) -> nn.Sequential:
    blocks = (
        ResidualBlock(
            _convolution(channels, channels, kernel, groups=channels), _convolution(channels, channels, 1)
        )
        for _ in range(count)
    )
    return nn.Sequential(*blocks)


def _down(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(_convolution(inputs, outputs, 3, stride=2), nn.ReLU(inplace=True))


@MODELS.register_module()
class SFNSmallBackbone(BaseModule):
    """Encoder, decoder and two fusion stages.

    Args:
        width: factor on the channels of every layer.
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        stem, at8, at16, at32, decoder = (scaled(c, width) for c in (STEM, AT8, AT16, AT32, DECODER))
        self.stem = nn.Sequential(_convolution(3, stem, 7, stride=4), nn.ReLU(inplace=True))
        self.encode8 = nn.Sequential(_down(stem, at8), _basic_blocks(at8, BLOCKS8))
        self.encode16 = nn.Sequential(_down(at8, at16), _basic_blocks(at16, BLOCKS16))
        self.encode32 = nn.Sequential(_down(at16, at32), _basic_blocks(at32, BLOCKS32))
        self.from32 = _convolution(at32, decoder, 1)
        self.from16 = _convolution(at16, decoder, 1)
        self.from8 = _convolution(at8 + 4 * stem, decoder, 1)
        self.unshuffle = nn.PixelUnshuffle(2)
        self.decode16 = _separable_blocks(decoder, 5, 1)
        self.decode8 = _separable_blocks(decoder, 5, 1)
        self.join1 = _convolution(2 * decoder, decoder, 1)
        self.fusion1 = _separable_blocks(decoder, 7, 2)
        self.join2 = _convolution(2 * decoder, decoder, 1)
        self.fusion2 = _separable_blocks(decoder, 7, 2)
        self.out_channels = (decoder, decoder)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images (N, 3, S, S) -> features for loss 1 and for loss 2, both (N, channels, S / 8, S / 8)."""
        images = images.contiguous(memory_format=torch.channels_last)  # quicker than NCHW on a CPU
        at4 = self.stem(images)
        at8 = self.encode8(at4)
        at16 = self.encode16(at8)
        at32 = self.encode32(at16)
        late16 = self.decode16(nn.functional.relu(_doubled(self.from32(at32)) + self.from16(at16)))
        early = self.from8(torch.cat([at8, self.unshuffle(at4)], dim=1))
        late = self.decode8(nn.functional.relu(_doubled(late16) + early))
        fused = self.fusion1(nn.functional.relu(self.join1(torch.cat([early, late], dim=1))))
        fused = self.fusion2(nn.functional.relu(self.join2(torch.cat([late, fused], dim=1))))
        return late, fused


def _doubled(features: torch.Tensor) -> torch.Tensor:
    return nn.functional.interpolate(features, scale_factor=2.0, mode="nearest")
