"""Shows and stores the figures of a pose benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from estimators.metrics import ERROR_KINDS
from weights.files import written_whole


def print_figures(console: Console, figures: dict[str, Any]) -> None:
    """Tables of PCK, of PCK by how people face the camera, and of the kinds of error."""
    protocol = ", ".join(f"{key} {value}" for key, value in figures["protocol"].items())
    console.print(f"{figures['benchmark']}: {figures['pictures']} pictures; {protocol}", markup=False)
    table = Table(title="PCK, %")
    for name in figures["pck"]:
        table.add_column(name, justify="right")
    table.add_row(*(f"{value:.1f}" for value in figures["pck"].values()))
    console.print(table)
    if "facing" in figures:
        console.print(_facing(figures["facing"]))
    table = Table(title="Kinds of error, % of the labelled joints")
    table.add_column("joint")
    for kind in ERROR_KINDS:
        table.add_column(kind, justify="right")
    for joint in figures["pck_per_joint"]:
        table.add_row(joint, *(f"{figures['errors'][kind][joint]:.1f}" for kind in ERROR_KINDS))
    console.print(table)
    console.print(f"{figures['frames_per_second']:.1f} frames/s in the estimator's calls")


def _facing(rows: dict[str, dict[str, float]]) -> Table:
    table = Table(
        "seen from",
        "people",
        "right",
        "on either side",
        "sides exchanged",
        title="Limb joints within 0.2 of the torso, %",
    )
    for kind, row in rows.items():
        shares = (f"{row[key]:.1f}" for key in ("right", "either_side", "mirrored"))
        table.add_row(kind.replace("_", " "), f"{row['people']:.0f}", *shares)
    return table


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """All figures as strict JSON."""
    with written_whole(path) as partial:
        partial.write_text(json.dumps(figures, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def plot_curves(path: Path, figures: dict[str, Any]) -> None:
    """PCK over the distance, one line a group, and shares of right joints over their scores.

    The path's suffix says what is written (PNG, SVG, PDF).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    curve = figures["curve"]
    for group in figures["pck"]:
        style: dict[str, Any] = {"linewidth": 2.5, "color": "black"} if group == "average" else {}
        left.plot(curve["steps"], [row[group] for row in curve["pck"]], label=group, **style)
    left.set(xlabel=curve["axis"], ylabel="joints within, %", ylim=(0, 100), title=figures["benchmark"])
    left.legend()
    points = figures["calibration"]
    right.plot([0, 1], [0, 1], color="grey", linestyle="--")
    right.plot([point["score"] for point in points], [point["right"] for point in points], marker="o")
    right.set(xlabel="score", ylabel="share of joints that are right", xlim=(0, 1), ylim=(0, 1))
    for axes in (left, right):
        axes.grid(alpha=0.3)
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=120)
