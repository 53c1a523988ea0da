"""MediaPipe's pose landmarks in JSON. There is no format of its own: people dump what the task gives.

A list a frame of landmarks ``{"x", "y", "z", "visibility", "presence"}``, or of people with such a list each;
or objects with ``landmarks`` or ``pose_landmarks`` in the place of the frames. x and y are shares of the
picture. https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import PosefixError
from app.keypoints.assembly import Detection, assemble, number_of
from app.keypoints.checks import whole_number
from app.keypoints.clip import SHARES, Clip, Floats
from app.keypoints.names import skeleton_of_count
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

DECIMALS = 6
KEYS = ("pose_landmarks", "landmarks", "poseLandmarks", "keypoints")
NUMBERS = ("frame", "frame_id", "frame_index", "frame_number")
MORE = ("z", "presence")


@dataclass(frozen=True)
class Document:
    """A file, checked: numbers of its frames, and the people in them."""

    frames: list[int]
    people: list[Detection]


def recognises(source: Source) -> bool:
    """Whether landmarks are in it."""
    if source.is_folder or not source.looks_like_json:
        return False
    document = source.json
    if isinstance(document, dict):
        document = document.get("frames")
    if not isinstance(document, list):
        return False
    return any(_is_landmark(next(iter(_people(frame)), [None])[0]) for frame in document[:1000])


def validate(source: Source) -> Document:
    """Reads the file.

    Raises:
        PosefixError: there are no landmarks in it; the message names frame and landmark.
    """
    document = source.json
    frames = document.get("frames") if isinstance(document, dict) else document
    if not isinstance(frames, list) or not frames:
        raise PosefixError(f"{source}: no list of frames. Give a list of landmarks a frame.")
    numbers: list[int] = []
    people: list[Detection] = []
    for position, frame in enumerate(frames):
        place = f"{source}, entry {position}"
        given = (
            next((frame[key] for key in NUMBERS if key in frame), position)
            if isinstance(frame, dict)
            else position
        )
        numbers.append(whole_number(given, "frame", place))
        for order, landmarks in enumerate(_people(frame)):
            people.append(_person(landmarks, numbers[-1], f"{place}, person {order}"))
    counts = sorted({len(person.points) for person in people})
    if len(counts) > 1:
        raise PosefixError(
            f"{source}: people of {' and '.join(map(str, counts))} landmarks. Give those of one kind."
        )
    return Document(numbers, people)


def to_clip(document: Document, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    count = len(document.people[0].points) if document.people else 33
    found = skeleton_of_count(count, source, skeleton)
    return replace(assemble(document.people, found, source, frames=document.frames), unit=SHARES)


def write(clip: Clip, path: Path) -> None:
    """Writes a list of people a frame, with a list of landmarks each; frames count from 0.

    Raises:
        PosefixError: the size of the frames is not known, or the disk does not take it.
    """
    shares = clip.in_shares(str(path))
    frames: list[list[list[dict[str, float]]]] = [[] for _ in range(int(shares.frame_indices[-1]) + 1)]
    for row, frame in enumerate(shares.frame_indices.tolist()):
        for track in shares.tracks:
            there = track.there[row]
            if not there.any():
                continue
            points = np.where(there[:, None], track.points[row], 0)
            points[:, 2] = np.nan_to_num(points[:, 2], nan=1.0)
            columns = {"x": points[:, 0], "y": points[:, 1], "visibility": points[:, 2]}
            for key in MORE:
                if key in track.extra:
                    columns[key] = np.nan_to_num(track.extra[key][row])
            frames[frame].append(
                [
                    {key: round(float(values[joint]), DECIMALS) for key, values in columns.items()}
                    for joint in range(len(points))
                ]
            )
    with written_whole(path) as partial:
        partial.write_text(json.dumps(frames, separators=(",", ":")) + "\n", encoding="utf-8")


def _people(frame: object) -> list[Any]:
    """The lists of landmarks of a frame, however they are packed."""
    if isinstance(frame, Mapping):
        frame = next((frame[key] for key in KEYS if key in frame), None)
    if not isinstance(frame, list) or not frame:
        return []
    if _is_landmark(frame[0]):
        return [frame]
    people = [next((p[key] for key in KEYS if key in p), p) if isinstance(p, Mapping) else p for p in frame]
    return [person if isinstance(person, list) and person else [person] for person in people]


def _is_landmark(value: object) -> bool:
    return isinstance(value, Mapping) and {"x", "y"} <= value.keys() and "box" not in value


def _person(landmarks: list[Any], frame: int, place: str) -> Detection:
    points = np.full((len(landmarks), 3), np.nan)
    extra: dict[str, float | Floats] = {}
    for number, landmark in enumerate(landmarks):
        where = f"{place}, landmark {number}"
        if not _is_landmark(landmark):
            raise PosefixError(f"{where}: no x and y. Give a list of landmarks a frame.")
        points[number, :2] = number_of(landmark["x"], where), number_of(landmark["y"], where)
        points[number, 2] = number_of(landmark.get("visibility"), where)
        for key in MORE:
            if key in landmark:
                values = extra.setdefault(key, np.full(len(landmarks), np.nan))
                if isinstance(values, np.ndarray):
                    values[number] = number_of(landmark[key], where)
    return Detection(frame=frame, points=points, extra=extra)
