"""``posefix correct KEYPOINTS``: corrects joints that exist already, without their video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.cli.train import Subparsers
    from corrector import Corrector


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "correct",
        help="correct joints that exist already",
        description="Corrects the initial joints of data files that posefix wrote, without their videos.",
        epilog="Writes KEYPOINTS_corrected.json beside each file, or into --output.",
    )
    parser.add_argument("inputs", nargs="+", type=Path, metavar="KEYPOINTS")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write here, not beside each file")
    parser.add_argument("--overwrite", action="store_true", help="redo what is there already")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="the corrector's weights, not the default ones"
    )
    parser.add_argument(
        "--device", default="auto", metavar="auto|cpu|cuda", help="where to compute (default: auto)"
    )
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Corrects each file; returns the exit status."""
    from rich.console import Console

    from app.device import choose_device
    from app.errors import PosefixError
    from corrector import Corrector

    corrector = Corrector.from_weights(args.weights, device=choose_device(args.device))
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    failed = 0
    for path in args.inputs:
        target = (args.output or path.parent) / f"{path.stem}_corrected.json"
        try:
            if target.exists() and not args.overwrite:
                console.print(f"{target}: exists, {path} skipped. --overwrite redoes it.", markup=False)
                continue
            words = _correct(path, target, corrector)
            console.print(f"{target}: {words}", markup=False)
        except (PosefixError, ValueError) as error:
            console.print(f"posefix: {error}", markup=False)
            failed += 1
    return 1 if failed else 0


def _correct(path: Path, target: Path, corrector: Corrector) -> str:
    from app import document, pipeline
    from app.batch import describe_correction

    result = pipeline.correct(document.load(path), corrector)
    document.save(result, target)
    return describe_correction(result)
