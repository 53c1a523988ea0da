"""Values and options that several commands take; what is refused is told before anything is loaded."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.rendering.overlay import Colour
    from app.rendering.stills import FrameChoice
    from estimators.boxes import Boxes


def count(text: str) -> int:
    """A whole number from 1 up."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"Invalid number ({text}). Supported values are 1, 2, 3 and so on.")
    return int(text)


def positive(text: str) -> float:
    """A number above 0."""
    number = _number(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"Invalid number ({text}). Supported values are above 0.")
    return number


def seconds(text: str) -> float:
    """A number from 0 up."""
    number = _number(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"Invalid seconds ({text}). A number from 0 up is wanted.")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def box(text: str) -> Boxes:
    """X,Y,W,H as x1, y1, x2, y2."""
    import numpy as np

    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"Invalid box ({text}). Four numbers x,y,w,h are wanted.") from None
    if not np.isfinite([x, y, width, height]).all() or width <= 0 or height <= 0:
        raise argparse.ArgumentTypeError(f"Invalid box ({text}). Width and height must be above 0.")
    return np.array([x, y, x + width, y + height], np.float32)


def colour(text: str) -> Colour:
    """A name or #rrggbb."""
    from matplotlib.colors import to_rgb

    try:
        red, green, blue = (round(255 * part) for part in to_rgb(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"Invalid colour ({text}). A name or #rrggbb is wanted.") from None
    return red, green, blue


def frames(text: str) -> FrameChoice:
    """10,50,90 or every:25."""
    from app.rendering.stills import FrameChoice

    try:
        return FrameChoice.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_device(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Where to compute."""
    parser.add_argument(
        "--device", default="auto", metavar="auto|cpu|cuda", help="where to compute (default: auto)"
    )


def add_threads(parser: argparse.ArgumentParser) -> None:
    """How many processor threads."""
    parser.add_argument("--threads", type=count, metavar="N", help="processor threads (default: all)")


def add_training(parser: argparse.ArgumentParser, *, data: str, output: str) -> None:
    """What all trainings take.

    Args:
        parser: of the command.
        data: what the folder of ``--data`` holds.
        output: default of ``--output``, for people.
    """
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=f"folder that holds {data}")
    parser.add_argument("--output", type=Path, metavar="DIR", help=f"(default: {output})")
    parser.add_argument("--resume", action="store_true", help="go on from what is in --output")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(default: 0)")
    add_device(parser)
