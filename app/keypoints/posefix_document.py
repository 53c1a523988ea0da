"""The data file's document: a result as plain lists, numbers and null."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.result import Person, Result

FORMAT = "posefix"
VERSION = 2
# Hundredths of a pixel and thousandths of a score: beyond what any estimator means.
PIXEL_DECIMALS = 2
SCORE_DECIMALS = 3


def to_document(result: Result, *, hypotheses: bool = False) -> dict[str, Any]:
    """The result as plain lists, numbers and null."""
    source, skeleton = result.source, result.skeleton
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": {
            "file": source.file,
            # Keypoints of other programs may not say how large their frames are.
            "width": source.width or None,
            "height": source.height or None,
            "fps": source.fps,
        },
        "skeleton": {
            "name": skeleton.name,
            "joints": list(skeleton.joints),
            "limbs": [list(limb) for limb in skeleton.limbs],
            "pairs": [list(pair) for pair in skeleton.pairs],
            "derived": {joint: list(around) for joint, around in skeleton.derived.items()},
        },
        "estimator": vars(result.estimator),
        "corrector": vars(result.corrector) if result.corrector else None,
        "frames": {
            "index": result.frame_indices.tolist(),
            "pts_seconds": [round(float(t), 6) for t in result.pts_seconds],
            "cuts": result.frame_indices[list(result.cuts)].tolist(),
        },
        "people": [_person_to_document(person, result, hypotheses) for person in result.people],
        "run": {
            "options": dict(result.run.options),
            "seconds": {stage: round(seconds, 3) for stage, seconds in result.run.seconds.items()},
            "warnings": list(result.run.warnings),
            "notes": list(result.run.notes),
        },
    }


def _person_to_document(person: Person, result: Result, hypotheses: bool) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "keypoints": _points(person.initial[..., :2]),
        "scores": _numbers(person.initial[..., 2], SCORE_DECIMALS),
    }
    if hypotheses and person.hypotheses is not None:
        initial["hypotheses"] = [[_places(joint) for joint in frame] for frame in person.hypotheses]
    document: dict[str, Any] = {
        "id": person.id,
        "track": _track(person, result),
        "boxes": _rows(person.boxes, PIXEL_DECIMALS),
        "initial": initial,
        "corrected": None,
    }
    if person.corrected is None or person.error_px is None or person.filled is None:
        return document
    joints = result.skeleton.joints
    document["corrected"] = {
        "keypoints": _points(person.corrected),
        "error_px": _numbers(person.error_px, PIXEL_DECIMALS),
        "filled": person.filled.tolist(),
    }
    if person.unsure is not None:
        document["corrected"]["unsure"] = [
            {
                "frame": int(result.frame_indices[row]),
                "joints": [joints[joint] for joint in np.flatnonzero(person.unsure[row])],
            }
            for row in np.flatnonzero(person.unsure.any(axis=1))
        ]
    if person.filtered is not None:
        smoothed = np.flatnonzero(person.filtered.any(axis=0))
        document["corrected"]["filtered"] = [joints[joint] for joint in smoothed]
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


def _places(places: NDArray[np.float32]) -> list[list[float]]:
    """[x, y, chance] of every place that a joint may be at."""
    there = places[np.isfinite(places).all(axis=1)].astype(np.float64)
    return [
        [round(x, PIXEL_DECIMALS), round(y, PIXEL_DECIMALS), round(chance, SCORE_DECIMALS)]
        for x, y, chance in there.tolist()
    ]


def _rows(rows: NDArray[np.floating], decimals: int) -> list[list[float] | None]:
    """A list a row, or null for a row that is missing."""
    rounded = np.round(rows.astype(np.float64), decimals)
    return [row if all(map(math.isfinite, row)) else None for row in rounded.tolist()]


def _points(points: NDArray[np.floating]) -> list[list[list[float] | None]]:
    """[x, y] or null for every joint of every frame."""
    return [_rows(frame, PIXEL_DECIMALS) for frame in points]


def _numbers(numbers: NDArray[np.floating], decimals: int) -> list[list[float | None]]:
    rounded = np.round(numbers.astype(np.float64), decimals)
    return [[n if math.isfinite(n) else None for n in row] for row in rounded.tolist()]
