"""Draws everybody's joints and limbs onto frames: initial ones red, corrected ones yellow on them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.rendering.figures import FigurePainter, Layer, Picture
from app.rendering.sizes import Pen, person_sizes
from app.rendering.style import PEOPLE_COLOURS, WHITE, Colour, SideColours, Style
from app.rendering.trails import draw_trail, first_row, trail_joints
from app.result import Person, Result

# A pair of pictures beside each other is shrunk to no more than that: 4K, which players still decode.
WIDEST_PAIR = 3840
# Luminance of 0..1 above which black letters are read better than white ones (WCAG's contrast is equal).
BRIGHT = 0.18


class OverlayAnnotator:
    """Holds the style and the result; :meth:`annotate` draws.

    Args:
        style: colours, sizes, what to draw.
        result: whose people are drawn.

    Raises:
        ValueError: the style names a joint that the skeleton does not have.
    """

    def __init__(self, style: Style, result: Result) -> None:
        self._style, self._result = style, result
        self._frame = (result.source.width, result.source.height)
        self._sizes = [person_sizes(person, fps=result.source.fps) for person in result.people]
        self._painter = FigurePainter(result.skeleton)
        self._trails = trail_joints(result.skeleton, style.trail_joints) if style.trail_seconds else []
        self._halves = (
            [
                OverlayAnnotator(replace(style, side_by_side=False, draw=draw), result)
                for draw in ("initial", "corrected")
            ]
            if style.side_by_side
            else []
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what :meth:`annotate` gives, in pixels."""
        width, height = self._frame
        if not self._halves:
            return width, height
        scale = min(1.0, WIDEST_PAIR / (2 * width))
        return 2 * max(1, round(width * scale)), max(1, round(height * scale))

    def annotate(self, frame: Picture, row: int) -> Picture:
        """A copy of ``frame`` with everybody's joints of row ``row`` of the result on it.

        Args:
            frame: uint8, (H, W, 3), RGB.
            row: which of the result's frames it is.
        """
        if self._halves:
            width, height = self.size
            halves = [half.annotate(frame, row) for half in self._halves]
            if halves[0].shape[:2] != (height, width // 2):
                halves = [_resized(half, (width // 2, height)) for half in halves]
            return np.hstack(halves)
        canvas = frame.copy() if self._style.background == "video" else np.zeros_like(frame)
        # The most prominent come first in a result; they are not to be hidden by others.
        for person, sizes in reversed(list(zip(self._result.people, self._sizes, strict=True))):
            pen = Pen.of(float(sizes[row]), picture_side=min(self._frame), style=self._style)
            self._draw_trails(canvas, person, row, pen)
            if self._style.tags:
                self._tag(canvas, person, row)
            self._painter.paint(canvas, self._layers(person, row, pen), outline=pen.outline)
        return canvas

    def _layers(self, person: Person, row: int, pen: Pen) -> list[Layer]:
        style, layers = self._style, []
        if style.draw != "corrected":
            sure = person.initial[row, :, 2:] >= style.min_score
            points = np.where(sure, person.initial[row, :, :2], np.nan)
            # Wider than the corrected ones, which would hide them where both agree.
            rim = pen.rim if style.draw == "both" and person.corrected is not None else 0
            layers.append(Layer(points, style.initial_colours, pen.line + 2 * rim, pen.radius + rim))
        if style.draw != "initial" and person.corrected is not None:
            ringed = person.unsure[row] if person.unsure is not None else None
            layers.append(
                Layer(
                    person.corrected[row],
                    style.corrected_colours,
                    pen.line,
                    pen.radius,
                    ringed=ringed,
                    ring=pen.ring,
                )
            )
        return layers

    def _draw_trails(self, canvas: Picture, person: Person, row: int, pen: Pen) -> None:
        if not self._trails:
            return
        result, style = self._result, self._style
        begin = first_row(result.pts_seconds, row, seconds=style.trail_seconds, cuts=result.cuts)
        track, colours = _shown(person, style)
        for joint in self._trails:
            draw_trail(
                canvas,
                track[begin : row + 1, joint],
                colour=self._painter.joint_colour(colours, joint),
                line=pen.line + pen.rim,
            )

    def _tag(self, canvas: Picture, person: Person, row: int) -> None:
        """A thin box and the id, where the person is seen."""
        if not np.isfinite(person.boxes[row]).all():
            return
        height, width = canvas.shape[:2]
        x1, y1, x2, y2 = (
            np.clip(person.boxes[row], 0, [width - 1, height - 1] * 2).round().astype(int).tolist()
        )
        colour = PEOPLE_COLOURS[person.id % len(PEOPLE_COLOURS)]
        line = max(1, round(min(self._frame) / 360))
        cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, line, cv2.LINE_AA)
        scale = max(0.4, min(width, height) / 900)
        font = cv2.FONT_HERSHEY_SIMPLEX
        (across, down), _ = cv2.getTextSize(str(person.id), font, scale, line)
        margin = max(2, down // 3)
        corner = (x1 + across + 2 * margin, y1 + down + 2 * margin)
        cv2.rectangle(canvas, (x1, y1), corner, colour, -1)
        at = (x1 + margin, y1 + margin + down)
        cv2.putText(canvas, str(person.id), at, font, scale, readable_on(colour), line, cv2.LINE_AA)


def readable_on(colour: Colour) -> Colour:
    """Black or white, whichever is read better on ``colour`` (relative luminance of WCAG 2)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in colour)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (0, 0, 0) if luminance > BRIGHT else WHITE


def _shown(person: Person, style: Style) -> tuple[NDArray[np.floating], SideColours]:
    """The joints (T, J, 2) that leave trails, and their colours: the corrected ones where those are drawn."""
    if style.draw != "initial" and person.corrected is not None:
        return person.corrected, style.corrected_colours
    sure = person.initial[..., 2:] >= style.min_score
    return np.where(sure, person.initial[..., :2], np.nan), style.initial_colours


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
