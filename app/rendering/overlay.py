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
# Of people's boxes and ids; none near the red and yellow of joints, all dark enough for white on them.
TAG_COLOURS = (
    (30, 110, 220),
    (20, 140, 60),
    (150, 60, 190),
    (0, 135, 145),
    (120, 80, 40),
    (215, 60, 150),
    (70, 70, 90),
    (100, 130, 20),
)
# Pixels of a radius or a thickness; beyond it a joint hides the person.
LARGEST = 500
HOLE, HOLE_COLOUR = 0.6, (0, 0, 0)  # of joints that are unsure: a share of the radius


@dataclass(frozen=True)
class Style:
    """How an overlay looks. Colours are RGB, 0..255.

    Attributes:
        initial_colour, corrected_colour: of joints and limbs.
        radius, thickness: in pixels; None: by the size of the frame.
        draw: both, initial or corrected.
        background: video, or black for the skeleton alone.
        min_score: joints estimated with less are not drawn.
        tags: draw a box with the id around each person, in a colour of their own.
    """

    initial_colour: Colour = (230, 30, 30)
    corrected_colour: Colour = (255, 225, 0)
    radius: float | None = None
    thickness: int | None = None
    draw: str = "both"
    background: str = "video"
    min_score: float = 0.2
    tags: bool = False

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
        self._rim = max(1, round(self._thickness / 3))

    def annotate(self, frame: NDArray[np.uint8], people: tuple[Person, ...], row: int) -> NDArray[np.uint8]:
        """A copy of ``frame`` with everybody's joints of row ``row`` on it.

        Args:
            frame: uint8, (H, W, 3), RGB.
            people: those to draw; row ``row`` of their arrays belongs to this frame.
        """
        style = self._style
        canvas = frame.copy() if style.background == "video" else np.zeros_like(frame)
        for person in people:
            if style.tags:
                self._tag(canvas, person, row)
            if style.draw != "corrected":
                points = np.where(
                    person.initial[row, :, 2:] >= style.min_score, person.initial[row, :, :2], np.nan
                )
                # A rim around the corrected joints, which would hide the initial ones where both agree.
                beneath = style.draw == "both" and person.corrected is not None
                self._draw(canvas, points, style.initial_colour, rim=self._rim if beneath else 0)
            if style.draw != "initial" and person.corrected is not None:
                self._draw(canvas, person.corrected[row], style.corrected_colour)
                if person.unsure is not None:
                    self._hollow(canvas, person.corrected[row], person.unsure[row])
        return canvas

    def _tag(self, canvas: NDArray[np.uint8], person: Person, row: int) -> None:
        """A thin box and the id, where the person is seen."""
        if not np.isfinite(person.boxes[row]).all():
            return
        height, width = canvas.shape[:2]
        x1, y1, x2, y2 = (
            np.clip(person.boxes[row], 0, [width - 1, height - 1] * 2).round().astype(int).tolist()
        )
        colour = TAG_COLOURS[person.id % len(TAG_COLOURS)]
        line = max(1, self._thickness // 2)
        cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, line, cv2.LINE_AA)
        scale = max(0.4, min(width, height) / 900)
        (across, down), _ = cv2.getTextSize(str(person.id), cv2.FONT_HERSHEY_SIMPLEX, scale, line)
        margin = max(2, down // 3)
        corner = (x1 + across + 2 * margin, y1 + down + 2 * margin)
        cv2.rectangle(canvas, (x1, y1), corner, colour, -1)
        at = (x1 + margin, y1 + margin + down)
        cv2.putText(
            canvas, str(person.id), at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), line, cv2.LINE_AA
        )

    def _hollow(
        self, canvas: NDArray[np.uint8], points: NDArray[np.floating], unsure: NDArray[np.bool_]
    ) -> None:
        """Makes rings of the joints of which a large error is to be expected."""
        radius = round(HOLE * self._radius * (1 << SHIFT))
        for spot in self._spots(canvas, points[unsure & np.isfinite(points).all(axis=1)]):
            cv2.circle(canvas, spot, radius, HOLE_COLOUR, -1, cv2.LINE_AA, SHIFT)

    @staticmethod
    def _spots(canvas: NDArray[np.uint8], points: NDArray[np.floating]) -> list[tuple[int, int]]:
        """Points in OpenCV's fixed-point coordinates."""
        # A joint may be predicted far outside; the coordinates must not overflow.
        limit = 4 * max(canvas.shape)
        fixed = np.clip(np.nan_to_num(points), -limit, limit) * (1 << SHIFT)
        return [(int(x), int(y)) for x, y in np.round(fixed)]

    def _draw(
        self, canvas: NDArray[np.uint8], points: NDArray[np.floating], colour: Colour, *, rim: int = 0
    ) -> None:
        there = np.isfinite(points).all(axis=1)
        spots = self._spots(canvas, points)
        for a, b in self._limbs:
            if there[a] and there[b]:
                cv2.line(canvas, spots[a], spots[b], colour, self._thickness + 2 * rim, cv2.LINE_AA, SHIFT)
        radius = round((self._radius + rim) * (1 << SHIFT))
        for spot, drawn in zip(spots, there, strict=True):
            if drawn:
                cv2.circle(canvas, spot, radius, colour, -1, cv2.LINE_AA, SHIFT)
