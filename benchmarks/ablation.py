"""What each part of the corrector is worth: variants trained alike, for as many batches, and measured alike.

    python -m benchmarks.ablation ../shared/data [--steps N] [--seed N] [--json FILE]

Each is the preset ``default`` but for one thing. Measured on S8 (never trained on): a real detector's
joints in its own convention, and the labels with 1 px of noise; and on Penn Action clips with exchanges put
into them. Short runs rank parts, they do not say how good a whole run is.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.never_worse import Clip, exchanges, good_input, h36m_clips, penn_clips
from corrector import Corrector
from corrector.api import load_network
from corrector.configuration import CorrectorConfig
from corrector.training.train import TrainingOptions, train
from corrector.training.validation import Report

BATCH_SIZE = 96


@dataclass(frozen=True)
class Variant:
    """What differs in the configuration and in the training."""

    config: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)


VARIANTS = {
    "default": Variant(),
    "decoder step after step": Variant({"parallel": False, "decoder_size": 96}),
    "points, not a blend behind a gate": Variant({"smoothing_seconds": ()}),
    "points alone as inputs": Variant({"observation_inputs": False, "side_inputs": False}),
    "no evidence of sides as input": Variant({"side_inputs": False}),
    "sides not put right before": Variant({"fix_left_right_swaps": False}),
    "real pairs alone, no simulated errors": Variant(training={"simulated": False}),
    "people's own proportions alone": Variant(training={"bodies": False}),
}


@dataclass(frozen=True)
class Metrics:
    """Of one trained variant.

    Attributes:
        variant: its name.
        minutes: that its training took.
        detector_px, corrected_px, acceleration_px: on the detector's joints.
        clean_px: mean error of labels with 1 px of noise, corrected.
        exchanged: what became of exchanges.
    """

    variant: str
    minutes: float
    detector_px: float
    corrected_px: float
    acceleration_px: float
    clean_px: float
    exchanged: str


def measure(data: Path, *, steps: int, seed: int) -> Iterator[Metrics]:
    """Trains and measures one variant after another.

    Args:
        data: folder that holds ``h36m_sh/`` and ``motion/``.
        steps: batches that each is trained for.
        seed: of weights and batches.
    """
    labels, clips = h36m_clips(data, every=1), penn_clips(data)
    base = CorrectorConfig.preset_named("default")
    for name, variant in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder:
            options = TrainingOptions(
                data=data,
                output=Path(folder),
                preset=base.preset,
                steps=steps,
                batch_size=BATCH_SIZE,
                report_every=steps,
                seed=seed,
                config=replace(base, **variant.config),
            )
            yield _figures(name, replace(options, **variant.training), labels, clips)


def _figures(name: str, options: TrainingOptions, labels: list[Clip], clips: list[Clip]) -> Metrics:
    device, reports, began = torch.device("cpu"), list[Report](), time.monotonic()
    path = train(options, device=device, on_report=reports.append)
    minutes = (time.monotonic() - began) / 60
    corrector, report = Corrector(load_network(path), device=device), reports[-1]
    return Metrics(
        variant=name,
        minutes=minutes,
        detector_px=report.detector_px,
        corrected_px=report.error_px,
        acceleration_px=report.acceleration_px,
        clean_px=float(good_input(labels, corrector)[1]),
        exchanged=exchanges(clips, corrector),
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DIR", help="folder that holds h36m_sh/ and motion/")
    parser.add_argument("--steps", type=int, default=600, metavar="N", help="batches each (default: 600)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, as they come")
    args = parser.parse_args()
    torch.set_num_threads(1)
    table = Table("", "minutes", "S8, px", "acceleration, px", "labels + 1 px", "exchanges")
    done: list[Metrics] = []
    for row in measure(args.data, steps=args.steps, seed=args.seed):
        done.append(row)
        numbers = (row.minutes, row.corrected_px, row.acceleration_px, row.clean_px)
        table.add_row(row.variant, *(f"{number:.2f}" for number in numbers), row.exchanged)
        if args.json is not None:
            args.json.write_text(json.dumps([asdict(one) for one in done], indent=2) + "\n")
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
