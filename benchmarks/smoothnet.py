"""SmoothNet (Zeng et al., ECCV 2022): fully connected layers over time, for each coordinate alone.

Trained on the same pairs as the corrector, towards the same targets:

    python -m benchmarks.smoothnet ../shared/data/h36m_sh --output runs/smoothnet.safetensors
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import weights as store
from corrector.training.motion_datasets import H36M_JOINTS, TRAIN_SUBJECTS, load_h36m
from corrector.training.sequence_sources import SequenceSource, convention, pair_source

Floats = NDArray[np.floating]
WINDOW, HIDDEN, BLOCKS, BATCH = 32, 512, 3, 64
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


def train_smoothnet(data: Path, *, steps: int, seed: int = 0) -> SmoothNet:
    """Trains on the pairs of the training subjects, with Adam and the published losses.

    Mean absolute error of places and of accelerations; learning rate 1e-3, falling by 5 % twenty times.
    """
    torch.manual_seed(seed)
    takes = [take.as_pairs() for take in load_h36m(data, TRAIN_SUBJECTS)]
    source = pair_source(takes, H36M_JOINTS, convention(takes), share=1.0, device=torch.device("cpu"))
    network = SmoothNet()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, amsgrad=True)
    falling = torch.optim.lr_scheduler.StepLR(optimizer, max(1, steps // 20), 0.95)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        given, target = _draw(source, generator)
        apart = network(given) - target
        loss = apart.abs().mean() + apart.diff(n=2, dim=1).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    return network.eval()


def _draw(source: SequenceSource, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    assert source.given is not None
    take = torch.multinomial(source.lengths.float(), BATCH, replacement=True, generator=generator)
    room = (source.lengths[take] - WINDOW).clamp(min=1)
    start = source.starts[take] + (torch.rand(BATCH, generator=generator) * room).long()
    frames = start.unsqueeze(1) + torch.arange(WINDOW)
    given, target = (
        part[frames, 1:].flatten(2).transpose(1, 2).flatten(0, 1) for part in (source.given, source.true)
    )
    middle = given.mean(dim=1, keepdim=True)
    return (given - middle) / SCALE, (target - middle) / SCALE


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


def main() -> None:
    """Trains and writes the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DIR", help="h36m_sh")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--steps", type=int, default=20_000, metavar="N", help="(default: 20000)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="(default: 1)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    network = train_smoothnet(args.data, steps=args.steps)
    store.save(args.output, kind=KIND, config={"steps": args.steps}, tensors=network.state_dict())


if __name__ == "__main__":
    main()
