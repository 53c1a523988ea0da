"""``posefix train MODEL``: one file a model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command and the models it trains."""
    from app.commands import train_corrector, train_detector, train_sfn, train_yr

    parser = subparsers.add_parser("train", help="train a model", description="Trains a model.")
    models = parser.add_subparsers(required=True, metavar="MODEL")
    train_sfn.register_parser(models)
    train_detector.register_parser(models)
    train_corrector.register_parser(models)
    train_yr.register_parser(models)
