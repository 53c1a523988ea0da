"""A bounded cache of training examples that share one buffer of features."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Examples:
    """N placements with their labels and dual variables.

    Attributes:
        indices: (N, parts, 3), from ``Layout.indices``.
        stretches: (N, parts, 4), from ``Layout.stretches``.
        places: (N, parts, 2), where each part's window starts in the feature buffer and the length of a row
            of that feature map.
        labels: (N,), 1 or -1.
        groups: (N,), examples of one group (placements with one root) share their slack.
        alphas: (N,), dual variables.
    """

    indices: NDArray[np.int64]
    stretches: Array
    places: NDArray[np.int64]
    labels: Array
    groups: NDArray[np.int64]
    alphas: Array = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.alphas):
            self.alphas = np.zeros(len(self.labels))

    def __len__(self) -> int:
        return len(self.labels)

    def select(self, which: NDArray[np.bool_]) -> Examples:
        """Only the chosen ones."""
        return Examples(*(array[which] for array in self._arrays))

    def extend(self, other: Examples) -> Examples:
        """These and others."""
        pairs = zip(self._arrays, other._arrays, strict=True)
        return Examples(*(np.concatenate(pair) for pair in pairs))

    def unseen(self, other: Examples) -> Examples:
        """Those of ``other`` that are not here already."""
        known = {(*row,) for row in self._keys()}
        return other.select(np.array([(*row,) not in known for row in other._keys()], dtype=bool))

    def _keys(self) -> list[tuple[int, ...]]:
        flat = np.concatenate([self.indices[..., 0], self.places[..., 0]], axis=1)
        return [tuple(row) for row in flat.tolist()]

    @property
    def _arrays(self) -> tuple[NDArray, ...]:
        return self.indices, self.stretches, self.places, self.labels, self.groups, self.alphas


def prune(examples: Examples, margins: Array, *, limit: int) -> Examples:
    """Drops what the solution does not lean on, the least likely first, down to ``limit`` examples.

    Args:
        margins: (N,), label times score; at least 1 is satisfied.
    """
    idle = (examples.alphas == 0) & (margins > 1) & (examples.labels < 0)
    surplus = len(examples) - limit
    if surplus <= 0 or not idle.any():
        return examples
    keep = np.ones(len(examples), dtype=bool)
    candidates = np.nonzero(idle)[0]
    keep[candidates[np.argsort(-margins[candidates])[:surplus]]] = False
    return examples.select(keep)
