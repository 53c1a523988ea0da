"""Trains SmoothNet on the same pairs as the corrector, towards the same targets.

python -m benchmarks.smoothnet ../shared/data/h36m_sh --output runs/smoothnet.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

import weights as store
from app.evaluation.smoothnet import KIND, SCALE, WINDOW, SmoothNet
from corrector.training.motion_datasets import H36M_JOINTS, TRAIN_SUBJECTS, load_h36m
from corrector.training.sequence_sources import SequenceSource, convention, pair_source

BATCH = 64


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
