"""Dual coordinate descent for the structured SVM.

D. Ramanan, "Dual coordinate solvers for large-scale structural SVMs", 2013. Minimises over the weights
1/2 |w - w0|^2 + sum over groups of C_g max over their examples of max(0, 1 - y w.x), with the springs'
quadratic weights kept above a floor: with v = w0 + sum of alpha y x, w is v raised to the floor there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from estimators.yr.training.examples import Examples
from estimators.yr.training.layout import SOFTEST_SPRING, Layout

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Solution:
    """The weights, every example's label times score, and how far from the optimum they may be.

    Attributes:
        gap: (primal - dual) / primal.
    """

    weights: Array
    margins: Array
    primal: float
    gap: float


def solve(
    examples: Examples,
    features: NDArray[np.float32],
    start: Array,
    layout: Layout,
    *,
    cost: float,
    positive_weight: float = 2.0,
    gap: float = 0.05,
    passes: int = 200,
    rng: np.random.Generator,
) -> Solution:
    """Optimises from the examples' dual variables, which it changes.

    Args:
        features: the shared buffer.
        start: w0, (weights,).
        cost: C of a negative group; positives have it ``positive_weight`` times.
    """
    costs = np.where(examples.labels > 0, cost * positive_weight, cost)
    groups = np.unique(examples.groups, return_inverse=True)[1].astype(np.int64)
    shape = (layout.model.template_size[0], layout.row_length)
    view: tuple[Any, ...] = (examples.indices, examples.stretches, examples.places, features)
    norms = _norms(*view, shape)
    weights = start.copy()
    _accumulate(weights, examples.alphas * examples.labels, *view, shape)
    totals = np.bincount(groups, weights=examples.alphas, minlength=groups.max() + 1)
    margins = np.empty(len(examples))
    primal, relative = np.inf, np.inf
    for step in range(passes):
        active = rng.permutation(len(examples)).astype(np.int64)
        if step % 5 and np.isfinite(primal):
            active = active[(margins[active] < 1.05) | (examples.alphas[active] > 0)]
        _descend(
            active, weights, examples.alphas, totals, groups, costs, examples.labels, norms, *view, shape
        )
        if step % 5 == 4 or step == passes - 1:
            _score(weights, examples.labels, *view, shape, margins)
            primal, relative = _duality(weights, start, layout, examples, margins, groups, costs)
            if relative < gap:
                break
    floored = _floored(weights, layout)
    return Solution(floored, margins, primal, relative)


def _floored(weights: Array, layout: Layout) -> Array:
    out = weights.copy()
    springs = out[layout.first_spring :]
    springs[0::2] = np.maximum(springs[0::2], SOFTEST_SPRING)
    return out


def _duality(
    weights: Array,
    start: Array,
    layout: Layout,
    examples: Examples,
    margins: Array,
    groups: Ints,
    costs: Array,
) -> tuple[float, float]:
    slacks = np.zeros(groups.max() + 1)
    np.maximum.at(slacks, groups, np.maximum(1 - margins, 0) * costs)
    regular = 0.5 * float(((_floored(weights, layout) - start) ** 2).sum())
    primal = regular + float(slacks.sum())
    dual = regular + float((examples.alphas * (1 - margins)).sum())
    return primal, (primal - dual) / max(primal, 1e-12)


@njit(cache=True, nogil=True, fastmath=True)
def _product(
    weights: Array,
    index: Ints,
    stretch: Array,
    place: Ints,
    features: NDArray[np.float32],
    shape: tuple[int, int],
) -> float:
    """w.x of one example."""
    total = 0.0
    rows, length = shape
    for part in range(index.shape[0]):
        for row in range(rows):
            w = weights[index[part, 0] + row * length : index[part, 0] + (row + 1) * length]
            at = place[part, 0] + row * place[part, 1]
            x = features[at : at + length]
            partial = 0.0
            for i in range(length):
                partial += w[i] * x[i]
            total += partial
        total += weights[index[part, 1]]
        spring = index[part, 2]
        if spring >= 0:
            total += (
                max(weights[spring], SOFTEST_SPRING) * stretch[part, 0]
                + weights[spring + 1] * stretch[part, 1]
            )
            total += max(weights[spring + 2], SOFTEST_SPRING) * stretch[part, 2]
            total += weights[spring + 3] * stretch[part, 3]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _add(
    weights: Array,
    factor: float,
    index: Ints,
    stretch: Array,
    place: Ints,
    features: NDArray[np.float32],
    shape: tuple[int, int],
) -> None:
    """w += factor x of one example."""
    rows, length = shape
    for part in range(index.shape[0]):
        for row in range(rows):
            w = weights[index[part, 0] + row * length : index[part, 0] + (row + 1) * length]
            at = place[part, 0] + row * place[part, 1]
            x = features[at : at + length]
            for i in range(length):
                w[i] += factor * x[i]
        weights[index[part, 1]] += factor
        if index[part, 2] >= 0:
            for i in range(4):
                weights[index[part, 2] + i] += factor * stretch[part, i]


@njit(cache=True, nogil=True)
def _descend(
    active: Ints,
    weights: Array,
    alphas: Array,
    totals: Array,
    groups: Ints,
    costs: Array,
    labels: Array,
    norms: Array,
    indices: Ints,
    stretches: Array,
    places: Ints,
    features: NDArray[np.float32],
    shape: tuple[int, int],
) -> None:
    """One pass: each dual variable to its own optimum, 0 <= alpha and its group's sum at most C."""
    for n in active:
        score = _product(weights, indices[n], stretches[n], places[n], features, shape)
        room = costs[n] - (totals[groups[n]] - alphas[n])
        wanted = alphas[n] + (1.0 - labels[n] * score) / norms[n]
        new = max(min(wanted, room), 0.0)
        change = new - alphas[n]
        if change != 0.0:
            alphas[n] = new
            totals[groups[n]] += change
            _add(weights, change * labels[n], indices[n], stretches[n], places[n], features, shape)


@njit(cache=True, nogil=True)
def _score(
    weights: Array,
    labels: Array,
    indices: Ints,
    stretches: Array,
    places: Ints,
    features: NDArray[np.float32],
    shape: tuple[int, int],
    margins: Array,
) -> None:
    for n in range(len(labels)):
        margins[n] = labels[n] * _product(weights, indices[n], stretches[n], places[n], features, shape)


@njit(cache=True, nogil=True)
def _accumulate(
    weights: Array,
    factors: Array,
    indices: Ints,
    stretches: Array,
    places: Ints,
    features: NDArray[np.float32],
    shape: tuple[int, int],
) -> None:
    for n in range(len(factors)):
        if factors[n] != 0.0:
            _add(weights, factors[n], indices[n], stretches[n], places[n], features, shape)


@njit(cache=True, nogil=True)
def _norms(
    indices: Ints, stretches: Array, places: Ints, features: NDArray[np.float32], shape: tuple[int, int]
) -> Array:
    norms = np.zeros(len(indices))
    rows, length = shape
    for n in range(len(indices)):
        for part in range(indices.shape[1]):
            norms[n] += 1.0
            for row in range(rows):
                at = places[n, part, 0] + row * places[n, part, 1]
                for i in range(length):
                    norms[n] += features[at + i] * features[at + i]
            for i in range(4):
                norms[n] += stretches[n, part, i] * stretches[n, part, i]
    return norms
