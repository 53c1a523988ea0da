"""``posefix demo``: makes a clip of its own and runs the main job on it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.run import add_run_options, run_jobs

if TYPE_CHECKING:
    from app.commands.train import Subparsers


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "demo",
        help="make a clip and run on it",
        description="Makes a clip of a drawn figure and runs the main job on it: a check that all works.",
        epilog="Writes demo.mp4 and the results of running on it into --output (default: posefix_demo/), "
        "in place of those of an earlier demo.",
    )
    add_run_options(parser)
    parser.set_defaults(handle=handle, output=Path("posefix_demo"), overwrite=True, montage=True)


def handle(args: argparse.Namespace) -> int:
    """Makes the clip and runs on it; returns the exit status."""
    from app.jobs.demo import make_demo_clip
    from app.jobs.inputs import find_jobs

    clip = args.output / "demo.mp4"
    make_demo_clip(clip)
    status = run_jobs(find_jobs([clip], output=None, recursive=False).jobs, args)
    if status == 0 and not args.quiet:
        print(f"See {args.output / 'demo_posefix.mp4'}.")  # noqa: T201
    return status
