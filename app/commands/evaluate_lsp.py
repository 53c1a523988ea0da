"""``posefix evaluate lsp``: PCK on the test images of Leeds Sports Pose."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.commands.evaluate_youtube_pose import add_arguments, measure

if TYPE_CHECKING:
    from app.commands.train import Subparsers


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "lsp",
        help="joints on Leeds Sports Pose",
        description="PCK at 0.2 of the torso on images 1001 to 2000, left and right the person's, and by how "
        "people face the camera.",
    )
    add_arguments(parser, path="folder that holds joints.mat and images/")
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    from app.evaluation.pose_benchmarks import lsp

    return measure(args, lsp(args.path))
