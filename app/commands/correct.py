"""``posefix correct KEYPOINTS``: corrects joints that exist already, without their video."""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_device
from app.commands.keypoint_files import add_options, work_through

if TYPE_CHECKING:
    from app.commands.train import Subparsers
    from app.keypoints.clip import Clip
    from corrector import Corrector


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "correct",
        help="correct joints that exist already",
        description="Corrects joints without their videos: of posefix's data files, of CSV tables, and of "
        "files of OpenPose, MMPose, AlphaPose, DeepLabCut, SLEAP and others (--formats lists them).",
        epilog="Writes KEYPOINTS_corrected beside each file, or into --output, in the file's own format or "
        "in those of --to.",
    )
    add_options(parser)
    parser.add_argument(
        "--to", metavar="FORMAT[,FORMAT]", help="write these formats (default: that of each file)"
    )
    parser.add_argument(
        "--smooth-others",
        action="store_true",
        help="filter the joints that the corrector does not know, such as fingers and faces",
    )
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="the corrector's weights, not the default ones"
    )
    add_device(parser)
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Corrects each file; returns the exit status."""
    from app.device import choose_device
    from app.keypoints.formats import find_all

    device = choose_device(args.device)

    @cache  # loaded when the first file has been read, so that its faults are told at once
    def load() -> Corrector:
        from corrector import Corrector

        return Corrector.from_weights(args.weights, device=device)

    def work(clip: Clip, path: Path) -> tuple[Clip, str]:
        from app.keypoints.correction import correct_clip

        return correct_clip(clip, load(), where=str(path), others=args.smooth_others)

    to = find_all(args.to) if args.to else ()
    return work_through(args, work, to=to, mark="_corrected")
