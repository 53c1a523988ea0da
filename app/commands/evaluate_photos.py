"""``posefix evaluate photos``: PCK on a file of photos, and by how people face the camera."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.commands.evaluate_youtube_pose import add_arguments, measure

if TYPE_CHECKING:
    from app.commands.train import Subparsers


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "photos",
        help="joints on a file of photos",
        description="PCK at 0.2 of the torso (middle of the shoulders to middle of the hips) by joint, of "
        "the 12 limb joints and of all, and by how people face the camera. People without a labelled torso "
        "are left out.",
    )
    add_arguments(parser, path="file of photos (.npz: blob, offsets, joints, names)")
    parser.add_argument(
        "--split",
        default="validation",
        metavar="validation|train|all",
        help="validation: the tenth of the videos that posefix does not train on (default: validation)",
    )
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    from app.evaluation.pose_benchmarks import photos

    return measure(args, photos(args.path, split=args.split))
