"""Files that are either complete or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
        raise PosefixError(
            f"{path}: cannot be written ({error.strerror or error}). {_cure(error)}"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _cure(error: OSError) -> str:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "Free some space or choose another --output."
    return "Choose another --output."
