"""A file or folder of keypoints, as the formats look at it: read once, decoded once."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from app.errors import PosefixError

HEAD_BYTES = 65536
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Beyond, a file is no file of keypoints, and reading it whole would take all memory.
LARGEST_BYTES = 4 << 30


class Source:
    """A file or folder; what was read of it is kept.

    Attributes:
        path: where it is.
        sound: whether another process came through reading it; None: not tried.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sound: bool | None = None

    def __str__(self) -> str:
        return str(self.path)

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        try:
            return self.path.is_dir()
        except OSError as error:
            raise _unreadable(self.path, error) from error

    @cached_property
    def suffix(self) -> str:
        """Of its name, in small letters."""
        return self.path.suffix.lower()

    @cached_property
    def content(self) -> bytes:
        """All that is in the file.

        Raises:
            PosefixError: it cannot be read.
        """
        try:
            if self.path.stat().st_size > LARGEST_BYTES:
                raise PosefixError(f"{self.path}: over {LARGEST_BYTES >> 30} GB. Give it in parts.")
            return self.path.read_bytes()
        except OSError as error:
            raise _unreadable(self.path, error) from error

    @cached_property
    def head(self) -> bytes:
        """How the file begins; nothing for a folder.

        Raises:
            PosefixError: it cannot be read.
        """
        if self.is_folder:
            return b""
        try:
            with self.path.open("rb") as file:
                return file.read(HEAD_BYTES)
        except OSError as error:
            raise _unreadable(self.path, error) from error

    @cached_property
    def encoding(self) -> str:
        """UTF-8, unless a byte-order mark says otherwise."""
        marks = (encoding for mark, encoding in BYTE_ORDER_MARKS.items() if self.head.startswith(mark))
        return next(marks, "utf-8")

    @cached_property
    def first_lines(self) -> list[str]:
        """The head's lines, as far as they are text."""
        return self.head.decode(self.encoding, errors="replace").splitlines()

    @cached_property
    def text(self) -> str:
        """The file as text, its lines ended by \\n.

        Raises:
            PosefixError: it cannot be read, or is no text.
        """
        try:
            decoded = self.content.decode(self.encoding)
        except UnicodeDecodeError as error:
            raise PosefixError(
                f"{self.path}: not UTF-8 text (byte {error.start}). Save it as UTF-8."
            ) from error
        return decoded.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def json(self) -> Any:
        """What the file says in JSON; NaN and Infinity, which others write, are taken.

        Raises:
            PosefixError: it cannot be read, or is no JSON; the message names the line.
        """
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            raise PosefixError(
                f"{self.path}, line {error.lineno}: not JSON ({error.msg} at character {error.colno}). "
                "It may be cut off: write or copy it again."
            ) from error
        except (ValueError, RecursionError) as error:
            raise PosefixError(f"{self.path}: not JSON ({error}). Write it again.") from error

    @cached_property
    def looks_like_json(self) -> bool:
        """Whether the file begins as JSON does."""
        return "".join(self.first_lines[:20]).lstrip()[:1] in ("{", "[")

    @cached_property
    def files(self) -> list[Path]:
        """What is in the folder, by name; hidden files left out.

        Raises:
            PosefixError: it cannot be read.
        """
        try:
            return sorted(path for path in self.path.iterdir() if not path.name.startswith("."))
        except OSError as error:
            raise _unreadable(self.path, error) from error

    def files_with(self, suffix: str) -> list[Path]:
        """The folder's files of a suffix, by name; none where it is no folder."""
        return [path for path in self.files if path.suffix.lower() == suffix] if self.is_folder else []


def _unreadable(path: Path, error: OSError) -> PosefixError:
    return PosefixError(f"{path}: cannot be read ({error.strerror or error}). Check the path.")
