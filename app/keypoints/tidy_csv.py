"""Keypoints in a CSV file: a line a joint, frame and person (see :mod:`app.keypoints.long_table`).

What spreadsheets of other countries and programs write is taken: other separators, commas for points in
numbers, capitals, UTF-16, a title above the headings, NA and the like for what is missing.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from app.errors import PosefixError
from app.keypoints.checks import unit_by_values, whole_number
from app.keypoints.clip import Clip
from app.keypoints.long_table import (
    Line,
    Lines,
    arrange,
    check_line,
    columns_of,
    decimals_for,
    is_table,
    rows_of,
    text_of,
)
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

SEPARATORS = (",", ";", "\t", "|")
# A title, a date and the like may stand above the headings.
HEADINGS_WITHIN = 10
MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "."}


def recognises(source: Source) -> bool:
    """Whether it is a table with the columns that are needed."""
    if source.is_folder:
        return False
    return _headings(source.first_lines) is not None


def validate(source: Source) -> Lines:
    """Reads the file.

    Raises:
        PosefixError: it is no such table; the message names the line.
    """
    text = source.text
    if "\0" in text:
        raise PosefixError(f"{source}: not a CSV file (byte 0 in it). Save it as UTF-8 text.")
    rows = text.split("\n")
    start, separator = _headings(rows) or (0, _separator(rows[0]))
    reader = csv.reader(rows[start:], delimiter=separator, skipinitialspace=True)
    found = Lines()
    try:
        headings = next(reader, [])
        columns = columns_of(headings, source)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                place = f"{source}, line {start + reader.line_num}"
                found.lines.append(_line(cells, columns, start + reader.line_num, place, separator))
                if len(cells) > max(columns["x"], columns["y"]):
                    digits = _decimals(cells[columns["x"]], cells[columns["y"]])
                    found.decimals = max(found.decimals or 0, digits)
    except csv.Error as error:
        raise PosefixError(
            f"{source}, line {start + reader.line_num}: not a CSV file ({error}). Mend it."
        ) from error
    return found


def to_clip(lines: Lines, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    return unit_by_values(arrange(lines, source, skeleton))


def write(clip: Clip, path: Path) -> None:
    """Writes the table; a clip that came in shares of the picture has them here, too.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    headings, rows = rows_of(clip)
    decimals = decimals_for(clip)
    with written_whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(headings)
        writer.writerows(text_of(dict(zip(headings, row, strict=True)), decimals) for row in rows)


def _headings(rows: Sequence[str]) -> tuple[int, str] | None:
    """Line and separator of the headings."""
    for number, row in enumerate(rows[:HEADINGS_WITHIN]):
        for separator in SEPARATORS:
            if is_table(row.replace('"', "").split(separator)):
                return number, separator
    return None


def _separator(row: str) -> str:
    """The most frequent in the first line, for telling what is lacking there."""
    return max(SEPARATORS, key=row.count)


def _line(cells: Sequence[str], columns: dict[str, int], number: int, place: str, separator: str) -> Line:
    def text(name: str) -> str:
        position = columns.get(name)
        return cells[position].strip() if position is not None and position < len(cells) else ""

    def numeric(name: str) -> float:
        return _number(text(name), name, place, decimal_comma=separator != ",")

    frame = numeric("frame")
    line = Line(
        number=number,
        frame=whole_number(frame if math.isfinite(frame) else text("frame"), "frame", place),
        joint=text("joint"),
        person=text("person").removesuffix(".0"),
        x=numeric("x"),
        y=numeric("y"),
        score=numeric("score"),
        seconds=numeric("seconds"),
        shot=numeric("shot"),
    )
    check_line(line, place)
    return line


def _number(text: str, name: str, place: str, *, decimal_comma: bool) -> float:
    """The number of a cell; NaN where there is none."""
    if text.lower() in MISSING:
        return math.nan
    try:
        number = float(text.replace(",", ".", 1) if decimal_comma and "." not in text else text)
    except ValueError:
        number = math.inf
    if not math.isfinite(number):
        raise PosefixError(f"{place}: Invalid {name} ({text}). Supported values are numbers, or nothing.")
    return number


def _decimals(*cells: str) -> int:
    """The most decimals of numbers as they are written."""
    plain = [cell.strip().replace(",", ".") for cell in cells]
    return max(len(cell.partition(".")[2]) if "e" not in cell.lower() else 9 for cell in plain)
