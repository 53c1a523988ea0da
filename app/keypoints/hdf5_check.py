"""Reads all that posefix reads of an HDF5 file, in a process of its own: a damaged one can end a process.

Run with the file as its argument; the exit status is 0 where everything could be read, or gave an error that
Python sees. It imports nothing of posefix, so that it starts at once.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import h5py

# Pictures that SLEAP packs into a file are of no interest, and large.
SKIPPED = "video"
LARGEST_BYTES = 1 << 30


def read(item: Any) -> None:
    """Reads attributes and values of an item, and of those in it."""
    with contextlib.suppress(Exception):
        for name in item.attrs:
            with contextlib.suppress(Exception):
                _ = item.attrs[name]
    if isinstance(item, h5py.Dataset):
        with contextlib.suppress(Exception):
            if item.size * item.dtype.itemsize <= LARGEST_BYTES:
                _ = item[()]
        return
    for name in item:
        if not name.startswith(SKIPPED):
            with contextlib.suppress(Exception):
                read(item[name])


if __name__ == "__main__":
    with contextlib.suppress(Exception), h5py.File(sys.argv[1], "r") as file:
        read(file)
