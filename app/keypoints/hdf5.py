"""HDF5 files read with care: nothing is unpickled, nothing is asked of memory that the file cannot hold."""

from __future__ import annotations

import pickletools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints.checks import damage_named, file_size_allows
from app.keypoints.source import Source

MAGIC = b"\x89HDF\r\n\x1a\n"
LEAST_SECONDS, SLOWEST_BYTES_PER_SECOND = 60.0, 5e6


def check_sound(source: Source) -> None:
    """Refuses a file that ends the process that reads it, as a damaged one may: another process tries first.

    Raises:
        PosefixError: it did not come through.
    """
    if source.sound is None:
        script = Path(__file__).with_name("hdf5_check.py")
        seconds = LEAST_SECONDS + source.path.stat().st_size / SLOWEST_BYTES_PER_SECOND
        try:
            command = [sys.executable, "-P", str(script), str(source.path)]
            ended = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
            source.sound = ended.returncode == 0
        except subprocess.TimeoutExpired:
            source.sound = False
    if not source.sound:
        raise PosefixError(f"{source}: damaged: HDF5 cannot read it to its end. Copy or export it again.")


@contextmanager
def opened(source: Source) -> Iterator[h5py.File]:
    """The file, open for reading.

    Raises:
        PosefixError: it is no HDF5 file, or damaged; also for what goes wrong in the block.
    """
    check_sound(source)
    with damage_named(source), h5py.File(source.path, "r") as file:
        yield file


def keys_of(source: Source) -> set[str]:
    """Names of what lies at the top of the file; none where it is no HDF5 file.

    Raises:
        PosefixError: it is one, but damaged.
    """
    if not source.head.startswith(MAGIC):
        return set()
    with opened(source) as file:
        return set(file.keys())


def array(group: h5py.Group, name: str, source: Source) -> NDArray[Any]:
    """A dataset of the group, in memory.

    Raises:
        PosefixError: there is none of that name, or it says that it is larger than it can be.
    """
    dataset = group.get(name)
    if not isinstance(dataset, h5py.Dataset):
        raise PosefixError(f"{source}: no {name} in it. Write or copy it again.")
    if not file_size_allows(dataset.size * max(1, dataset.dtype.itemsize), source.path):
        raise PosefixError(
            f"{source}: {name} says it holds {dataset.size} values, which it cannot. Copy it again."
        )
    return np.asarray(dataset[()])


def texts(values: NDArray[Any]) -> list[str]:
    """Strings of an array, whatever they are kept as."""
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values.ravel().tolist()]


def plain_pickle(data: bytes) -> Any:
    """What a pickle of lists, tuples, dictionaries, texts and numbers says, read without unpickling.

    pandas and PyTables keep names of columns so. Only the operations that build such values are known; none
    of them can run anything.

    Raises:
        ValueError: there is anything else in it, or it is damaged.
    """
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}
    for operation, given, _ in pickletools.genops(data):
        name, argument = operation.name, cast(Any, given)
        if name in ("PROTO", "FRAME"):
            continue
        if name == "STOP":
            return stack.pop()
        if name == "MARK":
            marks.append(len(stack))
        elif name in VALUES:
            stack.append(VALUES[name](argument))
        elif name in BUILT:
            start = marks.pop()
            items, stack[start:] = stack[start:], []
            _build(BUILT[name], stack, items)
        elif name in ("APPEND", "SETITEM", "TUPLE1", "TUPLE2", "TUPLE3"):
            count = {"APPEND": 1, "SETITEM": 2}.get(name) or int(name[-1])
            items, stack[-count:] = stack[-count:], []
            if len(items) < count:
                raise ValueError("a pickle that ends too early")
            _build(name.rstrip("123") + ("S" if name in ("APPEND", "SETITEM") else ""), stack, items)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            memo[len(memo) if name == "MEMOIZE" else argument] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        else:
            raise ValueError(f"a pickle with more than plain values in it ({name})")
    raise ValueError("a pickle without an end")


VALUES: dict[str, Any] = {
    **dict.fromkeys(("NONE",), lambda _: None),
    **dict.fromkeys(("NEWTRUE",), lambda _: True),
    **dict.fromkeys(("NEWFALSE",), lambda _: False),
    **dict.fromkeys(("EMPTY_LIST",), lambda _: []),
    **dict.fromkeys(("EMPTY_TUPLE",), lambda _: ()),
    **dict.fromkeys(("EMPTY_DICT",), lambda _: {}),
    **dict.fromkeys(
        (
            *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT"),
            *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES"),
            *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        ),
        lambda value: value,
    ),
}
BUILT = {name: name for name in ("LIST", "TUPLE", "DICT", "APPENDS", "SETITEMS")}


def _build(how: str, stack: list[Any], items: list[Any]) -> None:
    if how in ("LIST", "TUPLE"):
        stack.append(list(items) if how == "LIST" else tuple(items))
    elif how == "DICT":
        stack.append(dict(zip(items[::2], items[1::2], strict=True)))
    elif how == "APPENDS":
        stack[-1].extend(items)
    else:
        stack[-1].update(zip(items[::2], items[1::2], strict=True))
