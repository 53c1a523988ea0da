"""From what a network says of its joints to how likely they are right: rising curves, fitted to labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Curve = Sequence[tuple[float, float]]
"""Points of a network's value and the share of joints that are right, both rising."""
Curves = Mapping[str, Curve]
"""Curves by joint, its side left out (``wrist`` for ``left_wrist``); ``other`` is for those not named."""
OTHER = "other"


def fit_curve(values: np.ndarray, correct: np.ndarray, *, bins: int = 12) -> tuple[tuple[float, float], ...]:
    """A rising curve of (value, share of correct joints).

    Bins of equal count, made monotone by averaging neighbours that fall (pool adjacent violators).

    Args:
        values: what the network says of joints, (N,), 0 and above.
        correct: whether each joint was right (N,).
        bins: points of the curve at most.

    Returns:
        Points with strictly rising values, from value 0 with share 0 on.
    """
    order = np.argsort(values, kind="stable")
    blocks: list[tuple[float, float, int]] = []  # mean value, share, count
    for part in np.array_split(order, min(bins, len(order))):
        block = (float(values[part].mean()), float(correct[part].mean()), len(part))
        blocks.append(block)
        while len(blocks) > 1 and blocks[-2][1] > blocks[-1][1]:
            (value1, share1, count1), (value2, share2, count2) = blocks[-2:]
            count = count1 + count2
            merged = (
                (value1 * count1 + value2 * count2) / count,
                (share1 * count1 + share2 * count2) / count,
            )
            blocks[-2:] = [(*merged, count)]
    points = [(0.0, 0.0)]
    for value, share, _ in blocks:
        if value > points[-1][0] + 1e-6:
            points.append((round(value, 5), round(share, 4)))
    return tuple(points)


def calibrated(values: np.ndarray, curve: Curve) -> np.ndarray:
    """Scores in 0..1 from a network's values, by interpolation in the curve where there is one."""
    if not curve:
        return np.clip(values, 0.0, 1.0)
    given, shares = np.array(curve).T
    return np.interp(values, given, shares)


def part_of(joint: str) -> str:
    """The joint without its side."""
    return joint.removeprefix("left_").removeprefix("right_")


def calibrated_joints(curves: Curves, values: np.ndarray, joints: Sequence[str]) -> NDArray[np.float32]:
    """Scores (..., J) of joints by the curve of each; without curves the values themselves, in 0..1."""
    scores = np.empty(values.shape, np.float32)
    for index, joint in enumerate(joints):
        curve = curves.get(part_of(joint), curves.get(OTHER, ()))
        scores[..., index] = calibrated(values[..., index], curve)
    return scores


def load_curves(path: Path) -> Curves:
    """Curves of a JSON file that :mod:`benchmarks.score_curves` wrote.

    Raises:
        ValueError: the file is missing or holds something else.
    """
    try:
        curves = json.loads(path.read_text(encoding="utf-8"))["curves"]
        arrays = {part: np.array(curve, np.float64).reshape(-1, 2) for part, curve in curves.items()}
        if not all(
            len(a) and (np.diff(a, axis=0) >= 0).all() and np.isfinite(a).all() for a in arrays.values()
        ):
            raise ValueError("a curve that does not rise")
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: no score curves ({error}). Fit some: docs/estimators.md.") from error
    return {part: [(float(a), float(b)) for a, b in curve] for part, curve in arrays.items()}


def chosen_curves(option: str, default: Curves) -> Curves:
    """What an estimator's option ``score_curves`` means: nothing: its own; ``none``: none; or a file's."""
    if not option:
        return default
    return {} if option == "none" else load_curves(Path(option))
