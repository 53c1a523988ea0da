"""The network: a small residual encoder with a top-down path, read at stride 8.

Each cell says how likely the middle between somebody's shoulders lies in it (as the centres of Zhou et al.,
"Objects as Points", 2019), and how far from the cell the person reaches to all four sides (as in Tian et
al., "FCOS", ICCV 2019). The shoulders are the anchor because they are seen where legs are cut off or hidden.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from estimators.detectors.small.configuration import STRIDE, DetectorConfig
from weights import load_model, save_model

KIND = "detector"
RARE = -4.0  # logit of the likelihood of a person, to start with: cells with one are few
FARTHEST = 6.0  # limit on the logarithm of a distance in cells


def _layer(inputs: int, outputs: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Block(nn.Module):
    """Two convolutions, and their input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _layer(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(self.first(x)))


class DetectorNetwork(nn.Module):
    """See the module's text. Sides of the input are multiples of 32."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        at4, at8, at16, at32 = config.channels
        self.stem = nn.Sequential(_layer(3, at4 // 2, stride=2), _layer(at4 // 2, at4, stride=2))
        self.stage8 = nn.Sequential(_layer(at4, at8, stride=2), _Block(at8))
        self.stage16 = nn.Sequential(_layer(at8, at16, stride=2), _Block(at16), _Block(at16))
        self.stage32 = nn.Sequential(_layer(at16, at32, stride=2), _Block(at32), _Block(at32))
        self.lateral = nn.ModuleList(nn.Conv2d(inputs, config.neck, 1) for inputs in config.channels[1:])
        self.merged16 = _layer(config.neck, config.neck)
        self.merged8 = nn.Sequential(_layer(config.neck, config.neck), _layer(config.neck, config.neck))
        self.read = nn.Conv2d(config.neck, 5, 1)
        nn.init.normal_(self.read.weight, std=0.01)
        bias = torch.ones(5)
        bias[0] = RARE
        self.read.bias = nn.Parameter(bias)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Looks at pictures.

        Args:
            pictures: float, (N, 3, H, W), 0..255, RGB.

        Returns:
            (N, H/8, W/8): logits of a person's shoulders being there; (N, 4, H/8, W/8): pixels from the
            cell's middle to the left, upper, right and lower edge of that person.
        """
        at8 = self.stage8(self.stem((pictures - 114.0) / 58.0))
        at16 = self.stage16(at8)
        at32 = self.stage32(at16)
        up = F.interpolate(self.lateral[2](at32), scale_factor=2.0)
        up = F.interpolate(self.merged16(up + self.lateral[1](at16)), scale_factor=2.0)
        maps = self.read(self.merged8(up + self.lateral[0](at8)))
        return maps[:, 0], STRIDE * maps[:, 1:].clamp(max=FARTHEST).exp()


def build(config: DetectorConfig) -> DetectorNetwork:
    """The network with fresh weights, in training mode."""
    return DetectorNetwork(config).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def export(path: Path, *, config: DetectorConfig, model: nn.Module) -> str:
    """Writes a weights file, kernels in half precision, and returns its SHA-256."""
    return save_model(path, kind=KIND, config=config.to_dict(), model=model)


def restore(path: Path) -> tuple[DetectorConfig, DetectorNetwork]:
    """Configuration and network, in evaluation mode, of a file written by :func:`export`.

    Raises:
        WeightsError: the file is missing, damaged, of another kind or of another version.
    """
    return load_model(path, kind=KIND, read=DetectorConfig.from_dict, build=build)
