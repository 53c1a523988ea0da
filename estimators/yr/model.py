"""The flexible mixtures of parts: a tree of parts, each with a few mixtures of HOG templates.

Y. Yang, D. Ramanan, "Articulated pose estimation with flexible mixtures-of-parts", CVPR 2011; PAMI 2013.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CHANNELS = 32


@dataclass(frozen=True)
class Part:
    """One part of the tree. K is its number of mixtures, L its parent's.

    Attributes:
        parent: index of the parent, which comes earlier in the model; -1 for the root.
        filters: (K, height, width, 32), the templates.
        bias: (L, K), what a pair of mixtures adds to the score; (1, 1) for the root.
        springs: (1, K, 4) or (L, K, 4), the weights of dx^2, dx, dy^2, dy; quadratic ones are positive.
            Release 1.3 has one spring per mixture of the child (1), 1.4 one per pair (L). Root: (1, 0, 4).
        anchors: (1, K, 2) or (L, K, 2), x and y of the child's rest place from its parent's, in cells.
    """

    parent: int
    filters: Array = field(repr=False)
    bias: Array = field(repr=False)
    springs: Array = field(repr=False)
    anchors: Array = field(repr=False)

    @property
    def mixtures(self) -> int:
        """How many mixtures the part has."""
        return len(self.filters)


@dataclass(frozen=True)
class PartModel:
    """A tree of parts and how its feature pyramid is laid out.

    Attributes:
        parts: the root first, every part after its parent.
        cell_size: pixels of a HOG cell (``sbin``).
        interval: pyramid levels per octave.
        threshold: the score above which a placement is taken for a person.
    """

    parts: tuple[Part, ...]
    cell_size: int = 4
    interval: int = 10
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("Invalid model (no parts).")
        for index, part in enumerate(self.parts):
            parent = self.parts[part.parent] if 0 <= part.parent < index else None
            if (parent is None) != (index == 0) or (index == 0 and part.parent != -1):
                raise ValueError(
                    f"Invalid parent ({part.parent}) of part {index}: the tree starts at part 0."
                )
            _check_shapes(index, part, parent, self.parts[0].filters.shape[1:])
        if self.cell_size < 2 or self.interval < 1:
            raise ValueError(f"Invalid cell size ({self.cell_size}) or interval ({self.interval}).")

    @property
    def filter_bank(self) -> Array:
        """All templates in the order of the parts, (filters, height, width, 32)."""
        return np.concatenate([part.filters for part in self.parts])

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where each part's templates begin in :attr:`filter_bank`."""
        return tuple(np.cumsum([0, *(part.mixtures for part in self.parts[:-1])]).tolist())

    @property
    def template_size(self) -> tuple[int, int]:
        """Height and width of every template, in cells."""
        return self.parts[0].filters.shape[1], self.parts[0].filters.shape[2]

    @property
    def padding(self) -> tuple[int, int]:
        """Cells by which a template may hang over the top and the left edge of the picture."""
        height, width = self.template_size
        return max(height - 2, 0), max(width - 2, 0)

    def with_threshold(self, threshold: float) -> PartModel:
        """The same model with another threshold."""
        return replace(self, threshold=threshold)


def _check_shapes(index: int, part: Part, parent: Part | None, template: tuple[int, ...]) -> None:
    """Raises ValueError where the arrays of a part do not fit each other or its parent's."""
    if part.filters.ndim != 4 or part.filters.shape[1:] != template or template[2] != CHANNELS:
        raise ValueError(f"Invalid templates {part.filters.shape} of part {index}: (K, h, w, 32) wanted.")
    pairs = (parent.mixtures, part.mixtures) if parent else (1, 1)
    if part.bias.shape != pairs:
        raise ValueError(f"Invalid biases {part.bias.shape} of part {index}: {pairs} wanted.")
    if parent is None:
        return
    kinds = part.springs.shape[0]
    if kinds not in (1, parent.mixtures) or part.springs.shape != (kinds, part.mixtures, 4):
        raise ValueError(f"Invalid springs {part.springs.shape} of part {index}: (1 or L, K, 4) wanted.")
    if part.anchors.shape != (kinds, part.mixtures, 2):
        raise ValueError(f"Invalid anchors {part.anchors.shape} of part {index}: as many as springs wanted.")
    if not (part.springs[..., [0, 2]] > 0).all():
        raise ValueError(f"Invalid springs of part {index}: the quadratic weights must be above 0.")
