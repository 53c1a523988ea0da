"""Shows and stores the figures of a pose benchmark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from app.evaluation.pose_metrics import ERROR_KINDS


def print_figures(console: Console, figures: dict[str, Any]) -> None:
    """Tables of PCK and of the kinds of error."""
    protocol = ", ".join(f"{key} {value}" for key, value in figures["protocol"].items())
    console.print(f"{figures['benchmark']}: {figures['pictures']} pictures; {protocol}", markup=False)
    table = Table(title="PCK, %")
    for name in figures["pck"]:
        table.add_column(name, justify="right")
    table.add_row(*(f"{value:.1f}" for value in figures["pck"].values()))
    console.print(table)
    table = Table(title="Kinds of error, % of the labelled joints")
    table.add_column("joint")
    for kind in ERROR_KINDS:
        table.add_column(kind, justify="right")
    for joint in figures["pck_per_joint"]:
        table.add_row(joint, *(f"{figures['errors'][kind][joint]:.1f}" for kind in ERROR_KINDS))
    console.print(table)
    console.print(f"{figures['frames_per_second']:.1f} frames/s in the estimator's calls")


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """All figures as strict JSON."""
    path.write_text(json.dumps(figures, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def plot_curve(path: Path, figures: dict[str, Any]) -> None:
    """PCK over the distance, one line a group, as the path's suffix says (PNG, SVG, PDF)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    curve = figures["curve"]
    for group in figures["pck"]:
        style: dict[str, Any] = {"linewidth": 2.5, "color": "black"} if group == "average" else {}
        axes.plot(curve["steps"], [row[group] for row in curve["pck"]], label=group, **style)
    axes.set(xlabel=curve["axis"], ylabel="joints within, %", ylim=(0, 100), title=figures["benchmark"])
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)
