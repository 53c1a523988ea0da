"""BlazePose's detector: where people are, how large, and how they are turned.

Bazarevsky et al.: "BlazePose: On-device Real-time Body Pose tracking", 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators.blazepose.network import LiteNetwork, sigmoid
from estimators.blazepose.region import Region
from estimators.boxes import Boxes, iou

SIDE = 224
ANCHORS = ((8, 2), (16, 2), (32, 6))  # stride, anchors a cell
POINTS = 4  # middle of the hips, rim of the body's circle, middle of the shoulders, rim of the upper body's
SURE = 0.5
SAME_PERSON = 0.3  # intersection over union


@dataclass(frozen=True)
class Candidate:
    """Somebody who was found.

    Attributes:
        score: 0..1.
        region: what the landmark network should see.
        shoulders: (2,): x, y between the shoulders, in pixels.
    """

    score: float
    region: Region
    shoulders: NDArray[np.float64]


def anchor_centres() -> NDArray[np.float64]:
    """x, y of all anchors (N, 2), as shares of the picture."""
    grids = []
    for stride, count in ANCHORS:
        cells = (np.arange(SIDE // stride) + 0.5) * stride / SIDE
        y, x = np.meshgrid(cells, cells, indexing="ij")
        grids.append(np.repeat(np.column_stack([x.ravel(), y.ravel()]), count, axis=0))
    return np.concatenate(grids)


class PersonDetector:
    """Finds people in a square part of a frame.

    Args:
        model: the content of the ``.tflite`` file.
        threads: of the processor.
    """

    def __init__(self, model: bytes, *, threads: int) -> None:
        self._anchors = anchor_centres()
        count = len(self._anchors)
        self._network = LiteNetwork(model, threads=threads, outputs=[(count, 4 + 2 * POINTS), (count, 1)])

    def detect(self, frame: NDArray[np.uint8], box: Boxes) -> list[Candidate]:
        """Everybody in the square around a box, the surest first."""
        picture, scale, origin = _square(frame, box)
        geometry, logits = self._network(picture.astype(np.float32) / 127.5 - 1)
        scores = sigmoid(logits[:, 0])
        sure = np.flatnonzero(scores >= SURE)
        sure = sure[np.argsort(-scores[sure], kind="stable")]
        scores, anchors = scores[sure], self._anchors[sure]
        geometry = geometry[sure].astype(np.float64) / SIDE
        middles, halves = geometry[:, :2] + anchors, geometry[:, 2:4] / 2
        corners = np.concatenate([middles - halves, middles + halves], axis=1)
        points = (geometry[:, 4:].reshape(-1, POINTS, 2) + anchors[:, None]) * scale + origin
        found = []
        for group in _groups(corners):
            hips, rim, shoulders, _ = np.average(points[group], axis=0, weights=scores[group])
            found.append(Candidate(float(scores[group[0]]), Region.around_circle(hips, rim), shoulders))
        return found


def _square(frame: NDArray[np.uint8], box: Boxes) -> tuple[NDArray[np.uint8], float, NDArray[np.float64]]:
    """The square around a box as the network's input, black beyond the frame; its side; its corner (x, y)."""
    side = max(int(np.ceil((box[2:] - box[:2]).max())) + 1, 2)
    low = np.round((box[:2] + box[2:]) / 2 - (side - 1) / 2).astype(int)
    height, width = frame.shape[:2]
    start, stop = np.clip(low, 0, [width, height]), np.clip(low + side, 0, [width, height])
    square = np.zeros((side, side, 3), np.uint8)
    (x1, y1), (x2, y2) = start - low, stop - low
    square[y1:y2, x1:x2] = frame[start[1] : stop[1], start[0] : stop[0]]
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    # Pixel centres are at whole numbers, so that the corner of the first pixel lies at -0.5.
    return np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=how), np.uint8), float(side), low - 0.5


def _groups(boxes: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Indices of boxes that show the same person, the surest first (weighted non-maximum suppression)."""
    left, groups = np.arange(len(boxes)), []
    while len(left):
        same = iou(boxes[left[0]], boxes[left]) > SAME_PERSON
        same[0] = True
        groups.append(left[same])
        left = left[~same]
    return groups
