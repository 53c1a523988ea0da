"""DeepLabCut's CSV files, predicted or labelled by hand, of one animal or several."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.errors import PosefixError
from app.keypoints.bodypart_table import BodypartTable, arrange, check_levels, table_of
from app.keypoints.clip import Clip
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

FIRST, LAST = "scorer", "coords"
MISSING = ("", "nan", "na")


def recognises(source: Source) -> bool:
    """Whether it begins with DeepLabCut's headings."""
    return not source.is_folder and first_cell(source) == FIRST


def first_cell(source: Source) -> str:
    """The table's first cell."""
    return source.first_lines[0].split(",")[0].strip().lower() if source.first_lines else ""


def scorer_of(source: Source) -> str:
    """Who or what put the points there, as the first line says."""
    cells = source.first_lines[0].split(",") if source.first_lines else []
    return cells[1].strip() if len(cells) > 1 else ""


def validate(source: Source) -> BodypartTable:
    """Reads the file.

    Raises:
        PosefixError: it is none of DeepLabCut's; the message names the line.
    """
    rows = [row for row in enumerate(csv.reader(source.text.split("\n")), start=1) if any(row[1])]
    heads: list[tuple[str, list[str]]] = []
    while rows and len(heads) < 4 and (not heads or heads[-1][0] != LAST):
        _, cells = rows.pop(0)
        heads.append((cells[0].strip().lower(), [cell.strip() for cell in cells]))
    check_levels([name for name, _ in heads], source)
    # Hand-labelled data may name folder, video and picture in a column each.
    start = next((n for n, cell in enumerate(heads[-1][1][1:], start=1) if cell), 1)
    width = len(heads[0][1])
    if any(len(cells) != width for _, cells in heads):
        raise PosefixError(f"{source}, line 1: headings of unlike length. Write the file again.")
    values, names, places = [], [], []
    for number, cells in rows:
        place = f"line {number}"
        if len(cells) != width:
            raise PosefixError(
                f"{source}, {place}: {len(cells)} columns where {width} are wanted. "
                "The file may be cut off: copy it again, or take the line out."
            )
        values.append([_number(cell, f"{source}, {place}") for cell in cells[start:]])
        names.append(_row_name(cells[:start]))
        places.append(place)
    return BodypartTable(
        levels=tuple(name for name, _ in heads),
        columns=list(zip(*(cells[start:] for _, cells in heads), strict=True)),
        rows=names,
        values=np.array(values, np.float64).reshape(len(values), width - start),
        places=places,
    )


def to_clip(table: BodypartTable, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    return arrange(table, source, skeleton)


def write(clip: Clip, path: Path) -> None:
    """Writes the table.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    table = table_of(clip)
    with written_whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for position, level in enumerate(table.levels):
            writer.writerow((level, *(column[position] for column in table.columns)))
        for name, row in zip(table.rows, table.values.tolist(), strict=True):
            writer.writerow((name, *("" if math.isnan(value) else repr(value) for value in row)))


def _row_name(cells: Sequence[str]) -> int | str:
    name = "/".join(cell.strip() for cell in cells)
    if name.isdecimal() and len(name) < 19:
        return int(name)
    # A frame's number may have become 12.0 on its way through a spreadsheet.
    whole = name.removesuffix(".0")
    return int(whole) if whole.isdecimal() and len(whole) < 19 else name


def _number(cell: str, place: str) -> float:
    text = cell.strip()
    if text.lower() in MISSING:
        return math.nan
    try:
        return float(text)
    except ValueError:
        raise PosefixError(
            f"{place}: Invalid number ({text[:40]}). Supported values are numbers, or nothing."
        ) from None
