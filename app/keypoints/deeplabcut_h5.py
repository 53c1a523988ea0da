"""DeepLabCut's HDF5 files: tables that pandas wrote, read and written without pandas and without pickles.

pandas keeps a table either as rows with the columns' names pickled in an attribute (``format="table"``, as
DeepLabCut writes them), or as arrays for values, row names and levels of the columns (``format="fixed"``, as
we do). Both can be read by ``pandas.read_hdf``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints import hdf5
from app.keypoints.bodypart_table import BodypartTable, arrange, check_levels, table_of
from app.keypoints.clip import Clip
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

KEY = "df_with_missing"
CURE = "Give the .h5 file that DeepLabCut wrote beside its CSV file, or that."


def recognises(source: Source) -> bool:
    """Whether it is a table of pandas."""
    if not source.head.startswith(hdf5.MAGIC):
        return False
    with hdf5.opened(source) as file:
        return _group(file) is not None


def validate(source: Source) -> BodypartTable:
    """Reads the file.

    Raises:
        PosefixError: it is none of DeepLabCut's.
    """
    with hdf5.opened(source) as file:
        group = _group(file)
        if group is None:
            raise PosefixError(f"{source}: no table of pandas in it. {CURE}")
        levels, columns, rows, values = _rows(group, source) if "table" in group else _arrays(group, source)
    if values.ndim != 2 or values.shape != (len(rows), len(columns)) or values.dtype.kind not in "fiu":
        raise PosefixError(f"{source}: {len(columns)} headings for values {values.shape}. {CURE}")
    if any(len(column) != len(levels) for column in columns):
        raise PosefixError(f"{source}: headings of unlike length. {CURE}")
    check_levels(levels, source)
    return BodypartTable(
        levels=tuple(levels),
        columns=[tuple(map(str, column)) for column in columns],
        rows=rows,
        values=values.astype(np.float64),
        places=[f"row {number}" for number in range(len(rows))],
    )


def to_clip(table: BodypartTable, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    return arrange(table, source, skeleton)


def write(clip: Clip, path: Path) -> None:
    """Writes the table as pandas does in its fixed format.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    table = table_of(clip)
    with written_whole(path) as partial, h5py.File(partial, "w") as file:
        _attributes(file, CLASS="GROUP", PYTABLES_FORMAT_VERSION="2.1", TITLE="", VERSION="1.0")
        group = file.create_group(KEY)
        kind = {"axis0_variety": "multi", "axis1_variety": "regular", "block0_items_variety": "multi"}
        _attributes(
            group, CLASS="GROUP", TITLE="", VERSION="1.0", pandas_type="frame",
            encoding="UTF-8", errors="strict", **kind,
        )  # fmt: skip
        group.attrs.update(ndim=np.int64(2), nblocks=np.int64(1))
        for name in ("axis0", "block0_items"):
            _levels(group, name, table)
        named = any(isinstance(row, str) for row in table.rows)
        _array(group, "axis1", np.array([str(row).encode() for row in table.rows] if named else table.rows))
        _attributes(group["axis1"], kind="string" if named else "integer", name="N.", nan_rep="")
        _array(group, "block0_values", table.values)


def _group(file: h5py.File) -> h5py.Group | None:
    groups = (file[key] for key in file if isinstance(file.get(key), h5py.Group))
    return next((group for group in groups if "pandas_type" in group.attrs), None)


def _rows(group: h5py.Group, source: Source) -> tuple[list[str], list[Any], list[int | str], NDArray[Any]]:
    """Levels, columns, rows and values of pandas' "table" format."""
    rows = hdf5.array(group, "table", source)
    axes = hdf5.plain_pickle(bytes(group.attrs["non_index_axes"]))
    columns = [tuple(column) for column in axes[0][1]]
    info = hdf5.plain_pickle(bytes(group.attrs["info"]))
    about = next((value for value in info.values() if isinstance(value, dict) and "names" in value), {})
    levels = [str(name) for name in about.get("names", [])]
    blocks = sorted(name for name in rows.dtype.names or () if name.startswith("values_block"))
    if len(blocks) != 1:
        raise PosefixError(f"{source}: columns of several kinds. {CURE}")
    return levels, columns, _names(rows["index"]), np.asarray(rows[blocks[0]]).reshape(len(rows), -1)


def _arrays(group: h5py.Group, source: Source) -> tuple[list[str], list[Any], list[int | str], NDArray[Any]]:
    """The same of pandas' "fixed" format."""
    count = int(group.attrs["axis0_nlevels"])
    if not 1 <= count <= 4:
        raise PosefixError(f"{source}: headings of {count} levels. {CURE}")
    levels, parts = [], []
    for number in range(count):
        names = hdf5.texts(hdf5.array(group, f"axis0_level{number}", source))
        codes = hdf5.array(group, f"axis0_label{number}", source).astype(np.int64).ravel()
        if codes.size and not 0 <= codes.min() <= codes.max() < len(names):
            raise PosefixError(f"{source}: headings that point nowhere. {CURE}")
        parts.append([names[code] for code in codes.tolist()])
        levels.append(_text(group[f"axis0_level{number}"].attrs["name"]))
    if "block1_values" in group:
        raise PosefixError(f"{source}: columns of several kinds. {CURE}")
    columns = list(zip(*parts, strict=True))
    return (
        levels,
        columns,
        _names(hdf5.array(group, "axis1", source)),
        hdf5.array(group, "block0_values", source),
    )


def _names(index: NDArray[Any]) -> list[int | str]:
    if index.dtype.kind in "iu":
        return [int(number) for number in index.ravel().tolist()]
    return list(hdf5.texts(index))


def _text(value: Any) -> str:
    if isinstance(value, bytes | np.bytes_):
        data = bytes(value)
        # PyTables pickles what is no plain text.
        return (
            str(hdf5.plain_pickle(data)) if data.endswith(b".") and data[:1] in b"VSN\x80" else data.decode()
        )
    return str(value)


def _attributes(item: Any, **values: str) -> None:
    """Texts as PyTables keeps them."""
    for name, value in values.items():
        data = value.encode()
        # What ends in a full stop is a pickle to PyTables, and that is no UTF-8 text.
        kind = "ascii" if value.endswith(".") else "utf-8"
        if data:
            item.attrs.create(name, data, dtype=h5py.string_dtype(kind, len(data)))
        else:
            item.attrs[name] = h5py.Empty("S1")


def _array(group: h5py.Group, name: str, values: NDArray[Any]) -> h5py.Dataset:
    dataset = group.create_dataset(name, data=values)
    _attributes(dataset, CLASS="ARRAY", FLAVOR="numpy", TITLE="", VERSION="2.4")
    dataset.attrs["transposed"] = np.uint8(1)
    return dataset


def _levels(group: h5py.Group, name: str, table: BodypartTable) -> None:
    """The columns' headings as pandas keeps those of several levels."""
    group.attrs[f"{name}_nlevels"] = np.int64(len(table.levels))
    for number, level in enumerate(table.levels):
        values = sorted({column[number] for column in table.columns})
        stored = _array(group, f"{name}_level{number}", np.array([value.encode() for value in values]))
        _attributes(stored, kind="string", name=level, nan_rep="")
        codes = np.array([values.index(column[number]) for column in table.columns], np.int16)
        _array(group, f"{name}_label{number}", codes)
