"""``posefix evaluate parse``: PCK of YR on the test images of PARSE, as its authors count it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_device

if TYPE_CHECKING:
    from app.commands.train import Subparsers

LOWEST_SCORE = -2.0


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "parse",
        help="YR on PARSE's test images",
        description="PCK on images 101 to 305, within a tenth of the person's size, left and right the "
        "viewer's: of the placement that covers the person (the authors' protocol), and of the best one.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="folder that holds labels.mat and the images")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="full-body weights, or PARSE_model.mat (default: yr)"
    )
    add_device(parser)
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    from rich.console import Console
    from rich.table import Table

    from app.device import choose_device
    from app.errors import FileError
    from estimators.yr.body import FULL
    from estimators.yr.evaluation import by_group, look_for
    from estimators.yr.part_detector import PartDetector
    from estimators.yr.store import load_any
    from estimators.yr.training.samples import parse
    from weights import find

    path = args.weights or find("yr")
    model, configuration = load_any(path)
    if configuration.parts is not FULL:
        raise FileError(f"{path}: a model of the {configuration.body} body. Give one of the full body.")
    if not (args.path / "labels.mat").is_file():
        raise FileError(f"{args.path}: no labels.mat there. Give the folder of PARSE.")
    detector = PartDetector(model, device=choose_device(args.device))
    threshold = min(model.threshold, LOWEST_SCORE)
    hits = look_for(detector, parse(args.path, FULL, numbers=range(101, 306)), FULL, threshold=threshold)
    rows = {
        "covers the person": by_group(hits.own, FULL.skeleton.joints),
        "best": by_group(hits.best, FULL.skeleton.joints),
    }
    table = Table("placement", *rows["best"], title="PARSE test, PCK")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:.1f}" for value in row.values()))
    Console(highlight=False).print(table)
    return 0
