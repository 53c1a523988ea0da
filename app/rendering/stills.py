"""Pictures for people who want pictures: single frames as PNG, and a contact sheet of before and after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.rendering.overlay import OverlayAnnotator, Style
from app.result import Result
from estimators.boxes import enclosing, padded
from weights.files import written_whole

Picture = NDArray[np.uint8]
TILE_HEIGHT = 360
CAPTION_HEIGHT = 28
GAP = 6
SMALLEST_HALF = 160


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


def rows_most_changed(result: Result, *, count: int, apart_seconds: float = 0.5) -> list[int]:
    """Rows of the result in which the correction moved the joints most, in order, some time apart."""
    if not result.people:
        return []
    moved = np.stack([person.moved_px for person in result.people])
    change = np.nanmean(np.nan_to_num(moved), axis=(0, 2))
    chosen: list[int] = []
    for row in np.argsort(-change):
        far = all(
            abs(result.pts_seconds[row] - result.pts_seconds[other]) >= apart_seconds for other in chosen
        )
        if far and change[row] > 0:
            chosen.append(int(row))
        if len(chosen) == count:
            break
    return sorted(chosen)


class Montage:
    """Collects pairs of pictures, initial joints beside corrected ones, for one contact sheet.

    Args:
        result: with corrected people.
        style: colours and sizes.
        pairs: how many frames to show.
    """

    def __init__(self, result: Result, *, style: Style, pairs: int = 8) -> None:
        self._result = result
        size = (result.source.width, result.source.height)
        self._before = OverlayAnnotator(replace(style, draw="initial"), result.skeleton, size=size)
        self._after = OverlayAnnotator(replace(style, draw="corrected"), result.skeleton, size=size)
        self._rows = frozenset(rows_most_changed(result, count=pairs))
        self._tiles: list[Picture] = []

    def add(self, row: int, frame: Picture) -> None:
        """Takes the frame if it is one of those to show."""
        if row not in self._rows:
            return
        people = self._result.people
        x1, y1, x2, y2 = self._region(row)
        before = self._before.annotate(frame, people, row)[y1:y2, x1:x2]
        after = self._after.annotate(frame, people, row)[y1:y2, x1:x2]
        moved = np.nanmean(np.stack([person.moved_px[row] for person in people]))
        index, seconds = self._result.frame_indices[row], self._result.pts_seconds[row]
        caption = f"frame {index}  {seconds:.2f} s  moved {moved:.1f} px"
        self._tiles.append(_tile(before, after, caption))

    def sheet(self) -> Picture | None:
        """The contact sheet, uint8, (H, W, 3), RGB; None where the correction moved nothing."""
        if not self._tiles:
            return None
        columns = 2 if len(self._tiles) > 1 else 1
        width = max(tile.shape[1] for tile in self._tiles)
        tiles = [_pad_to(tile, width) for tile in self._tiles]
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
        rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
        return np.vstack(rows)

    def _region(self, row: int) -> tuple[int, int, int, int]:
        """The part of the frame around the joints, whole pixels, inside the frame."""
        points = [p.initial[row, :, :2] for p in self._result.people]
        points += [p.corrected[row] for p in self._result.people if p.corrected is not None]
        there = np.concatenate(points)
        there = there[np.isfinite(there).all(axis=1)]
        width, height = self._result.source.width, self._result.source.height
        box = padded(enclosing(there), 0.2)
        x1, y1 = np.clip(box[:2] - 8, 0, [width - 2, height - 2]).astype(int)
        x2, y2 = np.clip(box[2:] + 8, [x1 + 2, y1 + 2], [width, height]).astype(int)
        return int(x1), int(y1), int(x2), int(y2)


def _tile(before: Picture, after: Picture, caption: str) -> Picture:
    scale = TILE_HEIGHT / before.shape[0]
    size = (max(1, round(before.shape[1] * scale)), TILE_HEIGHT)
    # Wide enough for the caption, where the person is a narrow strip.
    halves = [
        _pad_to(cv2.resize(half, size, interpolation=cv2.INTER_AREA).astype(np.uint8), SMALLEST_HALF)
        for half in (before, after)
    ]
    pair = np.hstack([halves[0], np.zeros((TILE_HEIGHT, GAP, 3), np.uint8), halves[1]])
    strip = np.zeros((CAPTION_HEIGHT, pair.shape[1], 3), np.uint8)
    pair = np.vstack([strip, pair, strip])
    for text, x, y in (
        ("initial", 6, 19),
        ("corrected", halves[0].shape[1] + GAP + 6, 19),
        (caption, 6, CAPTION_HEIGHT + TILE_HEIGHT + 19),
    ):
        cv2.putText(pair, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)
    return pair


def _pad_to(tile: Picture, width: int) -> Picture:
    missing = max(0, width - tile.shape[1])
    return np.pad(tile, ((0, 0), (0, missing), (0, 0)))
