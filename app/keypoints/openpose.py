"""OpenPose: a folder with a JSON file a frame, each with the people in it; Pose2Sim reads them, too.

The frame's number is the last digits of the file's name, ``clip_000000000012_keypoints.json`` or
``cam01.0012.json``. A missing joint is 0, 0, 0. ``person_id`` is [-1] where nobody was followed.
https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import PosefixError
from app.keypoints.assembly import Detection, assemble, points_of
from app.keypoints.clip import Clip, Floats
from app.keypoints.names import skeleton_of_count
from app.keypoints.source import Source
from estimators.skeletons import Skeleton, pairs_by_name
from weights.files import written_folder

# What a file may hold beside the body, and what posefix calls its points: the same number in both hands is
# the same joint.
PARTS = {
    "face_keypoints_2d": "face",
    "hand_left_keypoints_2d": "left_hand",
    "hand_right_keypoints_2d": "right_hand",
}
BODY = "pose_keypoints_2d"
VERSION = 1.3
DECIMALS = 3


@dataclass(frozen=True)
class Frame:
    """A file of the folder, checked.

    Attributes:
        number: of the frame.
        path: the file.
        people: for everybody their id (-1: none) and joints (J, 3) by part.
    """

    number: int
    path: Path
    people: list[tuple[int, dict[str, Floats]]]


def recognises(source: Source) -> bool:
    """Whether it looks like OpenPose's, by what is in it."""
    if source.is_folder:
        return any(recognises(Source(path)) for path in source.files_with(".json")[:3])
    return source.looks_like_json and '"people"' in "".join(source.first_lines[:50])


def validate(source: Source) -> list[Frame]:
    """Reads the folder.

    Raises:
        PosefixError: it is none of OpenPose's; the message names the file.
    """
    if not source.is_folder:
        raise PosefixError(
            f"{source}: one frame of OpenPose's. Give the folder with all of them: {source.path.parent}"
        )
    paths = source.files_with(".json")
    if not paths:
        raise PosefixError(f"{source}: no JSON file in it. Give the folder that OpenPose wrote.")
    frames: dict[int, Frame] = {}
    for path in paths:
        digits = re.findall(r"\d+", path.stem)
        if not digits:
            raise PosefixError(
                f"{path}: no number of a frame in its name. Give the folder that OpenPose wrote."
            )
        number = int(digits[-1])
        if number in frames:
            raise PosefixError(
                f"{path}: frame {number}, as {frames[number].path.name}. Give one camera's folder at a time."
            )
        frames[number] = Frame(number, path, _people(Source(path)))
    return [frames[number] for number in sorted(frames)]


def to_clip(frames: list[Frame], source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    people = [(frame, person) for frame in frames for person in frame.people]
    counts = {part: max((len(parts[part]) for _, (_, parts) in people), default=0) for part in (BODY, *PARTS)}
    for frame, (_, parts) in people:
        for part, points in parts.items():
            if len(points) not in (0, counts[part]):
                raise PosefixError(
                    f"{frame.path}: {len(points)} joints in {part}, {counts[part]} in other files. "
                    "Give files of one model alone."
                )
    body = skeleton_of_count(counts[BODY] or 25, source, skeleton)
    detections = [
        Detection(
            frame=frame.number,
            points=np.concatenate([_sized(parts[part], count) for part, count in counts.items()]),
            id=id if id >= 0 else None,
        )
        for frame, (id, parts) in people
    ]
    return assemble(
        detections,
        _with_parts(body, {part: counts[part] for part in PARTS}),
        source,
        frames=[frame.number for frame in frames],
        frame_names={frame.number: frame.path.name for frame in frames},
    )


def write(clip: Clip, path: Path) -> None:
    """Writes a folder with a file a frame, also of those without anybody.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    columns = _columns(clip.skeleton.joints)
    stem = Path(clip.source).stem or path.name
    with written_folder(path, suffix=".json") as partial:
        for row, frame in enumerate(clip.frame_indices.tolist()):
            people = [
                _person(track.id, np.nan_to_num(track.points[row]), columns)
                for track in clip.tracks
                if track.there[row].any()
            ]
            name = clip.frame_names[row] if clip.frame_names and clip.frame_names[row] else ""
            file = partial / (name or f"{stem}_{frame:012d}_keypoints.json")
            file.write_text(json.dumps({"version": VERSION, "people": people}, separators=(",", ":")))


def _people(source: Source) -> list[tuple[int, dict[str, Floats]]]:
    document = source.json
    people = document.get("people") if isinstance(document, dict) else None
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise PosefixError(f"{source}: no list of people. Give the folder that OpenPose wrote, alone.")
    return [
        (_id(person), _parts(person, f"{source}, person {position}"))
        for position, person in enumerate(people)
    ]


def _id(person: Mapping[str, Any]) -> int:
    given = person.get("person_id", -1)
    number = given[0] if isinstance(given, list) and given else given
    return number if isinstance(number, int) and not isinstance(number, bool) and number < 2**31 else -1


def _parts(person: Mapping[str, Any], place: str) -> dict[str, Floats]:
    if BODY not in person:
        raise PosefixError(f"{place}: no {BODY}. Give the folder that OpenPose wrote, alone.")
    return {part: points_of(person.get(part) or [], f"{place}, {part}") for part in (BODY, *PARTS)}


def _sized(points: Floats, count: int) -> Floats:
    return points if len(points) else np.zeros((count, 3))


def _with_parts(body: Skeleton, counts: Mapping[str, int]) -> Skeleton:
    others = tuple(f"{PARTS[part]}_{number}" for part, count in counts.items() for number in range(count))
    if not others:
        return body
    return Skeleton(
        body.name, body.joints + others, body.limbs, body.pairs + pairs_by_name(others), body.derived
    )


def _columns(joints: tuple[str, ...]) -> dict[str, list[int]]:
    """Which joints go into which part of a file."""
    parts = {
        part: [
            n for n, joint in enumerate(joints) if joint.rpartition("_")[0] == name and joint[-1].isdigit()
        ]
        for part, name in PARTS.items()
    }
    elsewhere = {number for numbers in parts.values() for number in numbers}
    return {BODY: [n for n in range(len(joints)) if n not in elsewhere], **parts}


def _person(id: int, points: Floats, columns: Mapping[str, list[int]]) -> dict[str, Any]:
    empty = ("pose_keypoints_3d", "face_keypoints_3d", "hand_left_keypoints_3d", "hand_right_keypoints_3d")
    filled = {part: np.round(points[numbers], DECIMALS).ravel().tolist() for part, numbers in columns.items()}
    return {"person_id": [id], **filled, **{part: [] for part in empty}}
