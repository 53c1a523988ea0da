"""``posefix convert KEYPOINTS --to FORMAT``: from one format to others, nothing corrected."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.keypoint_files import add_options, work_through

if TYPE_CHECKING:
    from app.commands.train import Subparsers
    from app.keypoints.clip import Clip


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "convert",
        help="write joints in other formats",
        description="Reads joints and writes them in other formats; --formats lists them. Of posefix's data "
        "files the corrected joints are taken where there are some.",
        epilog="Writes beside each file, or into --output.",
    )
    add_options(parser)
    parser.add_argument("--to", required=True, metavar="FORMAT[,FORMAT]", help="write these formats")
    parser.add_argument(
        "--initial", action="store_true", help="of posefix's data files, take the joints before correction"
    )
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Converts each file; returns the exit status."""
    from app.keypoints.formats import find_all

    def work(clip: Clip, _: Path) -> tuple[Clip, str]:
        if args.initial:
            clip = clip.before_correction()
        people = len(clip.tracks)
        return clip, f"{people} {'person' if people == 1 else 'people'}, {len(clip.frame_indices)} frames"

    return work_through(args, work, to=find_all(args.to), mark="")
