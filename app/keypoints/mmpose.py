"""MMPose's inferencer: a list with an entry a frame, each with its people; joints have no names.

``[{"frame_id", "instances": [{"keypoints": [[x, y], ...], "keypoint_scores": [...], "bbox": [[x1, y1, x2,
y2]], "bbox_score"}, ...]}, ...]``, or ``{"meta_info", "instance_info": [...]}`` of the demo scripts. Scores
of SimCC models (RTMPose) go beyond 1. https://mmpose.readthedocs.io/en/latest/user_guides/inference.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import PosefixError
from app.keypoints.assembly import Detection, assemble, number_of, numbers_of
from app.keypoints.checks import whole_number
from app.keypoints.clip import Clip, Floats
from app.keypoints.names import skeleton_of, skeleton_of_count
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole


@dataclass(frozen=True)
class Document:
    """A file, checked: numbers of its frames, people, and names of joints where it has them."""

    frames: list[int]
    people: list[Detection]
    joints: tuple[str, ...]


def recognises(source: Source) -> bool:
    """Whether it looks like MMPose's, by what is in it."""
    if source.is_folder or not source.looks_like_json:
        return False
    frames = _frames(source.json)
    return bool(frames) and isinstance(frames[0], dict) and "instances" in frames[0]


def validate(source: Source) -> Document:
    """Reads the file.

    Raises:
        PosefixError: it is none of MMPose's; the message names frame and person.
    """
    frames = _frames(source.json)
    if not frames:
        raise PosefixError(f"{source}: no list of frames. Give the JSON file that MMPose's inferencer wrote.")
    numbers: list[int] = []
    people: list[Detection] = []
    for position, frame in enumerate(frames):
        place = f"{source}, entry {position}"
        if not isinstance(frame, dict) or not isinstance(frame.get("instances"), list):
            raise PosefixError(f"{place}: no instances. Give the JSON file that MMPose's inferencer wrote.")
        numbers.append(whole_number(frame.get("frame_id", position), "frame_id", place))
        people += [
            _person(person, numbers[-1], f"{place}, person {order}")
            for order, person in enumerate(frame["instances"])
        ]
    counts = sorted({len(person.points) for person in people})
    if len(counts) > 1:
        raise PosefixError(
            f"{source}: people of {' and '.join(map(str, counts))} joints. Give files of one model alone."
        )
    return Document(numbers, people, _joints(source.json))


def to_clip(document: Document, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    count = len(document.people[0].points) if document.people else 17
    named = document.joints if len(document.joints) == count else ()
    found = skeleton_of(named, source, skeleton) if named else skeleton_of_count(count, source, skeleton)
    return assemble(document.people, found, source, frames=document.frames, file_joints=named)


def write(clip: Clip, path: Path) -> None:
    """Writes the list.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    frames = []
    for row, frame in enumerate(clip.frame_indices.tolist()):
        people = []
        for track in clip.tracks:
            there = track.there[row]
            if not there.any():
                continue
            points = np.where(there[:, None], track.points[row, :, :2], 0)
            given = track.extra.get("score", track.points[..., 2])[row]
            scores = np.where(there, np.nan_to_num(given, nan=1.0), 0)
            low, high = points[there].min(axis=0), points[there].max(axis=0)
            people.append(
                {
                    "keypoints": points.tolist(),
                    "keypoint_scores": scores.tolist(),
                    "bbox": [[*low.tolist(), *high.tolist()]],
                    "bbox_score": 1.0,
                    "track_id": track.id,
                }
            )
        frames.append({"frame_id": frame, "instances": people})
    with written_whole(path) as partial:
        partial.write_text(json.dumps(frames, separators=(",", ":")) + "\n", encoding="utf-8")


def _frames(document: Any) -> list[Any]:
    """The entries a frame of either layout, or of a single picture; nothing where it is none of them."""
    if isinstance(document, dict):
        document = document.get("instance_info")
    if not isinstance(document, list) or not document:
        return []
    first = document[0]
    if isinstance(first, dict) and "keypoint_scores" in first:
        return [{"frame_id": 0, "instances": document}]
    return document


def _joints(document: Any) -> tuple[str, ...]:
    meta = document.get("meta_info") if isinstance(document, dict) else None
    names = meta.get("keypoint_id2name") if isinstance(meta, dict) else None
    if not isinstance(names, dict) or not all(key.isdecimal() for key in names):
        return ()
    return tuple(str(names[key]) for key in sorted(names, key=int))


def _person(person: object, frame: int, place: str) -> Detection:
    if not isinstance(person, Mapping) or not isinstance(person.get("keypoints"), list):
        raise PosefixError(f"{place}: no keypoints. Give the JSON file that MMPose's inferencer wrote.")
    places = [numbers_of(point, f"{place}, keypoint {n}") for n, point in enumerate(person["keypoints"])]
    if any(len(point) not in (2, 3) for point in places):
        raise PosefixError(f"{place}: a keypoint that is no x, y. Write the file again.")
    points = np.full((len(places), 3), np.nan)
    points[:, :2] = np.array([point[:2] for point in places]).reshape(-1, 2)
    if "keypoint_scores" in person:
        scores = numbers_of(person["keypoint_scores"], f"{place}, keypoint_scores")
        if len(scores) != len(points):
            raise PosefixError(
                f"{place}: {len(points)} keypoints, {len(scores)} scores. Write the file again."
            )
        points[:, 2] = scores
    # Scores of SimCC are no chances: a joint at 0, 0 is none only where nothing speaks for it.
    id = person.get("track_id")
    return Detection(
        frame=frame,
        points=points,
        id=None if id is None else whole_number(id, "track_id", place),
        box=_box(person.get("bbox"), place),
        extra=_score(person, place),
    )


def _box(box: object, place: str) -> Floats | None:
    inner = box[0] if isinstance(box, list) and len(box) == 1 else box
    if not isinstance(inner, list) or len(inner) != 4:
        return None
    return numbers_of(inner, f"{place}, bbox")


def _score(person: Mapping[str, Any], place: str) -> dict[str, float | Floats]:
    score = person.get("bbox_score")
    return {} if score is None else {"person_score": number_of(score, f"{place}, bbox_score")}
