"""From stored pictures to upright ones of one size: turned, mirrored, letterboxed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
QUARTER = 90


@dataclass(frozen=True)
class Orientation:
    """A turn by a multiple of 90 degrees, with or without a mirror.

    Attributes:
        a, b, c, d: each -1, 0 or 1. The point (x, y) of the stored picture goes to (a x + c y, b x + d y),
            up to a shift, as in the track header of ISO/IEC 14496-12 and in FFmpeg's display matrix.
    """

    a: int = 1
    b: int = 0
    c: int = 0
    d: int = 1

    @classmethod
    def from_display_matrix(cls, matrix: Sequence[int]) -> Orientation:
        """The nearest to FFmpeg's nine numbers; a matrix of another kind of turn says as much as it can."""
        a, b, _, c, d = matrix[:5]
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(-1 if a < 0 else 1, 0, 0, -1 if d < 0 else 1)
        return cls(0, -1 if b < 0 else 1, -1 if c < 0 else 1, 0)

    @classmethod
    def clockwise(cls, degrees: int) -> Orientation:
        """A turn clockwise by 0, 90, 180 or 270 degrees."""
        cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees % 360]
        return cls(cosine, sine, -sine, cosine)

    def then(self, other: Orientation) -> Orientation:
        """This first, the other one after."""
        return Orientation(
            self.a * other.a + self.b * other.c,
            self.a * other.b + self.b * other.d,
            self.c * other.a + self.d * other.c,
            self.c * other.b + self.d * other.d,
        )

    @property
    def sideways(self) -> bool:
        """Whether rows become columns."""
        return self.a == 0

    @property
    def mirrored(self) -> bool:
        """Whether left and right are exchanged."""
        return self.a * self.d - self.b * self.c < 0

    @property
    def degrees(self) -> int:
        """Degrees clockwise by which the picture is turned, after it is mirrored left to right if it is."""
        turn = Orientation(-1).then(self) if self.mirrored else self
        return next(angle for angle in (0, 90, 180, 270) if turn == Orientation.clockwise(angle))

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (height, width) if self.sideways else (width, height)

    def apply(self, picture: Picture) -> Picture:
        """The upright picture of a stored one, (H, W, 3); a view where it can be."""
        if self.sideways:
            picture = picture.transpose(1, 0, 2)
        if self.a + self.c < 0:
            picture = picture[:, ::-1]
        if self.b + self.d < 0:
            picture = picture[::-1]
        return picture


def letterbox(picture: Picture, size: tuple[int, int], *, stretch: float = 1.0) -> Picture:
    """A picture of another size in the middle of a black one, as large as it can be.

    Args:
        picture: uint8, (H, W, 3).
        size: width and height wanted.
        stretch: the width of its pixels, in widths of those wanted.
    """
    width, height = size
    own_width, own_height = picture.shape[1] * stretch, float(picture.shape[0])
    scale = min(width / own_width, height / own_height)
    inner = (max(1, round(own_width * scale)), max(1, round(own_height * scale)))
    inner = (min(width, inner[0]), min(height, inner[1]))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    boxed = np.zeros((height, width, 3), np.uint8)
    boxed[top : top + inner[1], left : left + inner[0]] = cv2.resize(
        np.ascontiguousarray(picture), inner, interpolation=cv2.INTER_AREA
    )
    return boxed
