"""How thick lines are and how large joints: by the person, and so that they can be seen in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter, uniform_filter1d

from app.rendering.style import Style
from app.result import Person

# Of a person's longer side.
LINE_SHARE = 1 / 130
# In thicknesses of a line.
RADIUS, RIM, OUTLINE = 1.6, 0.45, 0.25
# No line is thinner than this share of the picture's shorter side: a film of 4K is shown on smaller screens.
THINNEST_SHARE = 1 / 540
# Nor thicker than that of it, however near somebody comes.
THICKEST_SHARE = 1 / 100
# Somebody who bends down for a moment does not get thinner limbs.
STEADY_SECONDS = 2.0
UPPER_PERCENTILE = 75


@dataclass(frozen=True)
class Pen:
    """What one person is drawn with, in pixels.

    Attributes:
        line: thickness of a corrected limb.
        radius: of a corrected joint.
        rim: by how much initial limbs and joints stick out around corrected ones, on each side.
        outline: of the dark edge around everything.
        ring: radius of the ring that marks an unsure joint.
    """

    line: int
    radius: float
    rim: int
    outline: int
    ring: float

    @classmethod
    def of(cls, person_size: float, *, picture_side: int, style: Style) -> Pen:
        """For a person of ``person_size`` pixels in a picture whose shorter side has ``picture_side``."""
        low, high = picture_side * THINNEST_SHARE, picture_side * THICKEST_SHARE
        line = float(np.clip(person_size * LINE_SHARE, low, high))
        radius = style.radius or max(1.5, RADIUS * line)
        line = style.thickness or max(1, round(line))
        rim = max(1, round(RIM * line))
        return cls(
            line=line, radius=radius, rim=rim, outline=max(1, round(OUTLINE * line)), ring=2 * radius + rim
        )


def person_sizes(person: Person, *, fps: float) -> NDArray[np.float64]:
    """(T,): the longer side of the person's joints in each frame, in pixels, steady over time."""
    points = person.initial[..., :2]
    if person.corrected is not None:
        points = np.concatenate([points, person.corrected], axis=1)
    return steady_sizes(points, fps=fps)


def steady_sizes(points: NDArray[np.floating], *, fps: float) -> NDArray[np.float64]:
    """(T,): the longer side of the points (T, N, 2) in each frame, steady over time.

    Frames without points take over from those around them; 0 where there are none at all.
    """
    there = np.isfinite(points).all(axis=2)
    low = np.where(there[..., None], points, np.inf).min(axis=1)
    high = np.where(there[..., None], points, -np.inf).max(axis=1)
    seen = np.flatnonzero(there.any(axis=1))
    if not len(seen):
        return np.zeros(len(points))
    side = (high[seen] - low[seen]).max(axis=1).astype(np.float64)
    return steady(np.interp(np.arange(len(points)), seen, side), fps=fps)


def steady(lengths: NDArray[np.floating], *, fps: float) -> NDArray[np.float64]:
    """Lengths (T,) without what lasts less than a second or so: short ones in particular."""
    window = min(len(lengths), max(1, round(STEADY_SECONDS * fps)))
    upper = percentile_filter(lengths, UPPER_PERCENTILE, size=window, mode="nearest")
    return np.asarray(uniform_filter1d(upper, size=window, mode="nearest"), np.float64)
