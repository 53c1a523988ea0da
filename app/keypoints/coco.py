"""COCO keypoints: a list of results, or a file of annotations with its pictures.

Results are ``[{"image_id", "category_id", "keypoints": [x, y, score, ...], "score"}, ...]``; a person's
``track_id``, which posefix writes, too, is read where it is there. In annotations the third number is 0 for
a joint that is not labelled. https://cocodataset.org/#format-results
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import PosefixError
from app.keypoints.assembly import Detection, assemble, number_of, numbers_of, points_of
from app.keypoints.checks import whole_number
from app.keypoints.clip import Clip, Floats, Track
from app.keypoints.names import skeleton_of, skeleton_of_count
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

DECIMALS = 2
SEEN = 2.0


@dataclass(frozen=True)
class Document:
    """A file, checked.

    Attributes:
        people: what it holds of people, with the number of the frame of each.
        joints: their names, where it has them.
        counted: how many joints everybody has.
        images: names of the frames by number; empty for a list of results.
        given: the file's pictures and categories, as they are; nothing for a list of results.
        size: of the pictures, where it is said, and the same for all.
    """

    people: list[tuple[int, dict[str, Any]]]
    joints: tuple[str, ...]
    counted: int
    images: dict[int, str]
    given: dict[str, Any]
    size: tuple[int, int] | None


def recognises(source: Source) -> bool:
    """Whether it looks like COCO's, by what is in it."""
    if source.is_folder or not source.looks_like_json:
        return False
    document = source.json
    if isinstance(document, dict):
        return isinstance(document.get("annotations"), list) and isinstance(document.get("images"), list)
    first = document[0] if isinstance(document, list) and document else None
    return (
        isinstance(first, dict) and {"image_id", "keypoints"} <= first.keys() and not _text(first["image_id"])
    )


def validate(source: Source) -> Document:
    """Reads the file.

    Raises:
        PosefixError: it is none of COCO's; the message names the entry.
    """
    document = source.json
    if isinstance(document, dict):
        return _annotations(document, source)
    if not isinstance(document, list):
        raise PosefixError(f"{source}: no list of results. Give a file of COCO keypoint results.")
    people = []
    for position, entry in enumerate(document):
        place = f"{source}, entry {position}"
        person = _person(entry, place)
        people.append((whole_number(person.get("image_id"), "image_id", place), person))
    return Document(people, (), _count(people, source), {}, {}, None)


def to_clip(document: Document, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    named = document.joints if len(document.joints) == document.counted else ()
    if named:
        found = skeleton_of(named, source, skeleton)
    else:
        found = skeleton_of_count(document.counted, source, skeleton)
    detections = [
        _detection(frame, person, f"{source}, entry {position}", labels=bool(document.images))
        for position, (frame, person) in enumerate(document.people)
    ]
    clip = assemble(
        detections,
        found,
        source,
        frames=document.images,
        frame_names=document.images,
        file_joints=named,
    )
    return replace(clip, size=document.size, details={"coco": document.given})


def write(clip: Clip, path: Path) -> None:
    """Writes a list of results, or annotations where it was annotations that were read.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    given = clip.details.get("coco")
    entries = [
        _entry(track, row, frame, labels=bool(given))
        for row, frame in enumerate(clip.frame_indices.tolist())
        for track in clip.tracks
        if track.there[row].any()
    ]
    document: Any = entries
    if isinstance(given, dict) and given:
        for number, entry in enumerate(entries, start=1):
            entry.update(id=number, image_id=given["images"][entry["image_id"]]["id"], iscrowd=0)
        document = {**given, "annotations": entries}
    with written_whole(path) as partial:
        partial.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


def _entry(track: Track, row: int, frame: int, *, labels: bool) -> dict[str, Any]:
    there, points = track.there[row], track.points[row].copy()
    # Without a score, one that is there is there for sure.
    points[there, 2] = np.nan_to_num(points[there, 2], nan=1.0)
    points[~there] = 0
    score = round(float(points[there, 2].mean()), 4)
    entry: dict[str, Any] = {"image_id": frame, "category_id": 1}
    if labels:
        points[there, 2] = np.nan_to_num(track.extra["label"][row, there], nan=SEEN)
        low, high = points[there, :2].min(axis=0), points[there, :2].max(axis=0)
        entry["bbox"] = np.round([*low, *(high - low)], DECIMALS).tolist()
        entry["area"] = round(float(np.prod(high - low)), DECIMALS)
        entry["num_keypoints"] = int(there.sum())
    else:
        entry["score"] = score
    return {**entry, "keypoints": np.round(points, DECIMALS).ravel().tolist(), "track_id": track.id}


def _text(value: object) -> bool:
    return isinstance(value, str) and not value.strip().isdecimal()


def _person(entry: object, place: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise PosefixError(f"{place}: no person with keypoints. Give a file of COCO keypoint results.")
    if not isinstance(entry.get("keypoints"), list):
        raise PosefixError(f"{place}: no list of keypoints. Give a file of COCO keypoint results.")
    if len(entry["keypoints"]) % 3:
        raise PosefixError(
            f"{place}: {len(entry['keypoints'])} numbers in keypoints where a multiple of 3 is wanted. "
            "Write x, y and score of each joint."
        )
    return entry


def _count(people: list[tuple[int, dict[str, Any]]], source: Source) -> int:
    counts = {len(person["keypoints"]) // 3 for _, person in people}
    if len(counts) > 1:
        raise PosefixError(
            f"{source}: people of {' and '.join(map(str, sorted(counts)))} joints. Give those of one kind."
        )
    return counts.pop() if counts else 17


def _annotations(document: Mapping[str, Any], source: Source) -> Document:
    """Pictures count as frames in the order in which they are listed: their ids may be any numbers."""
    for key in ("images", "annotations"):
        if not isinstance(document.get(key), list):
            raise PosefixError(f"{source}: no list of {key}. Give a COCO file of annotations.")
    rows: dict[object, int] = {}
    names: dict[int, str] = {}
    sizes = set()
    for position, image in enumerate(document["images"]):
        if not isinstance(image, dict) or isinstance(image.get("id"), dict | list | None):
            raise PosefixError(f"{source}, image {position}: no id. Give a COCO file of annotations.")
        rows[image["id"]] = position
        names[position] = str(image.get("file_name", ""))
        sizes.add(tuple(_side(image.get(side)) for side in ("width", "height")))
    people = []
    for position, entry in enumerate(document["annotations"]):
        place = f"{source}, annotation {position}"
        if isinstance(entry, dict) and not entry.get("keypoints"):
            continue  # boxes and outlines stand among those of people
        person = _person(entry, place)
        if isinstance(person.get("image_id"), dict | list) or person.get("image_id") not in rows:
            raise PosefixError(
                f"{place}: image_id {person.get('image_id')} is not among the images. Add that image."
            )
        people.append((rows[person["image_id"]], person))
    categories = document.get("categories")
    listed = (
        [c.get("keypoints") for c in categories if isinstance(c, dict)]
        if isinstance(categories, list)
        else []
    )
    joints = next((tuple(map(str, names)) for names in listed if isinstance(names, list) and names), ())
    width, height = sizes.pop() if len(sizes) == 1 else (0, 0)
    size = (width, height) if width and height else None
    given = {key: document[key] for key in ("images", "categories") if key in document}
    return Document(people, joints, _count(people, source), names, given, size)


def _side(value: object) -> int:
    """Of a picture; 0 where it is not known."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**6 else 0


def _detection(frame: int, person: Mapping[str, Any], place: str, *, labels: bool) -> Detection:
    points = points_of(person["keypoints"], place)
    label = points[:, 2]
    if labels:
        label = points[:, 2].copy()  # 0: not labelled, 1: hidden, 2: seen
        points[points[:, 2] == 0] = np.nan
        points[:, 2] = np.where(points[:, 2] > 0, 1.0, points[:, 2])
    id = person.get("track_id")
    box = person.get("bbox")
    corners = None
    if isinstance(box, list) and len(box) == 4:
        x, y, width, height = numbers_of(box, f"{place}, bbox")
        corners = np.array([x, y, x + width, y + height])
    score = person.get("score")
    extra: dict[str, float | Floats] = (
        {} if score is None else {"person_score": number_of(score, f"{place}, score")}
    )
    return Detection(
        frame=frame,
        points=points,
        id=None if id is None else whole_number(id, "track_id", place),
        box=corners,
        extra={**extra, "label": label} if labels else extra,
    )
