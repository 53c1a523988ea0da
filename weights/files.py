"""Files that are either complete or not there, and what is said of those that cannot be read or written."""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class PosefixError(Exception):
    """Something is wrong on the user's side; the message is one line that names it and the cure."""


class FileError(PosefixError, ValueError):
    """A file is missing, damaged or cannot be written; the message names it and the cure."""


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write to; it becomes ``path`` when the block ends well, else it goes.

    Its name is short and its own, so that long names fit and two runs do not meet; the suffix stays the same,
    since many writers choose their format by it. Folders are made.

    Raises:
        FileError: the folder or the disk does not take the file.
    """
    partial = path.with_name(f".partial-{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink()


@contextmanager
def written_folder(path: Path, *, suffix: str) -> Iterator[Path]:
    """A folder beside ``path`` to write files to; it becomes ``path`` when the block ends well, else it goes.

    Args:
        suffix: of the files; a folder that is there already is replaced if it holds nothing else.

    Raises:
        FileError: the disk does not take it, or something else is in the folder that is there.
    """
    partial = path.with_name(f".partial-{secrets.token_hex(4)}")
    try:
        if path.exists() and (not path.is_dir() or any(p.suffix != suffix for p in path.iterdir())):
            raise FileError(f"{path}: holds more than {suffix} files. Choose another folder.")
        partial.mkdir(parents=True)
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def unwritable(path: Path, error: OSError) -> FileError:
    """What to say of a place that does not take what is written to it."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    cure = "Free some space or choose another folder." if full else "Choose another folder."
    return FileError(f"{path}: cannot be written ({error.strerror or error}). {cure}")
