"""The table of :mod:`app.keypoints.tidy_csv` in a Parquet file, for pandas, Polars, R and DuckDB.

Numbers keep all their digits. Needs ``pip install 'posefix[parquet]'``.
"""

from __future__ import annotations

import importlib
import io
import math
from pathlib import Path
from typing import Any

from app.errors import PosefixError
from app.keypoints.checks import damage_named, file_size_allows, unit_by_values, whole_number
from app.keypoints.clip import Clip
from app.keypoints.long_table import Line, Lines, arrange, check_line, columns_of, rows_of
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

MAGIC = b"PAR1"
TEXTS = ("joint", "person")


def recognises(source: Source) -> bool:
    """Whether it is a Parquet file."""
    return source.head.startswith(MAGIC)


def validate(source: Source) -> Lines:
    """Reads the file.

    Raises:
        PosefixError: it is no such table, or pyarrow is not installed.
    """
    table = _table(source)
    columns = columns_of(table.column_names, source)
    with damage_named(source):
        values = {name: table.column(position).to_pylist() for name, position in columns.items()}
    lines = Lines()
    for number in range(table.num_rows):
        place = f"{source}, row {number}"
        cells = {name: column[number] for name, column in values.items()}
        line = Line(
            number=number,
            frame=whole_number(cells["frame"], "frame", place),
            joint=_text(cells.get("joint")),
            person=_text(cells.get("person")),
            x=_number(cells.get("x"), "x", place),
            y=_number(cells.get("y"), "y", place),
            score=_number(cells.get("score"), "score", place),
            seconds=_number(cells.get("seconds"), "seconds", place),
            shot=_number(cells.get("shot"), "shot", place),
        )
        check_line(line, place)
        lines.lines.append(line)
    return lines


def to_clip(lines: Lines, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    return unit_by_values(arrange(lines, source, skeleton))


def write(clip: Clip, path: Path) -> None:
    """Writes the table.

    Raises:
        PosefixError: the folder or the disk does not take it, or pyarrow is not installed.
    """
    pyarrow, parquet = _pyarrow(path)
    headings, rows = rows_of(clip)
    columns = list(zip(*rows, strict=True)) or [()] * len(headings)
    arrays = {}
    for heading, column in zip(headings, columns, strict=True):
        if heading in TEXTS:
            arrays[heading] = pyarrow.array([None if v is None else str(v) for v in column], pyarrow.string())
        elif heading in ("frame", "shot"):
            arrays[heading] = pyarrow.array(column, pyarrow.int64())
        elif heading in ("x", "y", "score", "error_px", "seconds"):
            given = [None if v is None or math.isnan(v) else v for v in column]
            arrays[heading] = pyarrow.array(given, pyarrow.float64())
        else:
            arrays[heading] = pyarrow.array([None if v is None else bool(v) for v in column], pyarrow.bool_())
    with written_whole(path) as partial:
        parquet.write_table(pyarrow.table(arrays), partial)


def _pyarrow(path: object) -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise PosefixError(
            f"{path}: Parquet needs pyarrow. Install it with: pip install 'posefix[parquet]'"
        ) from error


def _table(source: Source) -> Any:
    pyarrow, parquet = _pyarrow(source)
    with damage_named(source):
        file = parquet.ParquetFile(io.BytesIO(source.content))
        metadata = file.metadata
        groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        amount = max([metadata.num_rows, *(group.total_byte_size for group in groups)])
        if not file_size_allows(amount, source.path):
            raise PosefixError(f"{source}: says it holds {amount} bytes, which it cannot. Write it again.")
        table = file.read()
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pyarrow.types.is_nested(column.type):
            raise PosefixError(f"{source}: column {name} holds lists. Give a line a joint and frame.")
    return table


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _number(value: object, name: str, place: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isinf(value):
        raise PosefixError(f"{place}: Invalid {name} ({value}). Supported values are numbers, or nothing.")
    return float(value)
