"""How many samples a second the training of SFN makes and takes: the loader alone, the step alone, both.

Where both together are slower than the step alone, more workers help; where they are as quick, the device is
what it waits for. Drawn figures stand in for photos where no folder of data is given: they cost as much.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from app.device import choose_device
from estimators.datasets.records import draw_figures
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.quiet import import_mmpose

FIGURES = 64
WARM_UP = 3  # steps that are not counted


def measured(step: Callable[[], None], *, samples: int, seconds: float, device: torch.device) -> float:
    """Samples a second of a step, over at least so many seconds."""
    for _ in range(WARM_UP):
        step()
    _wait(device)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step()
        done += samples
    _wait(device)
    return done / (time.perf_counter() - start)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def measure(args: argparse.Namespace) -> dict[str, float]:
    """Samples a second by what is measured; a sample that several networks take counts once."""
    import_mmpose()
    from estimators.sfn.training.mixture import TrainingData, TrainingSource, load_training_data
    from estimators.sfn.training.train import Trainer, TrainingSettings

    device = choose_device(args.device)
    if args.data is None:
        figures = draw_figures(FIGURES, seed=0)
        data = TrainingData((TrainingSource("drawn", 1.0, figures),), (), ())
    else:
        data = load_training_data(args.data)
    widths = [float(width) for width in args.width.split(",")]
    settings = TrainingSettings(
        samples=10**9,
        batch_size=args.batch_size,
        sizes=((args.input_size, 1.0),),
        workers=args.workers,
        replicas=args.replicas,
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            configs=[SFNConfig(width=width) for width in widths],
            settings=settings,
            data=data,
            folder=Path(folder),
            device=device,
            report=lambda _: None,
        )
        loader, stream = trainer.samples(), trainer.batches()
        ready = trainer.prepared(next(loader))
        steps: dict[str, Callable[[], object]] = {
            "loader alone": lambda: next(loader),
            "step alone": lambda: trainer.step(ready),
            "both": lambda: trainer.step(next(stream)),
        }
        return {
            name: measured(step, samples=args.batch_size, seconds=args.seconds, device=device)
            for name, step in steps.items()
        }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", metavar="DIR", help="as of posefix train sfn")
    parser.add_argument("--width", default="1", metavar="X[,X]", help="(default: 1)")
    parser.add_argument("--input-size", type=int, default=256, metavar="PX", help="(default: 256)")
    parser.add_argument("--batch-size", type=int, default=32, metavar="N", help="(default: 32)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--replicas", type=int, default=2, metavar="N", help="threads on a CPU (default: 2)")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="X", help="of each (default: 10)")
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="(default: auto)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()
    rates = measure(args)
    table = Table("", "samples a second", title=f"{args.batch_size} of {args.input_size} pixels")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:.1f}")
    Console(highlight=False).print(table)
    if args.json is not None:
        args.json.write_text(json.dumps(rates, indent=2) + "\n")


if __name__ == "__main__":
    main()
