"""Keypoints of one person in a CSV file: a line a joint and frame, ``frame, joint, x, y, score``.

A joint without a line, or with empty x and y, is missing. ``score`` may be left out. Frames between the first
and the last that have no line at all are frames with nobody in them, so that gaps can be filled.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from corrector import Correction
from weights.files import written_whole

COLUMNS = ("frame", "joint", "x", "y")
MOST_FRAMES = 10_000_000
"""A day and a half at 60 frames a second. Beyond, a frame number is taken for damage."""


@dataclass(frozen=True)
class Table:
    """Keypoints as a CSV file holds them.

    Attributes:
        first_frame: number of the first of T frames, which follow each other without a gap.
        joints: names of the J joints, in the order in which the file brings them up.
        keypoints: (T, J, 3): x, y in pixels and score, NaN where missing.
    """

    first_frame: int
    joints: tuple[str, ...]
    keypoints: NDArray[np.float64] = field(repr=False)


def read(path: Path) -> Table:
    """Reads a CSV file with a line of headings, in any order and with others among them.

    Raises:
        PosefixError: the file is missing or not such a table; the message names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _table(path, csv.DictReader(file, skipinitialspace=True))
    except OSError as error:
        raise PosefixError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PosefixError(f"{path}: not a CSV file ({error}). Write it as UTF-8 text.") from error


def write(path: Path, table: Table, correction: Correction) -> None:
    """Writes corrected joints: the same columns with what the corrector knows of each, missing ones left out.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    with written_whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, "score", "error_px", "filled", "unsure"))
        for row, joint in np.argwhere(np.isfinite(correction.keypoints).all(axis=2)).tolist():
            x, y = correction.keypoints[row, joint]
            score, error = table.keypoints[row, joint, 2], correction.error_px[row, joint]
            numbers = [
                "" if math.isnan(n) else f"{n:.{d}f}" for n, d in ((x, 2), (y, 2), (score, 3), (error, 2))
            ]
            marks = int(correction.filled[row, joint]), int(correction.unsure[row, joint])
            writer.writerow((table.first_frame + row, table.joints[joint], *numbers, *marks))


def _table(path: Path, reader: csv.DictReader[str]) -> Table:
    headings = [name.strip() for name in reader.fieldnames or ()]
    if lacking := [name for name in COLUMNS if name not in headings]:
        raise PosefixError(
            f"{path}: no column {', '.join(lacking)}. "
            "The first line must name frame, joint, x and y, and may name score."
        )
    reader.fieldnames = headings
    points: dict[tuple[int, str], tuple[float, float, float]] = {}
    for line in reader:
        where = f"{path}, line {reader.line_num}"
        frame, joint = _frame(line["frame"], where), (line["joint"] or "").strip()
        if not joint:
            raise PosefixError(f"{where}: no joint named. Name one.")
        if (frame, joint) in points:
            raise PosefixError(f"{where}: a second {joint} in frame {frame}. One file holds one person.")
        points[frame, joint] = _point(line, where)
    if not points:
        raise PosefixError(f"{path}: no lines but the headings. Give a line a joint and frame.")
    return _arrange(path, points)


def _frame(text: str | None, where: str) -> int:
    number = _number(text, "frame", where)
    if not (number >= 0 and number.is_integer()):
        raise PosefixError(f"{where}: Invalid frame ({text}). Supported values are whole numbers from 0 on.")
    return int(number)


def _point(line: dict[str, str | None], where: str) -> tuple[float, float, float]:
    x, y = _number(line["x"], "x", where), _number(line["y"], "y", where)
    if math.isnan(x) != math.isnan(y):
        raise PosefixError(
            f"{where}: only one of x and y is there. Give both, or neither for a missing joint."
        )
    score = _number(line.get("score"), "score", where)
    if not (math.isnan(score) or 0 <= score <= 1):
        raise PosefixError(f"{where}: Invalid score ({line['score']}). Supported values are 0 to 1.")
    return x, y, math.nan if math.isnan(x) else score


def _number(text: str | None, name: str, where: str) -> float:
    """The number of a cell; NaN where it is empty."""
    text = (text or "").strip()
    try:
        number = float(text) if text else math.nan
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise PosefixError(f"{where}: Invalid {name} ({text}). Supported values are numbers, or nothing.")
    return number


def _arrange(path: Path, points: dict[tuple[int, str], tuple[float, float, float]]) -> Table:
    first, last = _ends(frame for frame, _ in points)
    if last - first >= MOST_FRAMES:
        raise PosefixError(
            f"{path}: frames from {first} to {last}, more than {MOST_FRAMES}. Check their numbers."
        )
    joints = tuple(dict.fromkeys(joint for _, joint in points))
    columns = {joint: column for column, joint in enumerate(joints)}
    keypoints = np.full((last - first + 1, len(joints), 3), np.nan)
    for (frame, joint), point in points.items():
        keypoints[frame - first, columns[joint]] = point
    return Table(first, joints, keypoints)


def _ends(numbers: Iterable[int]) -> tuple[int, int]:
    found = list(numbers)
    return min(found), max(found)
