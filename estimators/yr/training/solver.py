"""Dual coordinate descent for the structured SVM.

D. Ramanan, "Dual coordinate solvers for large-scale structural SVMs", 2013. Minimises over the weights
1/2 |w - w0|^2 + sum over groups of C_g max over their examples of max(0, 1 - y w.x), with the springs'
quadratic weights kept above a floor: with v = w0 + sum of alpha y x, w is v raised to the floor there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from estimators.yr.training.examples import Examples
from estimators.yr.training.layout import ROOT_BIAS_FEATURE, SOFTEST_SPRING, Layout

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


CHECK_EVERY = 5  # passes: one over all examples, the others over those that matter, then the gap
ACTIVE = 1.05  # margins beyond this are left alone in the other passes


class _View(NamedTuple):
    """Examples as the compiled loops see them."""

    indices: Ints
    stretches: Array
    places: Ints
    features: NDArray[np.float32]
    rows: int  # of a template
    length: int  # of a template's row


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
    view = _view(examples, features, layout)
    norms, fellows = _norms(view), _rings(groups)
    weights = start.copy()
    _accumulate(weights, examples.alphas * examples.labels, view)
    totals = np.bincount(groups, weights=examples.alphas, minlength=groups.max() + 1).astype(np.float64)
    margins = np.empty(len(examples))
    _score(weights, examples.labels, view, margins)
    primal, relative = np.inf, np.inf
    for step in range(1, passes + 1):
        active = rng.permutation(len(examples)).astype(np.int64)
        if step % CHECK_EVERY != 1:
            active = active[(margins[active] < ACTIVE) | (examples.alphas[active] > 0)]
        labels, alphas = examples.labels, examples.alphas
        _descend(active, weights, alphas, totals, groups, fellows, costs, labels, norms, view)
        if step % CHECK_EVERY == 0 or step == passes:
            _score(weights, labels, view, margins)
            primal, relative = _duality(weights, start, layout, examples, margins, groups, costs)
            if relative < gap:
                break
    return Solution(_floored(weights, layout), margins, primal, relative)


def _view(examples: Examples, features: NDArray[np.float32], layout: Layout) -> _View:
    return _View(
        examples.indices,
        examples.stretches,
        examples.places,
        features,
        layout.model.template_size[0],
        layout.row_length,
    )


def _rings(groups: Ints) -> Ints:
    """For each example the next one of its group, round and round."""
    order = np.argsort(groups, kind="stable")
    following = np.roll(order, -1)
    last = np.append(groups[order][1:] != groups[order][:-1], True)
    first = order[np.append(True, last[:-1])]
    following[last] = first
    fellows = np.empty_like(groups)
    fellows[order] = following
    return fellows


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
def _product(weights: Array, n: int, view: _View) -> float:
    """w.x of example n."""
    total = 0.0
    for part in range(view.indices.shape[1]):
        template, bias, spring = view.indices[n, part]
        for row in range(view.rows):
            w = weights[template + row * view.length : template + (row + 1) * view.length]
            at = view.places[n, part, 0] + row * view.places[n, part, 1]
            x = view.features[at : at + view.length]
            partial = 0.0
            for i in range(view.length):
                partial += w[i] * x[i]
            total += partial
        total += weights[bias] * (ROOT_BIAS_FEATURE if part == 0 else 1.0)
        if spring >= 0:
            stretch = view.stretches[n, part]
            total += max(weights[spring], SOFTEST_SPRING) * stretch[0] + weights[spring + 1] * stretch[1]
            total += max(weights[spring + 2], SOFTEST_SPRING) * stretch[2] + weights[spring + 3] * stretch[3]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _add(weights: Array, factor: float, n: int, view: _View) -> None:
    """w += factor x of example n."""
    for part in range(view.indices.shape[1]):
        template, bias, spring = view.indices[n, part]
        for row in range(view.rows):
            w = weights[template + row * view.length : template + (row + 1) * view.length]
            at = view.places[n, part, 0] + row * view.places[n, part, 1]
            x = view.features[at : at + view.length]
            for i in range(view.length):
                w[i] += factor * x[i]
        weights[bias] += factor * (ROOT_BIAS_FEATURE if part == 0 else 1.0)
        if spring >= 0:
            for i in range(4):
                weights[spring + i] += factor * view.stretches[n, part, i]


@njit(cache=True, nogil=True)
def _descend(
    active: Ints,
    weights: Array,
    alphas: Array,
    totals: Array,
    groups: Ints,
    fellows: Ints,
    costs: Array,
    labels: Array,
    norms: Array,
    view: _View,
) -> None:
    """One pass: each dual variable to its own optimum, 0 <= alpha and its group's sum at most C.

    Where the group has no room left, the variable takes its share from another of the group.
    """
    for n in active:
        error = 1.0 - labels[n] * _product(weights, n, view)
        room = costs[n] - totals[groups[n]]
        change = max(error / norms[n], -alphas[n])
        if change > room:
            other = _lender(n, alphas, fellows)
            if other != n:
                apart = error - (1.0 - labels[other] * _product(weights, other, view))
                share = min(max(apart / (2.0 * (norms[n] + norms[other])), 0.0), alphas[other])
                alphas[other] -= share
                totals[groups[n]] -= share
                _add(weights, -share * labels[other], other, view)
                change = share + max(room, 0.0)
            else:
                change = room
        if change != 0.0:
            alphas[n] += change
            totals[groups[n]] += change
            _add(weights, change * labels[n], n, view)


@njit(cache=True, nogil=True)
def _lender(n: int, alphas: Array, fellows: Ints) -> int:
    """Another of the group with something to give, or n itself."""
    other = fellows[n]
    while other != n and alphas[other] <= 0.0:
        other = fellows[other]
    return other


@njit(cache=True, nogil=True)
def _score(weights: Array, labels: Array, view: _View, margins: Array) -> None:
    for n in range(len(labels)):
        margins[n] = labels[n] * _product(weights, n, view)


@njit(cache=True, nogil=True)
def _accumulate(weights: Array, factors: Array, view: _View) -> None:
    for n in range(len(factors)):
        if factors[n] != 0.0:
            _add(weights, factors[n], n, view)


@njit(cache=True, nogil=True)
def _norms(view: _View) -> Array:
    norms = np.zeros(len(view.indices))
    for n in range(len(norms)):
        for part in range(view.indices.shape[1]):
            norms[n] += ROOT_BIAS_FEATURE**2 if part == 0 else 1.0
            for row in range(view.rows):
                at = view.places[n, part, 0] + row * view.places[n, part, 1]
                for i in range(view.length):
                    norms[n] += view.features[at + i] * view.features[at + i]
            for i in range(4):
                norms[n] += view.stretches[n, part, i] * view.stretches[n, part, i]
    return norms
