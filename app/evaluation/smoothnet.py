"""SmoothNet (Zeng et al., ECCV 2022): fully connected layers over time, for each coordinate alone.

``python -m benchmarks.smoothnet`` trains it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import weights as store

Floats = NDArray[np.floating]
WINDOW, HIDDEN, BLOCKS = 32, 512, 3
KIND = "smoothnet"
SCALE = 100.0


class SmoothNet(nn.Module):
    """Coordinates over time (N, L) in, better ones out. Sizes, slope and dropout as published."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(WINDOW, HIDDEN), nn.LeakyReLU(0.1))
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Linear(HIDDEN, 256),
                nn.Dropout(0.5),
                nn.LeakyReLU(0.2),
                nn.Linear(256, HIDDEN),
                nn.Dropout(0.5),
                nn.LeakyReLU(0.2),
            )
            for _ in range(BLOCKS)
        )
        self.last = nn.Linear(HIDDEN, WINDOW)

    def forward(self, tracks: Tensor) -> Tensor:
        hidden = self.first(tracks)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.last(hidden)


def load_smoothnet(path: Path) -> SmoothNet:
    """The network of a weights file.

    Raises:
        weights.WeightsError: the file is missing, damaged or of another kind.
    """
    _, tensors = store.load(path, kind=KIND)
    network = SmoothNet()
    network.load_state_dict(tensors)
    return network.eval()


def smoother(network: SmoothNet) -> Callable[[Floats, float], Floats]:
    """The network as a filter: all windows that hold a frame are averaged."""

    def apply(points: Floats, _fps: float) -> Floats:
        tracks = torch.from_numpy(points.reshape(len(points), -1).T.astype(np.float32))
        if len(points) < WINDOW:
            return points
        windows = tracks.unfold(1, WINDOW, WINDOW // 8)
        last = tracks[:, -WINDOW:].unsqueeze(1)
        windows = torch.cat((windows, last), dim=1)
        starts = torch.cat(
            (torch.arange(windows.shape[1] - 1) * (WINDOW // 8), torch.tensor([len(points) - WINDOW]))
        )
        middle = windows.mean(dim=2, keepdim=True)
        with torch.inference_mode():
            answers = SCALE * network((windows - middle) / SCALE) + middle
        frames = (starts.unsqueeze(1) + torch.arange(WINDOW)).flatten()
        total = torch.zeros_like(tracks).index_add_(1, frames, answers.flatten(1))
        count = torch.zeros(len(points)).index_add_(0, frames, torch.ones(len(frames)))
        return (total / count).T.reshape(points.shape).double().numpy()

    return apply
