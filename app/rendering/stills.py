"""Pictures for people who want pictures: single frames as PNG, and a contact sheet of before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.rendering.before_after import Change, CloseUp, most_changed
from app.rendering.style import Style
from app.result import Result
from weights.files import written_whole

Picture = NDArray[np.uint8]
TILE_HEIGHT, LINE_HEIGHT, GAP = 400, 20, 8
SHEET_WIDTH = 1800
PAPER, INK = 255, (30, 30, 30)
FONT, FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.45
LEGEND = (
    "left: as estimated   ",
    "right: corrected   ",
    "white circle: moved noticeably, from the dot   ",
    "ring: unsure",
)


@dataclass(frozen=True)
class FrameChoice:
    """Which frames of a clip are meant: those with the numbers ``indices``, and every ``every``-th."""

    indices: frozenset[int] = frozenset()
    every: int | None = None

    @classmethod
    def parse(cls, text: str) -> FrameChoice:
        """From ``10,50,90`` or ``every:25``.

        Raises:
            ValueError: it is neither.
        """
        head, _, step = text.partition(":")
        if head == "every" and step.isdecimal() and int(step) > 0:
            return cls(every=int(step))
        numbers = text.split(",")
        if not all(number.strip().isdecimal() for number in numbers):
            raise ValueError(f"Invalid frames ({text}). Supported values are 10,50,90 and every:25.")
        return cls(indices=frozenset(int(number) for number in numbers))

    def __contains__(self, index: int) -> bool:
        return index in self.indices or (self.every is not None and index % self.every == 0)


def save_png(path: Path, picture: Picture) -> None:
    """Writes a picture: uint8, (H, W, 3), RGB.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    # Not imwrite: it does not say what is wrong with the disk.
    _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    with written_whole(path) as partial:
        partial.write_bytes(png.tobytes())


class Montage:
    """Collects pairs of close-ups, initial joints beside corrected ones, for one contact sheet.

    Args:
        result: with corrected people.
        style: colours.
        pairs: how many to show at most; fewer where the correction changed little.
    """

    def __init__(self, result: Result, *, style: Style, pairs: int = 8) -> None:
        self._result = result
        self._changes = most_changed(result, count=pairs)
        places = [(change.row, change.person) for change in self._changes]
        self._close_up = CloseUp(result, style=style, height=TILE_HEIGHT, places=places)
        self._tiles: dict[tuple[int, int], Picture] = {}

    def add(self, row: int, frame: Picture) -> None:
        """Takes the frame if it is one of those to show."""
        for change in self._changes:
            if change.row == row:
                pair = self._close_up.pair(frame, change)
                self._tiles[row, change.person] = _tile(*pair, self._captions(change))

    def sheet(self) -> Picture | None:
        """The contact sheet, uint8, (H, W, 3), RGB; None where the correction moved nothing noticeably."""
        if not self._tiles:
            return None
        tiles = [self._tiles[key] for key in sorted(self._tiles)]
        fitting = max(1, SHEET_WIDTH // tiles[0].shape[1])
        # The rows share the tiles evenly.
        columns = -(-len(tiles) // -(-len(tiles) // fitting))
        tiles += [np.full_like(tiles[0], PAPER)] * (-len(tiles) % columns)
        rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
        return np.vstack([_legend(rows[0].shape[1]), *rows])

    def _captions(self, change: Change) -> tuple[str, str]:
        result = self._result
        when = f"frame {result.frame_indices[change.row]}, {result.pts_seconds[change.row]:.2f} s"
        if len(result.people) > 1:
            when += f", person {result.people[change.person].id}"
        farthest = [joint for joint in np.argsort(-change.moved_px) if change.noticeable[joint]][:2]
        names = [result.skeleton.joints[joint].replace("_", " ") for joint in farthest]
        moved = [
            f"{name} {change.moved_px[joint]:.0f} px" for name, joint in zip(names, farthest, strict=True)
        ]
        return when, "moved: " + ", ".join(moved)


def _tile(before: Picture, after: Picture, captions: tuple[str, str]) -> Picture:
    """A pair beside each other on paper, with two lines below; never narrower than its lines."""
    pair = np.hstack([before, np.full((len(before), GAP, 3), PAPER, np.uint8), after])
    width = max(pair.shape[1], *(_text_width(line) for line in captions)) + 2 * GAP
    tile = np.full((TILE_HEIGHT + 2 * LINE_HEIGHT + 3 * GAP, width, 3), PAPER, np.uint8)
    left = (width - pair.shape[1]) // 2
    tile[GAP : GAP + TILE_HEIGHT, left : left + pair.shape[1]] = pair
    for number, line in enumerate(captions, start=1):
        _write(tile, line, left, TILE_HEIGHT + GAP + number * LINE_HEIGHT)
    return tile


def _legend(width: int) -> Picture:
    """What the colours and marks mean, on as many lines as it takes."""
    lines = [""]
    for part in LEGEND:
        if lines[-1] and _text_width(lines[-1] + part) > width - 2 * GAP:
            lines.append("")
        lines[-1] += part
    strip = np.full((LINE_HEIGHT * len(lines) + GAP, width, 3), PAPER, np.uint8)
    for number, line in enumerate(lines, start=1):
        _write(strip, line, GAP, number * LINE_HEIGHT)
    return strip


def _write(picture: Picture, text: str, x: int, y: int) -> None:
    cv2.putText(picture, text, (x, y), FONT, FONT_SCALE, INK, 1, cv2.LINE_AA)


def _text_width(text: str) -> int:
    return int(cv2.getTextSize(text, FONT, FONT_SCALE, 1)[0][0])
