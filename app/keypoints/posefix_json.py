"""The data file: JSON in a versioned schema, written from a :class:`app.result.Result` and read back.

``docs/json.md`` describes every field, ``docs/posefix.schema.json`` is its JSON Schema. Strict JSON: a
missing joint is null, never NaN and never zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.errors import PosefixError
from app.keypoints.clip import Clip, from_result
from app.keypoints.posefix_document import FORMAT, to_document
from app.keypoints.posefix_reading import VERSIONS, Field, from_document
from app.keypoints.source import Source
from app.result import Result
from estimators.skeletons import Skeleton
from weights.files import written_whole


def save(result: Result, path: str | Path, *, hypotheses: bool = False) -> None:
    """Writes the data file; it appears when complete.

    Args:
        hypotheses: write those of the people who have some, too: the file is several times as large.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    with saving(result, path, hypotheses=hypotheses):
        pass


@contextmanager
def saving(result: Result, path: str | Path, *, hypotheses: bool = False) -> Iterator[None]:
    """Writes the data file at once, but it appears only when the block ends without an error.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    document = to_document(result, hypotheses=hypotheses)
    # In ASCII: a file's name may hold bytes that are no text and have no UTF-8.
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    with written_whole(Path(path)) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
        yield


def load(path: str | Path) -> Result:
    """Reads a data file back into arrays.

    Raises:
        PosefixError: the file is missing, no JSON, or not of this schema and version; the message names the
            place in it.
    """
    source = Source(Path(path))
    return from_document(Field(validate(source), str(source)))


def recognises(source: Source) -> bool:
    """Whether it is a data file of posefix."""
    if source.is_folder or not source.looks_like_json or '"posefix"' not in source.text[:4096]:
        return False
    return isinstance(source.json, dict) and source.json.get("format") == FORMAT


def validate(source: Source) -> dict[str, Any]:
    """Reads the file.

    Raises:
        PosefixError: it is no data file of posefix, or of a later version.
    """
    document = source.json
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PosefixError(f"{source}: not a posefix data file. Give a file that posefix wrote.")
    if document.get("version") not in VERSIONS:
        known = ", ".join(map(str, VERSIONS))
        raise PosefixError(
            f"{source}: Invalid version ({document.get('version')}). Supported values are {known}."
        )
    return document


def to_clip(document: dict[str, Any], source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    if skeleton is not None:
        raise PosefixError(f"{source}: names its skeleton itself. Leave out --skeleton.")
    return from_result(from_document(Field(document, str(source))))


def write(clip: Clip, path: Path) -> None:
    """Writes the data file.

    Raises:
        PosefixError: there are no times, or the folder or the disk does not take it.
    """
    save(clip.to_result(str(path)), path)
