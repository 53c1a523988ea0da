"""Folders that results go to."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from weights.files import unwritable


def check_folder(folder: Path) -> None:
    """Makes the folder and sees whether it takes a file, before hours are spent on what goes there.

    Raises:
        FileError: it does not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(folder, error) from error


def missing_folders(folder: Path) -> list[Path]:
    """The folder and those above it that do not exist yet, the innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def remove_empty(folders: list[Path]) -> None:
    """Takes away those of the folders that are there and empty, the innermost first."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
