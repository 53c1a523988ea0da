"""The data file: JSON in a versioned schema, written from a :class:`app.result.Result` and read back.

``docs/json.md`` describes every field. Strict JSON: a missing joint is null, never NaN and never zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.result import ModelRecord, Person, Result, RunRecord, VideoSource
from estimators import Skeleton
from estimators.known_skeletons import of_joints
from weights.files import written_whole

FORMAT = "posefix"
VERSION = 1
# Hundredths of a pixel and thousandths of a score: beyond what any estimator means.
PIXEL_DECIMALS = 2
SCORE_DECIMALS = 3


def save(result: Result, path: str | Path) -> None:
    """Writes the data file; it appears when complete.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    with saving(result, path):
        pass


@contextmanager
def saving(result: Result, path: str | Path) -> Iterator[None]:
    """Writes the data file at once, but it appears only when the block ends without an error.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    text = json.dumps(to_document(result), allow_nan=False, separators=(",", ":"))
    with written_whole(Path(path)) as partial:
        partial.write_text(text + "\n", encoding="utf-8")
        yield


def load(path: str | Path) -> Result:
    """Reads a data file back into arrays.

    Raises:
        PosefixError: the file is missing, no JSON, or not of this schema and version.
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PosefixError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except ValueError as error:
        raise PosefixError(f"{path}: not JSON ({error}). Give a file that posefix wrote.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PosefixError(f"{path}: not a posefix data file. Give a file that posefix wrote.")
    if document.get("version") != VERSION:
        raise PosefixError(
            f"{path}: Invalid version ({document.get('version')}). Supported values are {VERSION}."
        )
    try:
        return from_document(document)
    except (KeyError, TypeError, ValueError) as error:
        raise PosefixError(f"{path}: damaged posefix data file ({error!r}). Write it again.") from error


def to_document(result: Result) -> dict[str, Any]:
    """The result as plain lists, numbers and null."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": vars(result.source),
        "skeleton": {
            "name": result.skeleton.name,
            "joints": list(result.skeleton.joints),
            "limbs": [list(limb) for limb in result.skeleton.limbs],
            "pairs": [list(pair) for pair in result.skeleton.pairs],
            "derived": {joint: list(around) for joint, around in result.skeleton.derived.items()},
        },
        "estimator": vars(result.estimator),
        "corrector": vars(result.corrector) if result.corrector else None,
        "frames": {
            "index": result.frame_indices.tolist(),
            "pts_seconds": [round(float(t), 6) for t in result.pts_seconds],
            "cuts": result.frame_indices[list(result.cuts)].tolist(),
        },
        "people": [_person_to_document(person, result) for person in result.people],
        "run": {
            "options": dict(result.run.options),
            "seconds": {stage: round(seconds, 3) for stage, seconds in result.run.seconds.items()},
            "warnings": list(result.run.warnings),
            "notes": list(result.run.notes),
        },
    }


def from_document(document: dict[str, Any]) -> Result:
    """The inverse of :func:`to_document`, to the precision that is written."""
    skeleton = _skeleton_from_document(document["skeleton"])
    indices = np.array(document["frames"]["index"], np.int64)
    times = np.array(document["frames"]["pts_seconds"], np.float64)
    if indices.shape != times.shape:
        raise ValueError(f"{len(indices)} frame numbers and {len(times)} times")
    return Result(
        source=VideoSource(**document["source"]),
        skeleton=skeleton,
        frame_indices=indices,
        pts_seconds=times,
        people=tuple(
            _person_from_document(person, indices.tolist(), skeleton.joints) for person in document["people"]
        ),
        estimator=ModelRecord(**document["estimator"]),
        corrector=ModelRecord(**document["corrector"]) if document["corrector"] else None,
        # Files of before shots were told apart have no cuts.
        cuts=tuple(np.searchsorted(indices, document["frames"].get("cuts", [])).tolist()),
        run=_run_from_document(document.get("run") or {}),
    )


def _run_from_document(document: dict[str, Any]) -> RunRecord:
    """Files of before runs were recorded have an empty one."""
    return RunRecord(
        options=dict(document.get("options", {})),
        seconds={stage: float(seconds) for stage, seconds in document.get("seconds", {}).items()},
        warnings=tuple(str(line) for line in document.get("warnings", [])),
        notes=tuple(str(line) for line in document.get("notes", [])),
    )


def _skeleton_from_document(document: dict[str, Any]) -> Skeleton:
    # Files of before skeletons said their pairs have names alone.
    named = of_joints(document["joints"])
    limbs, pairs = (
        tuple((a, b) for a, b in links) for links in (document["limbs"], document.get("pairs", named.pairs))
    )
    derived = {joint: tuple(around) for joint, around in document.get("derived", named.derived).items()}
    return Skeleton(document["name"], named.joints, limbs, pairs, derived)


def _person_to_document(person: Person, result: Result) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": person.id,
        "track": _track(person, result),
        "boxes": _rows(person.boxes, PIXEL_DECIMALS),
        "initial": {
            "keypoints": _points(person.initial[..., :2]),
            "scores": _numbers(person.initial[..., 2], SCORE_DECIMALS),
        },
        "corrected": None,
    }
    if person.corrected is not None and person.error_px is not None and person.filled is not None:
        document["corrected"] = {
            "keypoints": _points(person.corrected),
            "error_px": _numbers(person.error_px, PIXEL_DECIMALS),
            "filled": person.filled.tolist(),
        }
        if person.unsure is not None:
            document["corrected"]["unsure"] = [
                {
                    "frame": int(result.frame_indices[row]),
                    "joints": [result.skeleton.joints[joint] for joint in np.flatnonzero(person.unsure[row])],
                }
                for row in np.flatnonzero(person.unsure.any(axis=1))
            ]
    return document


def _track(person: Person, result: Result) -> dict[str, Any] | None:
    """Where the person's frames are, in short; None where they are nowhere."""
    rows = np.flatnonzero(person.found)
    if not len(rows):
        return None
    return {
        "first_frame": int(result.frame_indices[rows[0]]),
        "last_frame": int(result.frame_indices[rows[-1]]),
        "frames": len(rows),
        "prominence": None if person.prominence is None else round(person.prominence, SCORE_DECIMALS),
    }


def _unsure(entries: list[dict[str, Any]], indices: list[int], joints: tuple[str, ...]) -> NDArray[np.bool_]:
    unsure = np.zeros((len(indices), len(joints)), bool)
    rows = {index: row for row, index in enumerate(indices)}
    for entry in entries:
        unsure[rows[entry["frame"]], [joints.index(joint) for joint in entry["joints"]]] = True
    return unsure


def _person_from_document(document: dict[str, Any], indices: list[int], joints: tuple[str, ...]) -> Person:
    shape = (len(indices), len(joints))
    initial, corrected = document["initial"], document["corrected"]
    points = _array(initial["keypoints"], (*shape, 2))
    scores = _array(initial["scores"], shape)
    person = Person(
        id=int(document["id"]),
        initial=np.concatenate([points, scores[..., None]], axis=2),
        boxes=_array(document["boxes"], (shape[0], 4)),
        # Files of before several people were followed have no tracks.
        prominence=(document.get("track") or {}).get("prominence"),
    )
    if corrected is None:
        return person
    return replace(
        person,
        corrected=_array(corrected["keypoints"], (*shape, 2)),
        error_px=_array(corrected["error_px"], shape),
        filled=np.array(corrected["filled"], bool).reshape(shape),
        # Files of before there were unsure joints do not have them.
        unsure=_unsure(corrected["unsure"], indices, joints) if "unsure" in corrected else None,
    )


def _rows(rows: NDArray[np.floating], decimals: int) -> list[list[float] | None]:
    """A list a row, or null for a row that is missing."""
    rounded = np.round(rows.astype(np.float64), decimals)
    return [row.tolist() if np.isfinite(row).all() else None for row in rounded]


def _points(points: NDArray[np.floating]) -> list[list[list[float] | None]]:
    """[x, y] or null for every joint of every frame."""
    return [_rows(frame, PIXEL_DECIMALS) for frame in points]


def _numbers(numbers: NDArray[np.floating], decimals: int) -> list[list[float | None]]:
    rounded = np.round(numbers.astype(np.float64), decimals)
    return [[float(n) if np.isfinite(n) else None for n in row] for row in rounded]


def _array(values: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Nested lists as an array of ``shape``; null, for a number or for a whole row, becomes NaN."""
    array = np.full(shape, np.nan, np.float32)
    if len(values) != shape[0]:
        raise ValueError(f"{len(values)} entries where {shape[0]} are wanted")
    for index, value in enumerate(values):
        if value is None:
            continue
        array[index] = value if len(shape) == 1 else _array(value, shape[1:])
    return array
