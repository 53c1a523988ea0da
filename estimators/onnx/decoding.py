"""Joints from a network's outputs: heatmaps, or a row and a column of chances for each joint (SimCC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class SimCC:
    """Two outputs (N, J, cells): chances along x and y (Li et al., ECCV 2022).

    Attributes:
        x, y: names of the outputs.
        ratio: cells a pixel.
        joints: how many.
    """

    x: str
    y: str
    ratio: float
    joints: int

    def decode(self, outputs: Mapping[str, Array]) -> tuple[Array, Array]:
        """Points (N, J, 2) in pixels of the input and what the network says of them (N, J)."""
        along_x, along_y = outputs[self.x], outputs[self.y]
        points = np.stack([along_x.argmax(axis=2), along_y.argmax(axis=2)], axis=-1) / self.ratio
        return points, np.minimum(along_x.max(axis=2), along_y.max(axis=2))


@dataclass(frozen=True)
class Heatmaps:
    """One output (N, J, h, w).

    Attributes:
        name: of the output.
        scale: pixels of the input a cell, along x and y.
        joints: how many.
    """

    name: str
    scale: tuple[float, float]
    joints: int

    def decode(self, outputs: Mapping[str, Array]) -> tuple[Array, Array]:
        """Points (N, J, 2) in pixels of the input and what the network says of them (N, J).

        The peak, moved a quarter of a cell towards its higher neighbours (Newell et al., ECCV 2016).
        """
        maps = outputs[self.name]
        count, joints, height, width = maps.shape
        flat = maps.reshape(count, joints, -1)
        rows, columns = np.divmod(flat.argmax(axis=2), width)
        n, j = np.arange(count)[:, None], np.arange(joints)[None]
        inner_x, inner_y = (columns > 0) & (columns < width - 1), (rows > 0) & (rows < height - 1)
        right, left = np.minimum(columns + 1, width - 1), np.maximum(columns - 1, 0)
        below, above = np.minimum(rows + 1, height - 1), np.maximum(rows - 1, 0)
        inner = inner_x & inner_y
        x = columns + 0.25 * np.sign(maps[n, j, rows, right] - maps[n, j, rows, left]) * inner
        y = rows + 0.25 * np.sign(maps[n, j, below, columns] - maps[n, j, above, columns]) * inner
        return np.stack([x, y], axis=-1) * self.scale, flat.max(axis=2)


def recognised(outputs: Mapping[str, Array], *, width: int, height: int) -> SimCC | Heatmaps:
    """What the outputs for one picture are, by their shapes.

    Raises:
        ValueError: they are nothing known; the message has their shapes.
    """
    shapes = {name: output.shape for name, output in outputs.items()}
    maps = [name for name, shape in shapes.items() if len(shape) == 4]
    if len(maps) == 1:
        _, joints, rows, columns = shapes[maps[0]]
        return Heatmaps(maps[0], (width / columns, height / rows), joints)
    lines = [name for name, shape in shapes.items() if len(shape) == 3]
    if len(lines) == 2 and shapes[lines[0]][1] == shapes[lines[1]][1]:
        for x, y in (lines, lines[::-1]):
            ratio = shapes[x][2] / width
            if ratio >= 1 and np.isclose(ratio, shapes[y][2] / height):
                return SimCC(x, y, ratio, shapes[x][1])
    found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    raise ValueError(
        f"Invalid outputs ({found}). Supported values are heatmaps (N, joints, h, w), and the two of SimCC, "
        "(N, joints, width x k) and (N, joints, height x k)."
    )
