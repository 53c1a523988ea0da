"""``posefix evaluate correction``: initial against corrected joints, where the truth is known."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from app.cli.train import Subparsers
    from app.evaluation.correction import Figures

ROWS = {
    "error_px": ("mean error, px", 1.0),
    "pck20": ("PCK@20 px, %", 100.0),
    "pck_0.2": ("PCK@0.2 of person, %", 100.0),
    "pck_0.05": ("PCK@0.05 of person, %", 100.0),
    "worst_px": ("worst 1 % of frames, px", 1.0),
    "acceleration_px": ("acceleration error, px", 1.0),
    "swaps": ("sides exchanged, %", 100.0),
}
TITLES = {
    "own": "Truth carried to the detector's own convention",
    "true": "Against the true joints as they are labelled",
    "true_carried": "Against the true joints, each method carried to their convention",
}


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "correction",
        help="initial against corrected joints",
        description="Measures the corrector on pairs of detected and true joints.",
        epilog="Differences of convention are fitted on the training subjects of the folder.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="folder like h36m_sh, or a pairs file (.npz)")
    parser.add_argument("--subjects", default="S9", metavar="S9,...", help="of the folder (default: S9)")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="corrector weights, not the default ones"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (default: all)")
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="(default: auto)")
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    import torch
    from rich.console import Console

    from app.device import choose_device
    from app.evaluation.conventions import compare_by_convention
    from app.evaluation.pairs import load_pairs
    from corrector import Corrector

    if args.threads:
        torch.set_num_threads(args.threads)
    corrector = Corrector.from_weights(args.weights, device=choose_device(args.device))
    pairs = load_pairs(args.path, subjects=args.subjects.split(","))
    result = compare_by_convention(
        pairs,
        lambda take: (
            corrector.correct(take.detected, pts_seconds=take.pts_seconds, joints=pairs.joints).keypoints
        ),
    )
    console = Console()
    for convention, (initial, corrected) in result.figures.items():
        console.print(_table(TITLES[convention], initial, corrected))
    console.print("  ".join(f"{name}: {100 * share:.2f} %" for name, share in result.changes.items()))
    if args.json is not None:
        origin = {
            "path": args.path.name,
            "subjects": args.subjects,
            "weights_sha256": corrector.weights_sha256,
        }
        args.json.write_text(json.dumps(origin | result.to_dict(), indent=1) + "\n")
    return 0


def _table(title: str, initial: Figures, corrected: Figures) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in ("", "initial", "corrected", "95 % interval"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, (label, factor) in ROWS.items():
        table.add_row(
            label, *_cells(initial.mean[name], corrected.mean[name], factor), _ends(corrected, name)
        )
    for joint in corrected.error:
        table.add_row(f"{joint}, px", *_cells(initial.error[joint], corrected.error[joint], 1.0), "")
        table.add_row(f"{joint}, PCK@20", *_cells(initial.pck20[joint], corrected.pck20[joint], 100.0), "")
    return table


def _cells(initial: float, corrected: float, factor: float) -> tuple[str, str]:
    return f"{factor * initial:.2f}", f"{factor * corrected:.2f}"


def _ends(figures: Figures, name: str) -> str:
    factor: Any = ROWS[name][1]
    low, high = figures.intervals.get(name, (None, None))
    return "" if low is None or high is None else f"{factor * low:.2f} to {factor * high:.2f}"
