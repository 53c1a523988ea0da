"""AlphaPose: a list with an entry a person and picture, as COCO's results, with file names for pictures.

``image_id`` is the picture's file name (``12.jpg`` for the frames of a video), ``idx`` the person followed,
``score`` of the person goes up to 6, those of joints to 1, and ``box`` is x, y, width, height.
https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import PosefixError
from app.keypoints.assembly import Detection, assemble, number_of, numbers_of, points_of
from app.keypoints.clip import Clip, Floats
from app.keypoints.names import skeleton_of_count
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole


@dataclass(frozen=True)
class Entry:
    """A person in a picture, checked."""

    frame: int
    picture: str
    points: Floats
    box: Floats | None
    id: int | None
    score: float


def recognises(source: Source) -> bool:
    """Whether it looks like AlphaPose's, by what is in it."""
    if source.is_folder or not source.looks_like_json:
        return False
    document = source.json
    first = document[0] if isinstance(document, list) and document else None
    return isinstance(first, dict) and isinstance(first.get("image_id"), str) and "keypoints" in first


def validate(source: Source) -> list[Entry]:
    """Reads the file.

    Raises:
        PosefixError: it is none of AlphaPose's; the message names the entry.
    """
    document = source.json
    if not isinstance(document, list):
        raise PosefixError(f"{source}: no list of people. Give the JSON file that AlphaPose wrote.")
    entries = [_entry(entry, f"{source}, entry {position}") for position, entry in enumerate(document)]
    if not entries:
        raise PosefixError(f"{source}: holds nobody. Give a file with keypoints in it.")
    for position, entry in enumerate(entries):
        if len(entry.points) != len(entries[0].points):
            raise PosefixError(
                f"{source}, entry {position}: {len(entry.points)} joints, {len(entries[0].points)} before. "
                "Give files of one model alone."
            )
    return entries


def to_clip(entries: list[Entry], source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    detections = [
        Detection(entry.frame, entry.points, id=entry.id, box=entry.box, extra={"person_score": entry.score})
        for entry in entries
    ]
    found = skeleton_of_count(len(entries[0].points), source, skeleton)
    return assemble(detections, found, source, frame_names={entry.frame: entry.picture for entry in entries})


def write(clip: Clip, path: Path) -> None:
    """Writes the list.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    entries: list[dict[str, Any]] = []
    for row, frame in enumerate(clip.frame_indices.tolist()):
        for track in clip.tracks:
            there = track.there[row]
            if not there.any():
                continue
            points = track.points[row].copy()
            points[:, 2] = np.where(there, np.nan_to_num(points[:, 2], nan=1.0), 0)
            points[~there, :2] = 0
            low, high = points[there, :2].min(axis=0), points[there, :2].max(axis=0)
            score = track.extra["person_score"][row] if "person_score" in track.extra else np.nan
            entries.append(
                {
                    "image_id": (clip.frame_names[row] if clip.frame_names else "") or f"{frame}.jpg",
                    "category_id": 1,
                    "keypoints": points.ravel().tolist(),
                    "score": float(score if np.isfinite(score) else points[there, 2].mean()),
                    "box": [*low.tolist(), *(high - low).tolist()],
                    "idx": track.id,
                }
            )
    with written_whole(path) as partial:
        partial.write_text(json.dumps(entries, separators=(",", ":")) + "\n", encoding="utf-8")


def _entry(entry: object, place: str) -> Entry:
    if not isinstance(entry, dict) or not isinstance(entry.get("image_id"), str):
        raise PosefixError(f"{place}: no image_id. Give the JSON file that AlphaPose wrote.")
    digits = re.findall(r"\d+", Path(entry["image_id"]).stem)
    if not digits or len(digits[-1]) > 18:
        raise PosefixError(
            f"{place}: no number of a frame in image_id {entry['image_id'][:60]}. Name pictures by number."
        )
    box = entry.get("box")
    corners = None
    if isinstance(box, list) and len(box) == 4:
        x, y, width, height = numbers_of(box, f"{place}, box")
        corners = np.array([x, y, x + width, y + height])
    return Entry(
        frame=int(digits[-1]),
        picture=entry["image_id"],
        points=points_of(entry.get("keypoints"), f"{place}, keypoints"),
        box=corners,
        id=_id(entry.get("idx"), place),
        score=number_of(entry.get("score"), f"{place}, score"),
    )


def _id(given: object, place: str) -> int | None:
    """The number of the person; AlphaPose writes it as 1.0, or as [1], or not at all."""
    number = given[0] if isinstance(given, list) and len(given) == 1 else given
    if number is None or isinstance(number, list):
        return None
    value = number_of(number, f"{place}, idx")
    return int(value) if value >= 0 and float(value).is_integer() and value < 2**31 else None
