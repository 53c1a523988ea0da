"""CSPNeXt, the backbone of RTMPose, which MMPose 1.1 takes from MMDetection.

Lyu et al.: "RTMDet: An Empirical Study of Designing Real-Time Object Detectors", 2022. Modules have the names
of OpenMMLab's implementation (Apache-2.0), so that its checkpoints fit. What no model of poses uses is left
out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

# Channels, blocks, whether blocks add their input, whether pyramid pooling comes first.
STAGES = {
    "P5": ((128, 3, True, False), (256, 6, True, False), (512, 6, True, False), (1024, 3, False, True)),
    "P6": (
        (128, 3, True, False),
        (256, 6, True, False),
        (512, 6, True, False),
        (768, 3, True, False),
        (1024, 3, False, True),
    ),
}
STEM = 64
KERNEL = 5
NORM = {"type": "BN", "momentum": 0.03, "eps": 0.001}
ACTIVATION = {"type": "SiLU"}
Layers = Mapping[str, Any]  # ``norm_cfg`` and ``act_cfg`` of every convolution


@MODELS.register_module()
class CSPNeXt(BaseModule):
    """The backbone; arguments as in RTMPose's configs.

    Args:
        arch: ``P5`` or ``P6``.
        deepen_factor, widen_factor: of the blocks and channels of each stage.
        out_indices: stages whose output is given, 0 being the stem.
        expand_ratio: of the channels inside a stage.
        channel_attention: whether stages weigh their channels.
        norm_cfg, act_cfg: of every convolution.
        init_cfg: as in MMEngine.
    """

    def __init__(
        self,
        arch: str = "P5",
        deepen_factor: float = 1.0,
        widen_factor: float = 1.0,
        out_indices: Sequence[int] = (2, 3, 4),
        expand_ratio: float = 0.5,
        channel_attention: bool = True,
        norm_cfg: Mapping[str, Any] = NORM,
        act_cfg: Mapping[str, Any] = ACTIVATION,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        layers = {"norm_cfg": dict(norm_cfg), "act_cfg": dict(act_cfg)}
        channels, half = int(STEM * widen_factor), int(STEM * widen_factor // 2)
        self.out_indices = tuple(out_indices)
        self.stem = nn.Sequential(
            ConvModule(3, half, 3, padding=1, stride=2, **layers),
            ConvModule(half, half, 3, padding=1, **layers),
            ConvModule(half, channels, 3, padding=1, **layers),
        )
        self._names = ["stem"]
        for index, (width, depth, adds, pools) in enumerate(STAGES[arch], start=1):
            wider = int(width * widen_factor)
            stage: list[nn.Module] = [ConvModule(channels, wider, 3, stride=2, padding=1, **layers)]
            if pools:
                stage.append(_PyramidPooling(wider, layers))
            blocks = max(round(depth * deepen_factor), 1)
            inner = int(wider * expand_ratio)
            stage.append(_Stage(wider, inner, blocks, adds=adds, attention=channel_attention, layers=layers))
            self.add_module(f"stage{index}", nn.Sequential(*stage))
            self._names.append(f"stage{index}")
            channels = wider

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Features (N, C, H, W) of the stages that are wanted."""
        features, wanted = images, []
        for index, name in enumerate(self._names):
            features = getattr(self, name)(features)
            if index in self.out_indices:
                wanted.append(features)
        return tuple(wanted)


class _PyramidPooling(nn.Module):
    """Features beside their maxima over larger and larger windows."""

    def __init__(self, channels: int, layers: Layers) -> None:
        super().__init__()
        sizes = (5, 9, 13)
        self.conv1 = ConvModule(channels, channels // 2, 1, **layers)
        self.poolings = nn.ModuleList(nn.MaxPool2d(size, stride=1, padding=size // 2) for size in sizes)
        self.conv2 = ConvModule(channels // 2 * (len(sizes) + 1), channels, 1, **layers)

    def forward(self, features: Tensor) -> Tensor:
        features = self.conv1(features)
        return self.conv2(torch.cat([features, *(pool(features) for pool in self.poolings)], dim=1))


class _Stage(nn.Module):
    """Half of the channels through the blocks, half past them (cross stage partial)."""

    def __init__(
        self, channels: int, inner: int, blocks: int, *, adds: bool, attention: bool, layers: Layers
    ) -> None:
        super().__init__()
        self.main_conv = ConvModule(channels, inner, 1, **layers)
        self.short_conv = ConvModule(channels, inner, 1, **layers)
        self.final_conv = ConvModule(2 * inner, channels, 1, **layers)
        self.blocks = nn.Sequential(*(_Block(inner, adds, layers) for _ in range(blocks)))
        if attention:
            self.attention = _ChannelAttention(2 * inner)

    def forward(self, features: Tensor) -> Tensor:
        both = torch.cat([self.blocks(self.main_conv(features)), self.short_conv(features)], dim=1)
        return self.final_conv(self.attention(both) if hasattr(self, "attention") else both)


class _Block(nn.Module):
    def __init__(self, channels: int, adds: bool, layers: Layers) -> None:
        super().__init__()
        self.conv1 = ConvModule(channels, channels, 3, padding=1, **layers)
        self.conv2 = DepthwiseSeparableConvModule(channels, channels, KERNEL, padding=KERNEL // 2, **layers)
        self._adds = adds

    def forward(self, features: Tensor) -> Tensor:
        changed = self.conv2(self.conv1(features))
        return features + changed if self._adds else changed


class _ChannelAttention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.global_avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Conv2d(channels, channels, 1)
        self.act = nn.Hardsigmoid()

    def forward(self, features: Tensor) -> Tensor:
        return features * self.act(self.fc(self.global_avgpool(features)))
