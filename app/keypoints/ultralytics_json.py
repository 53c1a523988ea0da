"""Ultralytics' ``Results.to_json()``: a list with a list of people a frame, or of one frame's people.

``{"name", "class", "confidence", "box": {"x1", "y1", "x2", "y2"}, "track_id", "keypoints": {"x": [...],
"y": [...], "visible": [...]}}``, in pixels, or in shares of the picture with ``normalize=True``. A joint of
little confidence is 0, 0. https://docs.ultralytics.com/reference/engine/results/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import PosefixError
from app.keypoints.assembly import ALWAYS, Detection, assemble, number_of, numbers_of
from app.keypoints.checks import unit_by_values, whole_number
from app.keypoints.clip import Clip, Floats
from app.keypoints.names import skeleton_of_count
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

DECIMALS = 5
CORNERS = ("x1", "y1", "x2", "y2")


@dataclass(frozen=True)
class Document:
    """A file, checked: how many frames, and the people in them."""

    frames: int
    people: list[Detection]


def recognises(source: Source) -> bool:
    """Whether it looks like Ultralytics', by what is in it."""
    if source.is_folder or not source.looks_like_json or not isinstance(source.json, list):
        return False
    people = [
        person for frame in source.json[:1000] for person in (frame if isinstance(frame, list) else [frame])
    ]
    first = people[0] if people else None
    return isinstance(first, dict) and {"name", "class", "box"} <= first.keys()


def validate(source: Source) -> Document:
    """Reads the file.

    Raises:
        PosefixError: it is none of Ultralytics'; the message names frame and person.
    """
    frames = source.json
    if not isinstance(frames, list) or not frames:
        raise PosefixError(f"{source}: no list of frames. Give what Results.to_json() wrote, a list a frame.")
    if isinstance(frames[0], dict):
        frames = [frames]
    people = []
    for number, frame in enumerate(frames):
        if not isinstance(frame, list):
            raise PosefixError(f"{source}, frame {number}: no list of people. Give a list a frame.")
        people += [
            _person(person, number, f"{source}, frame {number}, person {order}")
            for order, person in enumerate(frame)
        ]
    counts = sorted({len(person.points) for person in people})
    if len(counts) > 1:
        raise PosefixError(
            f"{source}: people of {' and '.join(map(str, counts))} joints. Give files of one model alone."
        )
    return Document(len(frames), people)


def to_clip(document: Document, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    count = len(document.people[0].points) if document.people else 17
    found = skeleton_of_count(count, source, skeleton)
    clip = assemble(document.people, found, source, frames=range(document.frames), zeros_are_missing=ALWAYS)
    return unit_by_values(clip)


def write(clip: Clip, path: Path) -> None:
    """Writes the list; it counts frames from 0.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    frames: list[list[dict[str, Any]]] = [[] for _ in range(int(clip.frame_indices[-1]) + 1)]
    for row, frame in enumerate(clip.frame_indices.tolist()):
        for track in clip.tracks:
            there = track.there[row]
            if not there.any():
                continue
            points = np.where(there[:, None], track.points[row], 0)
            points[:, 2] = np.nan_to_num(points[:, 2], nan=1.0)
            low, high = points[there, :2].min(axis=0), points[there, :2].max(axis=0)
            known = track.extra.get("person_score")
            score = float(known[row]) if known is not None else np.nan
            x, y, visible = np.round(points, DECIMALS).T.tolist()
            frames[frame].append(
                {
                    "name": "person",
                    "class": 0,
                    "confidence": round(
                        score if np.isfinite(score) else float(points[there, 2].mean()), DECIMALS
                    ),
                    "box": dict(zip(CORNERS, np.round([*low, *high], DECIMALS).tolist(), strict=True)),
                    "track_id": track.id,
                    "keypoints": {"x": x, "y": y, "visible": visible},
                }
            )
    with written_whole(path) as partial:
        partial.write_text(json.dumps(frames, separators=(",", ":")) + "\n", encoding="utf-8")


def _person(person: object, frame: int, place: str) -> Detection:
    if not isinstance(person, dict) or not isinstance(person.get("keypoints"), dict):
        raise PosefixError(f"{place}: no keypoints. Give the results of a pose model.")
    columns = [
        numbers_of(person["keypoints"].get(axis), f"{place}, {axis}")
        for axis in ("x", "y", "visible")
        if axis != "visible" or "visible" in person["keypoints"]
    ]
    if len({len(column) for column in columns}) > 1:
        raise PosefixError(f"{place}: x, y and visible of unlike length. Write the file again.")
    points = np.full((len(columns[0]), 3), np.nan)
    points[:, : len(columns)] = np.array(columns).T
    id = person.get("track_id")
    return Detection(
        frame=frame,
        points=points,
        id=None if id is None else whole_number(id, "track_id", place),
        box=_box(person.get("box"), place),
        extra={"person_score": number_of(person.get("confidence"), f"{place}, confidence")},
    )


def _box(box: object, place: str) -> Floats | None:
    if not isinstance(box, Mapping) or not set(CORNERS) <= box.keys():
        return None
    return np.array([number_of(box[corner], f"{place}, box") for corner in CORNERS])
