"""The arguments by which every command that estimates joints is told with what."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from estimators import Estimator

WHAT = "what finds the joints; posefix info lists them (default: sfn)"


def add_estimator_arguments(
    parser: argparse._ActionsContainer, *, weights: str = "--weights", what: str = WHAT
) -> None:
    """Adds ``--estimator``, ``--estimator-option`` and the option called ``weights``."""
    parser.add_argument("--estimator", default="sfn", metavar="NAME[:ARGUMENT]", help=what)
    parser.add_argument(
        "--estimator-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="something that this estimator can be told; may be repeated (docs/estimators.md)",
    )
    parser.add_argument(
        weights,
        dest="estimator_weights",
        type=Path,
        metavar="FILE",
        help="the estimator's weights, not the default ones",
    )


def create_estimator(args: argparse.Namespace, *, device: torch.device, fast: bool = False) -> Estimator:
    """The estimator that the arguments ask for.

    Raises:
        ValueError: there is none such, or it takes no such option; the message lists what there is.
    """
    import estimators
    from estimators.registry import parse_options

    return estimators.create(
        args.estimator,
        device=device,
        weights=args.estimator_weights,
        fast=fast,
        options=parse_options(args.estimator_option),
    )
