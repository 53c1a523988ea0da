"""Message passing from the leaves of the tree to its root, and backtracking down again.

Yang & Ramanan, PAMI 2013, section 4: score(parent, l) += max over child mixtures k and places c of
score(child, k, c) + bias(l, k) - spring(c).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from estimators.yr.distance import transform
from estimators.yr.model import PartModel

Array = NDArray[np.floating]
Indices = NDArray[np.int16]


@dataclass(frozen=True)
class Choices:
    """What a part's best mixture and place are, given its parent's.

    Attributes:
        mixture: int8, (L, H, W), by the parent's mixture and place.
        x, y: int16, (1 or L, K, H, W), by the spring, the part's mixture and the parent's place.
    """

    mixture: NDArray[np.int8]
    x: Indices
    y: Indices


@dataclass(frozen=True)
class RootScores:
    """Scores of whole trees by the root's place, (H, W), its best mixture there, and everybody's choices."""

    scores: Array
    mixture: NDArray[np.int64]
    choices: tuple[Choices | None, ...]


def pass_messages(filter_scores: Array, model: PartModel) -> RootScores:
    """Scores of the best tree at each place of the root.

    Args:
        filter_scores: (filters, H, W) of one pyramid level, in the order of ``model.filter_bank``.
    """
    offsets = model.offsets
    scores = [
        filter_scores[start : start + part.mixtures].copy()
        for start, part in zip(offsets, model.parts, strict=True)
    ]
    height, width = filter_scores.shape[1:]
    choices: list[Choices | None] = [None] * len(model.parts)
    for index in range(len(model.parts) - 1, 0, -1):
        part = model.parts[index]
        parent_mixtures, shape = len(part.bias), (len(part.springs), part.mixtures, height, width)
        choice = Choices(
            np.empty((parent_mixtures, height, width), np.int8),
            np.empty(shape, np.int16),
            np.empty(shape, np.int16),
        )
        _send(
            scores[index], part.springs, part.anchors, part.bias, scores[part.parent],
            choice.mixture, choice.x, choice.y,
        )  # fmt: skip
        choices[index] = choice
    root = scores[0] + model.parts[0].bias.item()
    return RootScores(root.max(axis=0), root.argmax(axis=0), tuple(choices))


def backtrack(
    roots: RootScores, ys: NDArray[np.integer], xs: NDArray[np.integer], model: PartModel
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places and mixtures of every part for the trees whose roots are at (ys, xs).

    Returns:
        Cells as x, y, (N, parts, 2), and mixtures, (N, parts).
    """
    cells = np.empty((len(ys), len(model.parts), 2), np.int64)
    mixtures = np.empty(cells.shape[:2], np.int64)
    cells[:, 0], mixtures[:, 0] = np.stack([xs, ys], axis=1), roots.mixture[ys, xs]
    for index, (part, choice) in enumerate(zip(model.parts, roots.choices, strict=True)):
        if choice is None:
            continue
        x, y = cells[:, part.parent].T
        parent_mixture = mixtures[:, part.parent]
        mixture = choice.mixture[parent_mixture, y, x]
        spring = parent_mixture if len(choice.x) > 1 else np.zeros_like(parent_mixture)
        cells[:, index, 0] = choice.x[spring, mixture, y, x]
        cells[:, index, 1] = choice.y[spring, mixture, y, x]
        mixtures[:, index] = mixture
    return cells, mixtures


@njit(cache=True, nogil=True)
def _send(
    child: Array,
    springs: Array,
    anchors: Array,
    bias: Array,
    parent: Array,
    best_mixture: NDArray[np.int8],
    source_x: Indices,
    source_y: Indices,
) -> None:
    """Adds a child's message to its parent's scores, (L, H, W), in place, and records the choices."""
    kinds, mixtures = springs.shape[0], springs.shape[1]
    height, width = child.shape[1], child.shape[2]
    moved = np.empty_like(child)
    best, chosen = np.empty(width, child.dtype), np.empty(width, np.int32)
    for kind in range(kinds):
        for k in range(mixtures):
            transform(
                child[k], springs[kind, k], anchors[kind, k], moved[k], source_x[kind, k], source_y[kind, k]
            )
        first, last = (0, parent.shape[0]) if kinds == 1 else (kind, kind + 1)
        for mixture in range(first, last):
            for y in range(height):
                _best_mixture(moved, y, bias[mixture], best, chosen)
                for x in range(width):
                    parent[mixture, y, x] += best[x]
                    best_mixture[mixture, y, x] = chosen[x]


@njit(cache=True, nogil=True)
def _best_mixture(moved: Array, y: int, bias: Array, best: Array, chosen: NDArray[np.int32]) -> None:
    """The highest of a row's mixtures with their biases, and which it is; both (width,), written.

    All numbers are as wide as ``best``, so that the processor does eight places at a time.
    """
    for k in range(moved.shape[0]):
        row, extra, number = moved[k, y], best.dtype.type(bias[k]), np.int32(k)
        if k == 0:
            for x in range(len(best)):
                best[x] = row[x] + extra
                chosen[x] = number
        else:
            for x in range(len(best)):
                score = row[x] + extra
                better = score > best[x]
                best[x] = score if better else best[x]
                chosen[x] = number if better else chosen[x]
