"""Keypoints as a long table, a line a joint, frame and person: what CSV and Parquet files hold.

The columns are ``frame, person, joint, x, y, score, seconds``; other programs' words for them are known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from app.errors import PosefixError
from app.keypoints.checks import absurd, check_amount, check_frames
from app.keypoints.clip import SHARES, Clip, Floats, Track
from app.keypoints.names import skeleton_of
from estimators.skeletons import Skeleton

NEEDED = ("frame", "joint", "x", "y")
WORDS = {
    "frame": ("frame", "frameid", "frameindex", "framenumber", "framenum", "frameno", "frameidx"),
    "joint": ("joint", "jointname", "keypoint", "keypointname", "bodypart", "landmark", "marker", "node"),
    "x": ("x", "xpx", "xpixel", "xpixels"),
    "y": ("y", "ypx", "ypixel", "ypixels"),
    "score": ("score", "confidence", "conf", "likelihood", "visibility", "probability", "prob"),
    "person": ("person", "personid", "track", "trackid", "individual", "individuals", "subject"),
    "seconds": ("seconds", "ptsseconds", "time", "times", "timeseconds"),
    "shot": ("shot",),
}
"""What a column may be called, in small letters and without anything between the words."""
MARKS = ("error_px", "filled", "unsure", "filtered")


@dataclass
class Line:
    """A line of the table. ``joint`` is empty where a frame holds nobody."""

    number: int
    frame: int
    joint: str
    person: str
    x: float
    y: float
    score: float
    seconds: float
    shot: float


@dataclass
class Lines:
    """All lines, with the most decimals that a coordinate has."""

    lines: list[Line] = field(default_factory=list)
    decimals: int | None = None


def columns_of(headings: Sequence[str], path: object) -> dict[str, int]:
    """Which column holds what.

    Raises:
        PosefixError: one that is needed is lacking, or two could be meant.
    """
    plain = [re.sub(r"[^a-z]", "", heading.lower()) for heading in headings]
    found: dict[str, int] = {}
    for meaning, words in WORDS.items():
        fitting = [n for n, word in enumerate(plain) if word == words[0]] or [
            n for n, word in enumerate(plain) if word in words
        ]
        if len(fitting) > 1:
            both = " and ".join(f"{headings[n].strip()} (column {n + 1})" for n in fitting)
            raise PosefixError(f"{path}: {both} may both be {meaning}. Take out or rename one of them.")
        if fitting:
            found[meaning] = fitting[0]
    if lacking := [name for name in NEEDED if name not in found]:
        raise PosefixError(
            f"{path}: no column {', '.join(lacking)}. "
            "The first line must name frame, joint, x and y, and may name score, person and seconds."
        )
    return found


def is_table(headings: Sequence[str]) -> bool:
    """Whether the headings name the columns that are needed."""
    plain = {re.sub(r"[^a-z]", "", heading.lower()) for heading in headings}
    return all(plain & set(WORDS[name]) for name in NEEDED)


def check_line(line: Line, place: str) -> None:
    """Refuses a line that cannot be.

    Raises:
        PosefixError: it names no joint, has half a point, or one beyond any picture.
    """
    if not line.joint and not (math.isnan(line.x) and math.isnan(line.y)):
        raise PosefixError(f"{place}: no joint named. Name one.")
    if math.isnan(line.x) != math.isnan(line.y):
        raise PosefixError(
            f"{place}: only one of x and y is there. Give both, or neither for a missing joint."
        )
    if absurd(line.x, line.y):
        raise PosefixError(
            f"{place}: Invalid x, y ({line.x:g}, {line.y:g}): no picture is so large. Mend or empty it."
        )


def arrange(lines: Lines, source: object, skeleton: Skeleton | None) -> Clip:
    """The table as a clip.

    Raises:
        PosefixError: a joint comes twice, or a frame lies too far off.
    """
    if not lines.lines:
        raise PosefixError(f"{source}: no lines but the headings. Give a line a joint and frame.")
    lines_of = {line.frame: line.number for line in reversed(lines.lines)}
    check_frames(lines_of.keys(), source, lambda frame: f"line {lines_of[frame]}")
    first, last = min(lines_of), max(lines_of)
    joints = {joint: n for n, joint in enumerate(dict.fromkeys(li.joint for li in lines.lines if li.joint))}
    people = dict.fromkeys(line.person for line in lines.lines if line.joint)
    ids = _ids(list(people))
    check_amount(last - first + 1, len(people), len(joints), source)
    points = {person: np.full((last - first + 1, len(joints), 3), np.nan) for person in people}
    times = np.full(last - first + 1, np.nan)
    shots = np.full(last - first + 1, np.nan)
    taken: set[tuple[int, str, str]] = set()
    for line in lines.lines:
        row = line.frame - first
        times[row] = line.seconds if math.isfinite(line.seconds) else times[row]
        shots[row] = line.shot if math.isfinite(line.shot) else shots[row]
        if not line.joint:
            continue
        if (key := (row, line.person, line.joint)) in taken:
            who = f" of {line.person}" if line.person else ""
            raise PosefixError(
                f"{source}, line {line.number}: a second {line.joint}{who} in frame {line.frame}. "
                "Take one out, or tell people apart in a column person."
            )
        taken.add(key)
        points[line.person][row, joints[line.joint]] = line.x, line.y, line.score
    tracks = tuple(
        Track(id=id, points=points[person], name="" if person.isdecimal() else person)
        for person, id in sorted(ids.items(), key=lambda item: item[1])
    )
    clip = Clip(
        skeleton=skeleton_of(list(joints), source, skeleton),
        frame_indices=np.arange(first, last + 1, dtype=np.int64),
        tracks=tracks,
        file_joints=tuple(joints),
        decimals=lines.decimals,
        cuts=_cuts(shots),
    )
    return replace(clip, pts_seconds=_filled_times(times)) if np.isfinite(times).sum() > 1 else clip


def rows_of(clip: Clip) -> tuple[tuple[str, ...], Iterator[tuple[object, ...]]]:
    """Headings and lines of a clip; missing joints are left out, but nobody's frame and no joint is lost."""
    people = len(clip.tracks) > 1 or any(track.name or track.id for track in clip.tracks)
    marks = [mark for mark in MARKS if any(getattr(track, mark) is not None for track in clip.tracks)]
    times = clip.pts_seconds is not None and "fps_given" not in clip.details
    headings = (
        "frame",
        *(("person",) if people else ()),
        "joint",
        "x",
        "y",
        "score",
        *marks,
        *(("seconds",) if times else ()),
        *(("shot",) if clip.cuts else ()),
    )
    return headings, _rows(clip, headings)


def _rows(clip: Clip, headings: Sequence[str]) -> Iterator[tuple[object, ...]]:
    there = [track.there for track in clip.tracks]
    # What is nowhere gets one empty line, so that it is there when the file is read again.
    nowhere = [~theirs.any(axis=0) for theirs in there]
    marked = [mark for mark in MARKS if mark in headings]
    shots = np.searchsorted(np.asarray(clip.cuts), np.arange(len(clip.frame_indices)), side="right")
    for row, frame in enumerate(clip.frame_indices.tolist()):
        seconds = (
            (float(clip.pts_seconds[row]),) if "seconds" in headings and clip.pts_seconds is not None else ()
        )
        end = (*seconds, *((int(shots[row]),) if "shot" in headings else ()))
        empty = True
        for number, track in enumerate(clip.tracks):
            person = (track.name or track.id,) if "person" in headings else ()
            for joint in np.flatnonzero(there[number][row] | ((row == 0) & nowhere[number])).tolist():
                empty = False
                x, y, score = track.points[row, joint].tolist()
                marks = tuple(_mark(track, mark, row, joint) for mark in marked)
                if not there[number][row, joint]:
                    x = y = score = math.nan
                yield (frame, *person, clip.joint_names[joint], x, y, score, *marks, *end)
        if empty and (end or row in (0, len(clip.frame_indices) - 1)):
            lacking = len(headings) - 1 - len(end)
            yield (frame, *(None for _ in range(lacking)), *end)


def _mark(track: Track, mark: str, row: int, joint: int) -> float | int | None:
    values = getattr(track, mark)
    if values is None:
        return None
    return float(values[row, joint]) if mark == "error_px" else int(values[row, joint])


def _ids(people: Sequence[str]) -> dict[str, int]:
    """The people's numbers where they have some, or else by when they first appear."""
    if all(person.isdecimal() and len(person) < 10 for person in people):
        numbers = {person: int(person) for person in people}
        if len(set(numbers.values())) == len(people):
            return numbers
    return {person: number for number, person in enumerate(people)}


def _filled_times(times: Floats) -> Floats:
    """Times with those of frames without a line between their neighbours."""
    known = np.flatnonzero(np.isfinite(times))
    return np.interp(np.arange(len(times)), known, times[known])


def _cuts(shots: Floats) -> tuple[int, ...]:
    known = np.flatnonzero(np.isfinite(shots))
    return tuple(known[1:][np.diff(shots[known]) != 0].tolist())


def decimals_for(clip: Clip) -> int:
    """How many decimals coordinates are written with: at least as many as they came in with."""
    least = 6 if clip.unit == SHARES else 2 if clip.unit == "pixels" else 4
    return max(least, min(9, clip.decimals or 0))


def text_of(values: Mapping[str, object], decimals: int) -> list[str]:
    """The cells of a line as text; nothing for what is missing."""
    places = {"x": decimals, "y": decimals, "error_px": decimals, "score": 3, "seconds": 6}
    cells = []
    for heading, value in values.items():
        if value is None or (isinstance(value, float) and math.isnan(value)):
            cells.append("")
        elif isinstance(value, float):
            cells.append(f"{value:.{places[heading]}f}")
        else:
            cells.append(str(value))
    return cells
