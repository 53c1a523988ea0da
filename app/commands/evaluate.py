"""``posefix evaluate WHAT``: one file a benchmark."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command and what it measures on."""
    from app.commands import (
        evaluate_correction,
        evaluate_detector,
        evaluate_lsp,
        evaluate_parse,
        evaluate_photos,
        evaluate_youtube_pose,
    )

    parser = subparsers.add_parser("evaluate", help="measure a model", description="Measures a model.")
    benchmarks = parser.add_subparsers(required=True, metavar="WHAT")
    evaluate_youtube_pose.register_parser(benchmarks)
    evaluate_lsp.register_parser(benchmarks)
    evaluate_photos.register_parser(benchmarks)
    evaluate_parse.register_parser(benchmarks)
    evaluate_correction.register_parser(benchmarks)
    evaluate_detector.register_parser(benchmarks)
