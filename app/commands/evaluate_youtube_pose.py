"""``posefix evaluate youtube-pose``: PCK on the five subset videos of YouTube Pose."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_device
from app.commands.estimator_arguments import add_estimator_arguments, create_estimator

if TYPE_CHECKING:
    from app.commands.train import Subparsers
    from app.evaluation.pose_benchmarks import Benchmark


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "youtube-pose",
        help="joints on YouTube Pose's test subset",
        description="PCK at 20 pixels on the five subset videos (500 frames), and the curve from 0 to 40.",
    )
    add_arguments(parser, path="folder that holds YouTube_Pose_dataset.mat and GT_frames/")
    parser.set_defaults(handle=handle)


def add_arguments(parser: argparse.ArgumentParser, *, path: str) -> None:
    """What all benchmarks of single pictures take."""
    parser.add_argument("path", type=Path, metavar="PATH", help=path)
    add_estimator_arguments(parser)
    parser.add_argument(
        "--boxes",
        default="frame",
        metavar="frame|truth|found",
        help="where to look for the person (default: frame)",
    )
    parser.add_argument(
        "--detector",
        default="small",
        metavar="NAME",
        help="what finds them (default: small; docs/estimators.md)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw PCK and calibration here (.png, .svg)"
    )
    add_device(parser)


def handle(args: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    from app.evaluation.pose_benchmarks import youtube_pose

    return measure(args, youtube_pose(args.path))


def measure(args: argparse.Namespace, benchmark: Benchmark) -> int:
    """Runs the estimator of the arguments over a benchmark and reports."""
    from rich.console import Console

    from app.device import choose_device
    from app.evaluation.pose_benchmarks import figures, run
    from app.evaluation.pose_report import plot_curves, print_figures, write_json
    from estimators import detectors as detectors

    device = choose_device(args.device)
    estimator = create_estimator(args, device=device)
    detector = detectors.create(args.detector, device=device) if args.boxes == "found" else None
    outcome = run(estimator, benchmark, boxes=args.boxes, detector=detector)
    protocol = {
        "estimator": estimator.name,
        "weights_sha256": estimator.weights_sha256,
        "boxes": "found by the estimator" if estimator.finds_people and args.boxes == "frame" else args.boxes,
        "right_within": benchmark.limit,
    }
    results = {"protocol": protocol, **figures(outcome)}
    print_figures(Console(soft_wrap=True, highlight=False), results)
    if args.json:
        write_json(args.json, results)
    if args.plot:
        plot_curves(args.plot, results)
    return 0
