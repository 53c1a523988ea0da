"""One person's joints and limbs on a picture, in layers that do not hide each other."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from app.rendering.style import Colour, SideColours
from estimators import Skeleton

Picture = NDArray[np.uint8]
Spot = tuple[int, int]
# OpenCV draws at whole pixels unless it is given coordinates with fractional bits.
SHIFT = 4
OUTLINE_COLOUR = (20, 20, 20)


@dataclass(frozen=True)
class Layer:
    """Joints and limbs of one kind.

    Attributes:
        points: (joints, 2): x, y; NaN where there is none.
        colours: by the side of the body.
        line: thickness of limbs, in pixels.
        radius: of joints.
        ringed: (joints,): joints that are unsure, drawn as rings.
        ring: their radius.
    """

    points: NDArray[np.floating] = field(repr=False)
    colours: SideColours
    line: int
    radius: float
    ringed: NDArray[np.bool_] | None = None
    ring: float = 0.0


class FigurePainter:
    """Knows a skeleton's limbs and sides, and draws layers of one person.

    All outlines come first and the layers on them, so that where two of them agree the wider one below shows
    on both sides of the narrower one.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self._limbs = skeleton.limb_indices
        self._sides = [_side(joint) for joint in skeleton.joints]

    def paint(self, canvas: Picture, layers: list[Layer], *, outline: int) -> None:
        """Draws the layers onto ``canvas``, the first at the bottom, with a dark edge of so many pixels."""
        for layer in layers:
            self._strokes(canvas, layer, extra=outline)
        for layer in layers:
            self._strokes(canvas, layer)

    def _strokes(self, canvas: Picture, layer: Layer, *, extra: int = 0) -> None:
        there = np.isfinite(layer.points).all(axis=1)
        ringed = layer.ringed if layer.ringed is not None else np.zeros(len(there), bool)
        holes = np.where(ringed, layer.ring, 0.0)
        for a, b in self._limbs:
            if there[a] and there[b]:
                ends = _between_rings(layer.points[[a, b]], holes[[a, b]])
                if ends is not None:
                    start, end = spots(canvas, ends)
                    colour = OUTLINE_COLOUR if extra else self._limb_colour(layer.colours, a, b)
                    cv2.line(canvas, start, end, colour, layer.line + 2 * extra, cv2.LINE_AA, SHIFT)
        for joint, spot in enumerate(spots(canvas, layer.points)):
            if not there[joint]:
                continue
            colour = OUTLINE_COLOUR if extra else _pick(layer.colours, self._sides[joint])
            if ringed[joint]:
                cv2.circle(
                    canvas, spot, fixed(layer.ring), colour, layer.line + 2 * extra, cv2.LINE_AA, SHIFT
                )
            else:
                cv2.circle(canvas, spot, fixed(layer.radius + extra), colour, -1, cv2.LINE_AA, SHIFT)

    def _limb_colour(self, colours: SideColours, a: int, b: int) -> Colour:
        sides = {self._sides[a], self._sides[b]} - {"middle"}
        return _pick(colours, sides.pop() if len(sides) == 1 else "middle")

    def joint_colour(self, colours: SideColours, joint: int) -> Colour:
        """Of the side that the joint is on."""
        return _pick(colours, self._sides[joint])


def fixed(length: float) -> int:
    """A length in OpenCV's fixed-point pixels."""
    return round(length * (1 << SHIFT))


def spots(canvas: Picture, points: NDArray[np.floating]) -> list[Spot]:
    """Points (N, 2) in OpenCV's fixed-point coordinates."""
    # A joint may be predicted far outside; the coordinates must not overflow.
    limit = 4 * max(canvas.shape)
    grid = np.clip(np.nan_to_num(points), -limit, limit) * (1 << SHIFT)
    return [(int(x), int(y)) for x, y in np.round(grid)]


def _side(joint: str) -> str:
    return next((side for side in ("left", "right") if joint.startswith(f"{side}_")), "middle")


def _pick(colours: SideColours, side: str) -> Colour:
    return {"left": colours.left, "right": colours.right}.get(side, colours.middle)


def _between_rings(ends: NDArray[np.floating], holes: NDArray[np.floating]) -> NDArray[np.floating] | None:
    """A limb's ends, moved to the edges of the rings around its joints; None where the rings meet."""
    way = ends[1] - ends[0]
    length = float(np.hypot(*way))
    if not holes.any():
        return ends
    if length <= holes.sum():
        return None
    return np.array([ends[0] + way * holes[0] / length, ends[1] - way * holes[1] / length])
