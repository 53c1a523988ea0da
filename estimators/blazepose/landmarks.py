"""BlazePose's landmark network: 33 joints, and where the body is, from a turned square of a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimators.blazepose.network import LiteNetwork, sigmoid
from estimators.blazepose.region import Region

SIDE, CELLS = 256, 64  # of the input and of the heatmaps
JOINTS, POINTS = 33, 39
MIDDLE, RIM = 33, 34  # of the circle around the body; the others beyond the joints are not used
REACH = 3  # cells around a point that its heatmap may move it by
SPREAD = 4.0
SURE_CELL = 0.5  # heatmaps without so much do not move their points


@dataclass(frozen=True)
class Landmarks:
    """One person.

    Attributes:
        points: float64, (33, 2): x, y in pixels of the frame.
        visibility: float64, (33,): whether the network takes a joint to be in the picture, not hidden; 0..1.
            Its logits are divided by ``SPREAD``, since most of the vendor's values lie between 0.999 and 1.
        presence: whether there is a person at all, 0..1.
        region: where the person's square should have been.
    """

    points: NDArray[np.float64]
    visibility: NDArray[np.float64]
    presence: float
    region: Region


class LandmarkNetwork:
    """Finds the joints of one person.

    Args:
        model: the content of the ``.tflite`` file.
        threads: of the processor.
    """

    def __init__(self, model: bytes, *, threads: int) -> None:
        outputs = [(5 * POINTS,), (1,), (CELLS, CELLS, POINTS)]
        self._network = LiteNetwork(model, threads=threads, outputs=outputs)

    def look(self, frame: NDArray[np.uint8], region: Region) -> Landmarks:
        """The joints of the person in a square of an RGB frame (H, W, 3)."""
        crop = region.crop(frame, SIDE)
        values, presence, heatmaps = self._network(crop.astype(np.float32) / 255)
        values = values.reshape(POINTS, 5)  # x, y, z, visibility, presence
        places = refined(values[:, :2].astype(np.float64) / SIDE, heatmaps) * SIDE
        to_frame = region.to_frame(SIDE)
        points = places @ to_frame[:, :2].T + to_frame[:, 2]
        return Landmarks(
            points=points[:JOINTS],
            visibility=sigmoid(values[:JOINTS, 3] / SPREAD),
            presence=float(np.clip(presence[0], 0, 1)),
            region=Region.around_circle(points[MIDDLE], points[RIM]),
        )


def refined(places: NDArray[np.float64], heatmaps: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points moved to the middle of what their heatmaps hold around them.

    Args:
        places: (N, 2): x, y as shares of the crop.
        heatmaps: (cells, cells, N), logits.
    """
    cells = np.trunc(places * CELLS).astype(int)
    inside = ((cells >= 0) & (cells < CELLS)).all(axis=1)
    points = np.flatnonzero(inside)
    offsets = np.arange(-REACH, REACH + 1)
    columns, rows = cells[points, 0, None] + offsets, cells[points, 1, None] + offsets  # (n, 7)
    there = ((rows >= 0) & (rows < CELLS))[:, :, None] & ((columns >= 0) & (columns < CELLS))[:, None]
    logits = heatmaps[
        np.clip(rows, 0, CELLS - 1)[:, :, None],
        np.clip(columns, 0, CELLS - 1)[:, None],
        points[:, None, None],
    ]
    mass = np.where(there, sigmoid(logits), 0)
    total = mass.sum(axis=(1, 2))
    x = (mass.sum(axis=1) * columns).sum(axis=1) / total
    y = (mass.sum(axis=2) * rows).sum(axis=1) / total
    sure = mass.max(axis=(1, 2)) >= SURE_CELL
    moved = places.copy()
    moved[points[sure]] = np.column_stack([x, y])[sure] / CELLS
    return moved
