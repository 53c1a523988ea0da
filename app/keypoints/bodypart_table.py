"""DeepLabCut's table, in CSV and HDF5, and that of those who write as it does: a row a frame, columns under
headings of three or four levels: scorer, individual (of several animals), body part, and x, y, likelihood.

Rows are named by the number of the frame, or in hand-labelled data by the picture
(``labeled-data/clip/img005.png``). https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.errors import PosefixError
from app.keypoints.checks import check_amount, check_frames
from app.keypoints.clip import Clip, Floats, Track
from app.keypoints.names import skeleton_of
from estimators.skeletons import Skeleton

LEVELS = {"scorer", "individuals", "bodyparts", "coords"}
COORDS = ("x", "y", "likelihood")
SCORER = "posefix"


@dataclass(frozen=True)
class BodypartTable:
    """The table, checked as far as its format goes.

    Attributes:
        levels: names of the headings' levels.
        columns: for each column its headings, from the first level on.
        rows: numbers or names of the rows.
        values: (rows, columns); NaN where missing.
        places: where each row stands in the file, for messages.
    """

    levels: tuple[str, ...]
    columns: list[tuple[str, ...]]
    rows: list[int | str]
    values: Floats
    places: list[str]


def check_levels(levels: Sequence[str], source: object) -> None:
    """Refuses headings that are not DeepLabCut's.

    Raises:
        PosefixError: a level is lacking.
    """
    if lacking := sorted({"bodyparts", "coords"} - set(levels)) or not set(levels) <= LEVELS:
        raise PosefixError(
            f"{source}: headings {', '.join(levels) or 'none'} are not DeepLabCut's. "
            f"Supported values are scorer, individuals, bodyparts, coords{_lacking(lacking)}."
        )


def _lacking(names: object) -> str:
    return f"; {', '.join(names)} lacking" if isinstance(names, list) and names else ""


def arrange(table: BodypartTable, source: object, skeleton: Skeleton | None) -> Clip:
    """The table as a clip.

    Raises:
        PosefixError: a column comes twice, one of x and y is lacking, or a frame lies too far off.
    """
    level = {name: position for position, name in enumerate(table.levels)}
    if not table.rows:
        raise PosefixError(f"{source}: no row but the headings. Give a file with frames in it.")
    columns: dict[tuple[str, str, str], int] = {}
    ignored = []
    for number, headings in enumerate(table.columns):
        person = headings[level["individuals"]] if "individuals" in level else ""
        joint, coord = headings[level["bodyparts"]], headings[level["coords"]]
        if coord not in COORDS:
            ignored.append(coord)
            continue
        if (person, joint, coord) in columns:
            raise PosefixError(f"{source}: column {joint} {coord} {person} comes twice. Take one out.")
        columns[person, joint, coord] = number
    people = tuple(dict.fromkeys(person for person, _, _ in columns))
    joints = tuple(dict.fromkeys(joint for _, joint, _ in columns))
    if not joints:
        raise PosefixError(f"{source}: no columns x and y. Give a file with keypoints in it.")
    for person, joint, _ in columns:
        if not {(person, joint, "x"), (person, joint, "y")} <= columns.keys():
            raise PosefixError(f"{source}: {joint} {person} lacks x or y. Give it both columns.")
    numbers, names = _frames(table, source)
    check_frames(numbers, source, lambda frame: table.places[numbers.index(frame)])
    first, last = min(numbers), max(numbers)
    check_amount(last - first + 1, len(people), len(joints), source)
    rows = np.asarray(numbers) - first
    points = np.full((len(people), last - first + 1, len(joints), 3), np.nan)
    for (person, joint, coord), column in columns.items():
        at = people.index(person), rows, joints.index(joint), COORDS.index(coord)
        points[at] = table.values[:, column]
    frame_names = dict(zip(rows.tolist(), names, strict=True))
    clip = Clip(
        skeleton=skeleton_of(joints, source, skeleton),
        frame_indices=np.arange(first, last + 1, dtype=np.int64),
        tracks=tuple(Track(id=id, points=points[id], name=name) for id, name in enumerate(people)),
        file_joints=joints,
        frame_names=tuple(frame_names.get(row, "") for row in range(last - first + 1)) if any(names) else (),
        details={"scorer": table.columns[0][level["scorer"]] if "scorer" in level else SCORER},
    )
    others = ", ".join(dict.fromkeys(ignored))
    return clip.noting(f"columns {others} are left out") if others else clip


def table_of(clip: Clip) -> BodypartTable:
    """The clip as such a table; hand-labelled frames alone where those have names."""
    several = len(clip.tracks) > 1 or any(track.name for track in clip.tracks)
    scorer = str(clip.details.get("scorer", SCORER))
    scored = any(np.isfinite(track.points[..., 2]).any() for track in clip.tracks)
    coords = COORDS if scored else COORDS[:2]
    columns, values = [], []
    for track in clip.tracks:
        name = track.name or f"person{track.id}"
        given = track.extra.get("score", track.points[..., 2])
        for joint, part in enumerate(clip.joint_names):
            for axis, coord in enumerate(coords):
                columns.append((scorer, *((name,) if several else ()), part, coord))
                values.append(given[:, joint] if axis == 2 else track.points[:, joint, axis])
    named = [n for n, name in enumerate(clip.frame_names) if name]
    kept = named or list(range(len(clip.frame_indices)))
    return BodypartTable(
        levels=("scorer", *(("individuals",) if several else ()), "bodyparts", "coords"),
        columns=columns,
        rows=[clip.frame_names[n] for n in named] or clip.frame_indices.tolist(),
        values=np.array(values).reshape(len(columns), -1).T[kept],
        places=[],
    )


def _frames(table: BodypartTable, source: object) -> tuple[list[int], list[str]]:
    """Numbers of the frames, and their names where they have some."""
    numbers, names = [], []
    for row, place in zip(table.rows, table.places, strict=True):
        if isinstance(row, int):
            numbers.append(row)
            names.append("")
            continue
        digits = re.findall(r"\d+", row.replace("\\", "/").rpartition("/")[2])
        if not digits or len(digits[-1]) > 18:
            raise PosefixError(
                f"{source}, {place}: no number of a frame in {row[:60]}. Name frames by numbers."
            )
        numbers.append(int(digits[-1]))
        names.append(row if not row.strip().isdecimal() else "")
    if len(set(numbers)) < len(numbers):
        twice = next(n for n, number in enumerate(numbers) if number in numbers[:n])
        raise PosefixError(
            f"{source}, {table.places[twice]}: frame {numbers[twice]} comes twice. Give one video at a time."
        )
    return numbers, names
