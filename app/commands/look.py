"""Options of the look of overlays that every command which draws them takes."""

from __future__ import annotations

import argparse
from typing import Any


def add_look_options(group: argparse._ArgumentGroup) -> None:
    """Adds them to a group of a parser."""
    group.add_argument("--sides", action="store_true", help="left side of the body in cold colours")
    group.add_argument(
        "--trail",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="draw the way of head, wrists and ankles in the last so many seconds",
    )
    group.add_argument(
        "--trail-joints",
        type=_names,
        default=(),
        metavar="JOINT,JOINT",
        help="the way of these joints instead, as left_wrist,right_wrist",
    )
    group.add_argument(
        "--anonymise",
        choices=("blur", "black"),
        help="hide faces: of all people who are found, in every picture that is written (docs/overlay.md)",
    )
    group.add_argument(
        "--side-by-side", action="store_true", help="initial joints on the left, corrected ones on the right"
    )


def look_of(args: argparse.Namespace) -> dict[str, Any]:
    """These options as arguments of :class:`app.rendering.style.Style`."""
    return {
        "sides": args.sides,
        "trail_seconds": args.trail,
        "trail_joints": args.trail_joints,
        "hide_faces": args.anonymise,
        "side_by_side": args.side_by_side,
    }


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
