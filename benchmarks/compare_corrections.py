"""Compares the corrector with tuned filters and SmoothNet on the pairs of h36m_sh.

    python -m benchmarks.compare_corrections ../shared/data/h36m_sh --output runs/comparison.json

Filters are tuned on S8 (mean error in the detector's own convention) and everything is measured on S9.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from app.evaluation.conventions import Comparison, Correct, compare_by_convention
from app.evaluation.correction import Figures
from app.evaluation.pairs import Pairs, Take, load_pairs
from benchmarks.filters import FILTERS, Filter, settings
from benchmarks.smoothnet import smoother, train_smoothnet
from corrector import Corrector
from corrector.conventions import carry, fit_convention

TUNED_EVERY = 4


def tune(name: str, pairs: Pairs, matrix: np.ndarray) -> dict[str, float]:
    """The setting of a filter with the least mean error on some takes, in the detector's own convention."""
    function, best = FILTERS[name][0], (float("inf"), settings(name)[0])
    for setting in settings(name):
        apart = [
            np.linalg.norm(
                function(take.detected[..., :2], take.fps, **setting) - carry(take.true, matrix), axis=2
            )
            for take in pairs.takes[::TUNED_EVERY]
        ]
        best = min(best, (float(np.concatenate(apart).mean()), setting), key=lambda entry: entry[0])
    return best[1]


def methods(data: Path, args: argparse.Namespace) -> dict[str, Correct]:
    """All corrections by name."""
    tuning = load_pairs(data, subjects=("S8",))
    matrix = fit_convention(
        np.concatenate([take.true for take in tuning.fitting]),
        np.concatenate([take.detected[..., :2] for take in tuning.fitting]),
    )
    found: dict[str, Correct] = {}
    for name, (function, _) in FILTERS.items():
        setting = tune(name, tuning, matrix)
        label = ", ".join(f"{key} {value:g}" for key, value in setting.items())
        found[f"{name} ({label})"] = partial(_filtered, function=function, setting=setting)
    if args.smoothnet_steps:
        network = smoother(train_smoothnet(data, steps=args.smoothnet_steps))
        found[f"SmoothNet ({args.smoothnet_steps} steps)"] = partial(_filtered, function=network, setting={})
    for path in args.weights or [None]:
        corrector = Corrector.from_weights(path, device=torch.device("cpu"))
        found[corrector.name] = partial(_corrected, corrector=corrector, joints=tuning.joints)
    return found


def _filtered(take: Take, *, function: Filter, setting: dict[str, float]) -> np.ndarray:
    return function(take.detected[..., :2].astype(np.float64), take.fps, **setting)


def _corrected(take: Take, *, corrector: Corrector, joints: tuple[str, ...]) -> np.ndarray:
    return corrector.correct(take.detected, pts_seconds=take.pts_seconds, joints=joints).keypoints


def _table(convention: str, results: dict[str, Comparison]) -> Table:
    table = Table(title=f"S9, convention: {convention}", title_justify="left")
    for heading in ("", "px", "PCK@20", "worst 1 %", "acceleration", "worse > 5 px"):
        table.add_column(heading, justify="left" if not heading else "right")
    first = next(iter(results.values()))
    table.add_row("detector", *_cells(first.figures[convention][0]), "")
    for name, result in results.items():
        share = f"{100 * result.changes['made_worse']:.2f} %"
        table.add_row(name, *_cells(result.figures[convention][1]), share)
    return table


def _cells(figures: Figures) -> tuple[str, ...]:
    mean = figures.mean
    low, high = figures.intervals["error_px"]
    return (
        f"{mean['error_px']:.2f} ({low:.2f} to {high:.2f})",
        f"{100 * mean['pck20']:.1f}",
        f"{mean['worst_px']:.1f}",
        f"{mean['acceleration_px']:.2f}",
    )


def main() -> None:
    """Runs everything and prints tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DIR", help="h36m_sh")
    parser.add_argument("--weights", type=Path, nargs="*", help="of correctors (default: the default ones)")
    parser.add_argument("--smoothnet-steps", type=int, default=20_000, help="0: leave it out")
    parser.add_argument("--subjects", default="S9", help="(default: S9)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write all figures here")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pairs = load_pairs(args.data, subjects=args.subjects.split(","))
    results = {
        name: compare_by_convention(pairs, correct) for name, correct in methods(args.data, args).items()
    }
    console = Console(width=140)
    for convention in ("own", "true_carried", "true"):
        console.print(_table(convention, results))
    if args.output is not None:
        values: dict[str, Any] = {name: result.to_dict() for name, result in results.items()}
        args.output.write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
