"""Shows and stores the figures of corrections: tables, JSON and PCK curves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from app.evaluation.correction_metrics import CURVE_PX, Metrics
from app.evaluation.evaluator import Comparison
from weights.files import written_whole

TITLES = {
    "own": "Truth carried to the detector's own convention",
    "true_carried": "Against the true joints, each method carried to their convention",
    "true": "Against the true joints as they are labelled",
}
MEANS = {
    "error_px": ("px", 1.0),
    "pck20": ("PCK@20 px", 100.0),
    "pck_0.2": ("PCK@0.2", 100.0),
    "pck_0.05": ("PCK@0.05", 100.0),
    "worst_px": ("worst 1 %, px", 1.0),
    "acceleration_px": ("acceleration, px", 1.0),
    "swaps": ("exchanged, %", 100.0),
}
CHANGES = {
    "swaps_repaired": "exchanges repaired",
    "swaps_made": "made",
    "made_worse": "> 5 px worse",
    "made_better": "better",
}
PARTS = ("head", "shoulders", "elbows", "wrists")


def print_figures(console: Console, results: Mapping[str, Comparison], *, initial: str) -> None:
    """Tables of all methods, the corrector's last; ``initial`` is what the given joints are called."""
    *_, corrector = results.values()
    for convention in [name for name in TITLES if name in corrector.figures]:
        rows = {initial: corrector.figures[convention][0]}
        rows |= {name: result.figures[convention][1] for name, result in results.items()}
        console.print(_means(TITLES[convention], rows))
        for name, unit in (
            ("error_px", "px"),
            ("pck20", "PCK@20 px"),
            ("pck_0.2", "PCK@0.2"),
            ("pck_0.05", "PCK@0.05"),
        ):
            console.print(_by_part(unit, name, rows))
    console.print(_changes(results))


def write_json(path: Path, origin: Mapping[str, Any], results: Mapping[str, Comparison]) -> None:
    """All figures as strict JSON: ``initial`` and ``corrected`` with the same keys, other methods apart."""
    *others, corrector = results.values()
    baselines = {
        name: {key: value for key, value in result.to_dict().items() if key != "initial"}
        for name, result in zip(results, others, strict=False)
    }
    values = _without_nan({**origin, **corrector.to_dict(), "baselines": baselines})
    with written_whole(path) as partial:
        partial.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def plot_curves(path: Path, results: Mapping[str, Comparison], *, initial: str) -> None:
    """PCK over the distance: head, shoulders, elbows, wrists; one line a method.

    In the detector's own convention where known. The path's suffix says what is written (PNG, SVG, PDF).
    """
    from matplotlib.figure import Figure

    *_, last = results
    convention = "own" if "own" in results[last].figures else "true"
    lines = {initial: results[last].figures[convention][0]}
    lines |= {name: result.figures[convention][1] for name, result in results.items()}
    figure = Figure(figsize=(10, 8), layout="constrained")
    for axes, part in zip(figure.subplots(2, 2).flat, PARTS, strict=True):
        for name, figures in lines.items():
            parts = parts_of(tuple(figures.curve))
            members = parts["head top" if part == "head" and part not in parts else part]
            share = 100 * np.mean([figures.curve[joint] for joint in members], axis=0)
            style: dict[str, Any] = {"linewidth": 2.5} if name in (initial, last) else {"linewidth": 1}
            style |= {"color": "black"} if name == last else {}
            axes.plot(list(CURVE_PX), share, label=name, **style)
        axes.set(
            title=part, xlabel="distance to the true joint, px", ylabel="joints within, %", ylim=(0, 100)
        )
        axes.grid(alpha=0.3)
    axes.legend()
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=120)


def parts_of(joints: Sequence[str]) -> dict[str, list[str]]:
    """Joints by part of the body, both sides together."""
    parts: dict[str, list[str]] = {}
    for joint in joints:
        side, _, part = joint.partition("_")
        name = f"{part}s" if side in ("left", "right") else joint.replace("_", " ")
        parts.setdefault(name, []).append(joint)
    return parts


def _means(title: str, rows: Mapping[str, Metrics]) -> Table:
    table = _table(title, [heading for heading, _ in MEANS.values()])
    for name, figures in rows.items():
        cells = [f"{factor * figures.mean[key]:.2f}" for key, (_, factor) in MEANS.items()]
        low, high = figures.intervals["error_px"]
        table.add_row(name, f"{cells[0]} ({low:.2f} to {high:.2f})", *cells[1:])
    return table


def _by_part(title: str, key: str, rows: Mapping[str, Metrics]) -> Table:
    factor = 1.0 if key == "error_px" else 100.0
    parts = parts_of(tuple(next(iter(rows.values())).per_joint[key]))
    table = _table(title, list(parts))
    for name, figures in rows.items():
        means = [np.mean([figures.per_joint[key][joint] for joint in members]) for members in parts.values()]
        table.add_row(name, *(f"{factor * mean:.2f}" for mean in means))
    return table


def _changes(results: Mapping[str, Comparison]) -> Table:
    table = _table("What became of single joints, %", list(CHANGES.values()))
    for name, result in results.items():
        table.add_row(name, *(f"{100 * result.changes[key]:.2f}" for key in CHANGES))
    return table


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _without_nan(value: Any) -> Any:
    """The same with null for what there is nothing to measure of."""
    if isinstance(value, Mapping):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(entry) for entry in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
