"""Boxes that another program found, in the place of a detector.

A CSV file with the columns ``frame, x1, y1, x2, y2`` and, if there are any, ``score``, frames counted from 0;
or a file of the MOTChallenge, without headings: frame (from 1), id, left, top, width, height, score.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from estimators.detectors.interface import Detections

PREFIX = "boxes:"
COLUMNS = ("frame", "x1", "y1", "x2", "y2")
Row = tuple[int, float, float, float, float, float]  # frame, x1, y1, x2, y2, score


class BoxesFile:
    """See :class:`estimators.detectors.Detector` and :class:`estimators.detectors.interface.KnowsFrames`.

    Args:
        rows: frame, x1, y1, x2, y2 in pixels, score.
        name: as in ``--detector``.
    """

    def __init__(self, rows: Iterable[Row], *, name: str) -> None:
        self.name = name
        found: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            found[row[0]].append(row)
        self._found = {frame: _detections(those) for frame, those in found.items()}

    def detect_in(self, frame_indices: Sequence[int]) -> list[Detections]:
        """The people of frames by their number in the video, from 0."""
        return [self._found.get(int(index), _detections([])) for index in frame_indices]

    def detect(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Not to be had: which frames they are is not known.

        Raises:
            ValueError: always.
        """
        del frames
        raise ValueError(f"Invalid detector ({self.name}): boxes in a file go with a video. Use it there.")


def _detections(rows: list[Row]) -> Detections:
    ordered = np.array(sorted(rows, key=lambda row: -row[5]), np.float32).reshape(-1, 6)
    return Detections(ordered[:, 1:5], ordered[:, 5])


def create(name: str) -> BoxesFile:
    """The boxes of ``boxes:FILE``.

    Raises:
        ValueError: the file is missing or holds no boxes; the message names the line.
    """
    path = Path(name.removeprefix(PREFIX))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file, skipinitialspace=True))
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: not a CSV file ({error}). Write it as UTF-8 text.") from error
    filled = [
        (number, line) for number, line in enumerate(lines, start=1) if any(cell.strip() for cell in line)
    ]
    if not filled:
        raise ValueError(f"{path}: empty. Give a line a box.")
    return BoxesFile(_rows(path, filled), name=name)


def _rows(path: Path, lines: list[tuple[int, list[str]]]) -> list[Row]:
    headings = [cell.strip() for cell in lines[0][1]]
    if _is_number(headings[0]):
        return [_mot(path, number, line) for number, line in lines]
    if lacking := [name for name in COLUMNS if name not in headings]:
        raise ValueError(
            f"{path}: no column {', '.join(lacking)}. The first line must name {', '.join(COLUMNS)}, "
            "and may name score; or leave headings out, as the MOTChallenge does."
        )
    return [_named(path, number, dict(zip(headings, line, strict=False))) for number, line in lines[1:]]


def _named(path: Path, number: int, line: dict[str, str]) -> Row:
    frame, x1, y1, x2, y2 = (_number(line.get(name, ""), f"{path}, line {number}", name) for name in COLUMNS)
    score = line.get("score", "").strip()
    sure = _number(score, f"{path}, line {number}", "score") if score else 1.0
    return _checked((int(frame), x1, y1, x2, y2, sure), f"{path}, line {number}", first=0)


def _mot(path: Path, number: int, line: list[str]) -> Row:
    where = f"{path}, line {number}"
    if len(line) < 6:
        raise ValueError(
            f"{where}: {len(line)} columns. Supported values are frame, id, x, y, width, height."
        )
    frame, _, x, y, width, height = (_number(cell, where, "number") for cell in line[:6])
    sure = _number(line[6], where, "score") if len(line) > 6 and line[6].strip() else 1.0
    # Without a score, these files have -1 in its place.
    return _checked((int(frame), x, y, x + width, y + height, sure if sure >= 0 else 1.0), where, first=1)


def _checked(row: Row, where: str, *, first: int) -> Row:
    frame, x1, y1, x2, y2, score = row
    if frame < first:
        raise ValueError(f"{where}: Invalid frame ({frame}). Supported values are {first} and above.")
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"{where}: Invalid box ({x1:g}, {y1:g}, {x2:g}, {y2:g}): without an area.")
    return frame - first, x1, y1, x2, y2, min(max(score, 0.0), 1.0)


def _number(text: str, where: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise ValueError(f"{where}: Invalid {name} ({text}). Supported values are numbers.")
    return number


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
