"""``posefix evaluate detector``: whole people found in held-out pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_device

if TYPE_CHECKING:
    from app.commands.train import Subparsers


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "detector",
        help="people found in whole pictures",
        description="Average precision and more on held-out photos and clips, and on photos without people.",
    )
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="folder that holds lsp/, youtube_pose/, inria_negatives/, ..."
    )
    parser.add_argument("--detector", default="small", metavar="NAME", help="(default: small)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    add_device(parser)
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    import json
    from dataclasses import asdict

    from rich.console import Console
    from rich.table import Table

    from app.device import choose_device
    from app.evaluation.detection_benchmark import evaluate
    from estimators import detectors
    from weights.files import written_whole

    detector = detectors.create(args.detector, device=choose_device(args.device))
    results = {name: asdict(metrics) for name, metrics in evaluate(detector, args.path).items()}
    table = Table(title=f"detector {args.detector}, held-out pictures", title_justify="left")
    table.add_column("")
    for heading in next(iter(results.values())):
        table.add_column(heading.replace("_", " "), justify="right")
    for name, metrics in results.items():
        table.add_row(name, *(f"{v:d}" if isinstance(v, int) else f"{v:.3g}" for v in metrics.values()))
    Console(soft_wrap=True, highlight=False).print(table)
    if args.json is not None:
        with written_whole(args.json) as partial:
            partial.write_text(json.dumps(results, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return 0
