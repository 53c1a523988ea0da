"""Where to look: boxes that may be turned, so that who lies in the picture stands in the crop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from estimators import boxes
from estimators.boxes import Boxes

ORIGIN = np.zeros(2)


@dataclass(frozen=True)
class Region:
    """A box, and by how many degrees it is turned clockwise, as seen, about its middle.

    Attributes:
        box: x1, y1, x2, y2 before it is turned.
        angle: 0 is upright.
    """

    box: Boxes = field(repr=False)
    angle: float = 0.0

    @property
    def middle(self) -> NDArray[np.floating]:
        """x, y of the middle."""
        return boxes.middle(self.box)

    @property
    def side(self) -> float:
        """The longer side, in pixels."""
        return float((self.box[2:] - self.box[:2]).max())

    @property
    def bounds(self) -> Boxes:
        """x1, y1, x2, y2 around the turned box."""
        if not self.angle:
            return self.box
        corners = self.box[[[0, 1], [2, 1], [2, 3], [0, 3]]]
        return boxes.enclosing(boxes.turned(corners, self.middle, self.angle)).astype(np.float32)

    def moved(self, by: NDArray[np.floating]) -> Region:
        """The region, moved by x, y."""
        return replace(self, box=boxes.moved(self.box, by))

    def own(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Points (..., 2) in coordinates in which regions of this angle are upright."""
        return boxes.turned(points, ORIGIN, -self.angle) if self.angle else points

    @property
    def own_box(self) -> Boxes:
        """The box in those coordinates."""
        return boxes.moved(self.box, self.own(self.middle) - self.middle)


def enclosing(points: NDArray[np.floating], angle: float, *, pad: float) -> Region:
    """The smallest region of an angle around points (N, 2), and a share of its longer side around it."""
    own = boxes.turned(points, ORIGIN, -angle) if angle else points
    return _from_own(boxes.padded(boxes.enclosing(own), pad).astype(np.float32), angle)


def _from_own(box: Boxes, angle: float) -> Region:
    """The region whose box is given in coordinates in which it is upright."""
    middle = boxes.middle(box)
    return Region(boxes.moved(box, boxes.turned(middle, ORIGIN, angle) - middle) if angle else box, angle)


def lying(region: Region, angle: float) -> Region:
    """An upright region as one of somebody who lies in it, turned by a quarter."""
    half = (region.box[2:] - region.box[:2])[::-1] / 2
    return Region(np.concatenate([region.middle - half, region.middle + half]).astype(np.float32), angle)


def at_least(region: Region, other: Region, share: float) -> Region:
    """The region, widened about its middle to a share of the sides of another of that angle."""
    if region.angle != other.angle:
        return region
    return replace(region, box=boxes.at_least(region.box, share * (other.box[2:] - other.box[:2])))


def union(region: Region, points: NDArray[np.floating]) -> Region:
    """The smallest region of the same angle around a region and points (N, 2)."""
    own = np.concatenate([region.own(points), region.own_box.reshape(2, 2)])
    return _from_own(boxes.enclosing(own).astype(np.float32), region.angle)


def between(one: Region, other: Region, share: float) -> Region:
    """What lies a share of the way from one region to another; of two angles the nearer one's."""
    nearer = one if share < 0.5 else other
    if one.angle == other.angle:
        return replace(one, box=((1 - share) * one.box + share * other.box).astype(np.float32))
    return nearer.moved((1 - share) * one.middle + share * other.middle - nearer.middle)


def overlap(one: Region, other: Region) -> float:
    """Intersection over union; of what lies around them where their angles differ."""
    if one.angle == other.angle:
        return boxes.overlap(one.own_box, other.own_box)
    return boxes.overlap(one.bounds, other.bounds)
