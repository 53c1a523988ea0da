"""The turned square of a frame that the landmark network looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators.boxes import Boxes

CIRCLE = 1.25
"""The square is wider than the circle around the body by this."""
SMALLEST = 8.0  # pixels


@dataclass(frozen=True)
class Region:
    """A square, turned so that the person in it stands upright.

    Attributes:
        x, y: its middle, in pixels.
        size: its side, in pixels.
        angle: radians by which the person leans, clockwise on the screen.
    """

    x: float
    y: float
    size: float
    angle: float

    @classmethod
    def around_circle(cls, middle: NDArray[np.floating], rim: NDArray[np.floating]) -> Region:
        """The square around the circle that the body fits into.

        Args:
            middle: (2,): x, y of the circle's middle, between the hips.
            rim: (2,): the point of the circle that lies in the direction of the head.
        """
        x, y = (float(value) for value in rim - middle)
        return cls(float(middle[0]), float(middle[1]), 2 * CIRCLE * math.hypot(x, y), math.atan2(x, -y))

    @classmethod
    def around_box(cls, box: Boxes, *, widened: float) -> Region:
        """The upright square around a box, ``widened`` times as large."""
        x, y = (box[:2] + box[2:]) / 2
        return cls(float(x), float(y), widened * float((box[2:] - box[:2]).max()), 0.0)

    def to_frame(self, side: int) -> NDArray[np.float64]:
        """(2, 3): the affine map from a crop of ``side`` pixels to the frame."""
        scale = max(self.size, SMALLEST) / side
        cos, sin = scale * math.cos(self.angle), scale * math.sin(self.angle)
        turn = np.array([[cos, -sin], [sin, cos]])
        shift = np.array([self.x, self.y]) - turn @ np.full(2, side / 2)
        return np.column_stack([turn, shift])

    def crop(self, frame: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
        """The square as a picture (side, side, 3); beyond the frame its edge goes on."""
        return np.asarray(
            cv2.warpAffine(
                frame,
                self.to_frame(side),
                (side, side),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )
