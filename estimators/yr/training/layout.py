"""A model as one flat weight vector, and placements as sparse feature vectors over it.

The vector holds, part by part, the templates (mixture, row, column, channel), then all biases, then all
springs. A placement touches one template, one bias and one spring per part, so an example is three indices
and four numbers per part, and where its features are in a shared buffer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from estimators.yr.model import PartModel

Array = NDArray[np.float64]
SOFTEST_SPRING = 0.01
# The root's bias shifts all scores alike and is hardly to be regularised: its feature is 10, its weight a
# tenth. (The released model's bias alone would cost more than its whole objective otherwise.)
ROOT_BIAS_FEATURE = 10.0


@dataclass(frozen=True)
class Layout:
    """Where things are in the flat vector of models like ``model``, whose springs are by child mixture."""

    model: PartModel

    @property
    def template_length(self) -> int:
        """Weights of one template."""
        return int(np.prod(self.model.parts[0].filters.shape[1:]))

    @property
    def row_length(self) -> int:
        """Weights of one row of a template, which lie together in a feature map as well."""
        return int(np.prod(self.model.parts[0].filters.shape[2:]))

    @property
    def _bias_starts(self) -> NDArray[np.int64]:
        templates = sum(part.mixtures for part in self.model.parts) * self.template_length
        return templates + np.cumsum([0, *(part.bias.size for part in self.model.parts)])

    @property
    def _spring_starts(self) -> NDArray[np.int64]:
        return self._bias_starts[-1] + np.cumsum(
            [0, *(4 * part.springs.shape[1] for part in self.model.parts)]
        )

    @property
    def size(self) -> int:
        """Length of the vector."""
        return int(self._spring_starts[-1])

    @property
    def first_spring(self) -> int:
        """Where the springs begin."""
        return int(self._spring_starts[0])

    def flatten(self, model: PartModel) -> Array:
        """The vector of a model."""
        groups = (
            [part.filters for part in model.parts],
            [part.bias for part in model.parts],
            [part.springs for part in model.parts],
        )
        vector = np.concatenate([array.ravel() for group in groups for array in group])
        vector[self._bias_starts[0]] /= ROOT_BIAS_FEATURE
        return vector

    def unflatten(self, vector: Array) -> PartModel:
        """The model of a vector."""
        vector = vector.copy()
        vector[self._bias_starts[0]] *= ROOT_BIAS_FEATURE
        filters_at, parts = 0, []
        for part, bias_at, spring_at in zip(
            self.model.parts, self._bias_starts, self._spring_starts, strict=False
        ):
            parts.append(
                replace(
                    part,
                    filters=vector[filters_at : filters_at + part.filters.size].reshape(part.filters.shape),
                    bias=vector[bias_at : bias_at + part.bias.size].reshape(part.bias.shape),
                    springs=vector[spring_at : spring_at + part.springs.size].reshape(part.springs.shape),
                )
            )
            filters_at += part.filters.size
        return replace(self.model, parts=tuple(parts))

    def indices(self, mixtures: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the templates, biases and springs of placements begin: (N, parts) -> (N, parts, 3).

        The root has no spring; its index there is -1.
        """
        parts = self.model.parts
        out = np.empty((*mixtures.shape, 3), np.int64)
        out[..., 0] = (mixtures + np.array(self.model.offsets)) * self.template_length
        out[:, 0, 1:] = self._bias_starts[0], -1
        for index, part in enumerate(parts[1:], start=1):
            mixture = mixtures[:, index]
            pair = mixtures[:, part.parent] * part.mixtures + mixture
            out[:, index, 1] = self._bias_starts[index] + pair
            out[:, index, 2] = self._spring_starts[index] + 4 * mixture
        return out

    def stretches(self, cells: NDArray[np.int64], mixtures: NDArray[np.int64]) -> Array:
        """What the springs' weights are multiplied with: (N, parts, 2) cells -> (N, parts, 4)."""
        out = np.zeros((*mixtures.shape, 4))
        for index, part in enumerate(self.model.parts[1:], start=1):
            anchor = part.anchors[0, mixtures[:, index]]
            moved = cells[:, part.parent] + anchor - cells[:, index]
            out[:, index, 0::2] = -(moved**2)
            out[:, index, 1::2] = -moved
        return out
