"""Draws joints and limbs onto frames: initial ones red, corrected ones yellow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.result import Person
from estimators import Skeleton

Colour = tuple[int, int, int]
DRAWN = ("both", "initial", "corrected")
BACKGROUNDS = ("video", "black")
# OpenCV draws at whole pixels unless it is given coordinates with fractional bits.
SHIFT = 4
# Pixels of a radius or a thickness; beyond it a joint hides the person.
LARGEST = 500


@dataclass(frozen=True)
class Style:
    """How an overlay looks. Colours are RGB, 0..255.

    Attributes:
        initial_colour, corrected_colour: of joints and limbs.
        radius, thickness: in pixels; None: by the size of the frame.
        draw: both, initial or corrected.
        background: video, or black for the skeleton alone.
        min_score: joints estimated with less are not drawn.
    """

    initial_colour: Colour = (230, 30, 30)
    corrected_colour: Colour = (255, 225, 0)
    radius: float | None = None
    thickness: int | None = None
    draw: str = "both"
    background: str = "video"
    min_score: float = 0.2

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("radius", self.radius, 0.5, LARGEST),
            ("thickness", self.thickness, 1, LARGEST),
            ("min_score", self.min_score, 0, 1),
        ):
            # Written so that NaN is refused, too.
            if value is not None and not low <= value <= high:
                raise ValueError(f"Invalid {name} ({value}). Supported values are {low} to {high}.")
        if self.draw not in DRAWN:
            raise ValueError(f"Invalid draw ({self.draw}). Supported values are {', '.join(DRAWN)}.")
        if self.background not in BACKGROUNDS:
            raise ValueError(
                f"Invalid background ({self.background}). Supported values are {', '.join(BACKGROUNDS)}."
            )


class OverlayAnnotator:
    """Holds the style and the skeleton; :meth:`annotate` draws.

    Args:
        style: colours, sizes, what to draw.
        skeleton: which joints are joined by limbs.
        size: width and height of the frames, in pixels.
    """

    def __init__(self, style: Style, skeleton: Skeleton, *, size: tuple[int, int]) -> None:
        self._style = style
        self._limbs = skeleton.limb_indices
        self._thickness = style.thickness or max(1, round(min(size) / 240))
        self._radius = style.radius or max(2.0, min(size) / 160)

    def annotate(self, frame: NDArray[np.uint8], people: tuple[Person, ...], row: int) -> NDArray[np.uint8]:
        """A copy of ``frame`` with everybody's joints of row ``row`` on it.

        Args:
            frame: uint8, (H, W, 3), RGB.
            people: those to draw; row ``row`` of their arrays belongs to this frame.
        """
        style = self._style
        canvas = frame.copy() if style.background == "video" else np.zeros_like(frame)
        for person in people:
            if style.draw != "corrected":
                points = np.where(
                    person.initial[row, :, 2:] >= style.min_score, person.initial[row, :, :2], np.nan
                )
                self._draw(canvas, points, style.initial_colour)
            if style.draw != "initial" and person.corrected is not None:
                self._draw(canvas, person.corrected[row], style.corrected_colour)
        return canvas

    def _draw(self, canvas: NDArray[np.uint8], points: NDArray[np.floating], colour: Colour) -> None:
        there = np.isfinite(points).all(axis=1)
        # A joint may be predicted far outside; OpenCV's fixed-point coordinates must not overflow.
        limit = 4 * max(canvas.shape)
        fixed = np.clip(np.nan_to_num(points), -limit, limit) * (1 << SHIFT)
        spots = [(int(x), int(y)) for x, y in np.round(fixed)]
        for a, b in self._limbs:
            if there[a] and there[b]:
                cv2.line(canvas, spots[a], spots[b], colour, self._thickness, cv2.LINE_AA, SHIFT)
        radius = round(self._radius * (1 << SHIFT))
        for spot, drawn in zip(spots, there, strict=True):
            if drawn:
                cv2.circle(canvas, spot, radius, colour, -1, cv2.LINE_AA, SHIFT)
