"""``posefix correct KEYPOINTS``: corrects joints that exist already, without their video."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_device, positive

if TYPE_CHECKING:
    from app.commands.train import Subparsers
    from corrector import Corrector


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "correct",
        help="correct joints that exist already",
        description="Corrects joints without their videos: of data files of posefix (.json), or of CSV "
        "files of one person with the columns frame, joint, x, y and, where known, score (.csv).",
        epilog="Writes KEYPOINTS_corrected.json or .csv beside each file, or into --output.",
    )
    parser.add_argument("inputs", nargs="+", type=Path, metavar="KEYPOINTS")
    parser.add_argument("--fps", type=positive, metavar="N", help="frames a second of CSV files")
    parser.add_argument("--output", type=Path, metavar="DIR", help="write here, not beside each file")
    parser.add_argument("--overwrite", action="store_true", help="redo what is there already")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="the corrector's weights, not the default ones"
    )
    add_device(parser)
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Corrects each file; returns the exit status."""
    from rich.console import Console

    from app.device import choose_device
    from app.errors import PosefixError, UsageError
    from corrector import Corrector

    without_rate = next((path for path in args.inputs if _is_csv(path) and args.fps is None), None)
    if without_rate is not None:
        raise UsageError(f"{without_rate}: a CSV file does not say how fast its frames follow. Give --fps.")
    corrector = Corrector.from_weights(args.weights, device=choose_device(args.device))
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    failed = 0
    for path in args.inputs:
        suffix = ".csv" if _is_csv(path) else ".json"
        target = (args.output or path.parent) / f"{path.stem}_corrected{suffix}"
        try:
            if target.exists() and not args.overwrite:
                console.print(f"{target}: exists, {path} skipped. --overwrite redoes it.", markup=False)
                continue
            words = _correct(path, target, corrector, args.fps)
            console.print(f"{target}: {words}", markup=False)
        except (PosefixError, ValueError) as error:
            console.print(f"posefix: {error}", markup=False)
            failed += 1
    return 1 if failed else 0


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _correct(path: Path, target: Path, corrector: Corrector, fps: float | None) -> str:
    from app import pipeline
    from app.errors import PosefixError
    from app.jobs.batch import describe_correction
    from app.jobs.inputs import SUFFIXES
    from app.keypoints import posefix_json

    if fps is not None and _is_csv(path):
        return _correct_csv(path, target, corrector, fps)
    if path.suffix.lower() in SUFFIXES:
        raise PosefixError(
            f"{path}: a video, not keypoints. Estimate and correct its joints with: posefix {path}"
        )
    result = pipeline.correct(posefix_json.load(path), corrector)
    posefix_json.save(result, target)
    return describe_correction(result)


def _correct_csv(path: Path, target: Path, corrector: Corrector, fps: float) -> str:
    import numpy as np

    from app.errors import PosefixError
    from app.jobs.batch import describe_changes
    from app.keypoints import tidy_csv

    table = tidy_csv.read(path)
    times = np.arange(len(table.keypoints)) / fps
    try:
        correction = corrector.correct(table.keypoints, pts_seconds=times, joints=table.joints)
    except ValueError as error:
        raise PosefixError(f"{path}: {error}") from error
    tidy_csv.write(target, table, correction)
    moved = np.linalg.norm(correction.keypoints - table.keypoints[..., :2], axis=2)
    return describe_changes(
        moved[np.isfinite(moved)],
        filled=int(correction.filled.sum()),
        unsure=int(correction.unsure.any(axis=1).sum()),
        frames=len(moved),
    )
