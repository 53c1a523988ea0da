"""Files that are either complete or not there."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.errors import PosefixError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write to; it becomes ``path`` when the block ends well, else it goes.

    The suffix stays the same, since many writers choose their format by it.

    Raises:
        PosefixError: the folder or the disk does not take the file.
    """
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def check_folder(folder: Path) -> None:
    """Makes the folder and sees whether it takes a file, before hours are spent on what goes there.

    Raises:
        PosefixError: it does not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _refusal(folder, error) from error


def missing_folders(folder: Path) -> list[Path]:
    """The folder and those above it that do not exist yet, the innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def remove_empty(folders: list[Path]) -> None:
    """Takes away those of the folders that are there and empty, the innermost first."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _refusal(path: Path, error: OSError) -> PosefixError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    cure = "Free some space or choose another --output." if full else "Choose another --output."
    return PosefixError(f"{path}: cannot be written ({error.strerror or error}). {cure}")
