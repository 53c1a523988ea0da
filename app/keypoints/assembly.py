"""From people in single frames to a clip: everybody gets a row in every frame and an id that lasts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints.checks import check_amount, check_frames, check_places, without_zeros
from app.keypoints.clip import Clip, Floats, Track
from estimators.skeletons import Skeleton

# Somebody who has been away for longer comes back under another id.
LONGEST_ABSENCE_FRAMES = 30
PICTURE = 1000
UNSCORED, ALWAYS = "unscored", "always"


@dataclass(frozen=True, eq=False)
class Detection:
    """One person in one frame of a file.

    Attributes:
        frame: its number.
        points: (J, 3): x, y, score; NaN where missing or not given.
        id: of the person; None: the file has none.
        name: of the person.
        box: (4,): x1, y1, x2, y2; None: not given.
        extra: what goes through unchanged: a number, or one a joint.
    """

    frame: int
    points: Floats = field(repr=False)
    id: int | None = None
    name: str = ""
    box: Floats | None = field(default=None, repr=False)
    extra: Mapping[str, float | Floats] = field(default_factory=dict, repr=False)


def assemble(
    detections: Sequence[Detection],
    skeleton: Skeleton,
    path: object,
    *,
    frames: Iterable[int] = (),
    frame_names: Mapping[int, str] | None = None,
    file_joints: Sequence[str] = (),
    zeros_are_missing: str = UNSCORED,
) -> Clip:
    """A clip with a row for every frame from the first to the last.

    Args:
        detections: in any order; each has the skeleton's joints.
        path: the file, for the messages.
        frames: numbers of frames that the file has, with or without anybody in them.
        frame_names: what the file calls frames.
        file_joints: what the file calls the joints.
        zeros_are_missing: whether joints at 0, 0 are, where they have no score or one of 0 (UNSCORED), or
            always (ALWAYS): people are told apart by the others.

    Raises:
        PosefixError: a frame lies too far off, or there is no frame.
    """
    numbers = {*frames, *(detection.frame for detection in detections)}
    if not numbers:
        raise PosefixError(f"{path}: holds no frame. Give a file with keypoints in it.")
    check_frames(numbers, path)
    for detection in detections:
        check_places(detection.points, file_joints or skeleton.joints, f"{path}, frame {detection.frame}")
    detections = [
        replace(detection, points=without_zeros(detection.points, always=zeros_are_missing == ALWAYS))
        for detection in detections
    ]
    first, last = min(numbers), max(numbers)
    people, note = _people(detections, skeleton.joints)
    check_amount(last - first + 1, len(people), len(skeleton.joints), path)
    names = frame_names or {}
    clip = Clip(
        skeleton=skeleton,
        frame_indices=np.arange(first, last + 1, dtype=np.int64),
        tracks=tuple(_track(id, theirs, first, last - first + 1) for id, theirs in sorted(people.items())),
        file_joints=tuple(file_joints),
        frame_names=tuple(names.get(frame, "") for frame in range(first, last + 1)) if names else (),
    )
    return clip.noting(note) if note else clip


def _people(
    detections: Sequence[Detection], joints: tuple[str, ...]
) -> tuple[dict[int, list[Detection]], str]:
    """Everybody's detections by their id, and what is to be said of the ids."""
    by_frame: dict[int, list[Detection]] = defaultdict(list)
    for detection in detections:
        by_frame[detection.frame].append(detection)
    known = [detection for detection in detections if detection.id is not None]
    seen = {(detection.frame, detection.id) for detection in known}
    note = ""
    if len(seen) < len(known):
        note, known = "an id comes twice in one frame: people are told apart by their place instead", []
    people: dict[int, list[Detection]] = defaultdict(list)
    for detection in known:
        people[int(detection.id or 0)].append(detection)
    kept = {id(detection) for detection in known}
    rest = {
        frame: others
        for frame, theirs in by_frame.items()
        if (others := [detection for detection in theirs if id(detection) not in kept])
    }
    first_free = max(people, default=-1) + 1
    for number, chain in enumerate(_linked(rest, joints)):
        people[first_free + number] = chain
    return people, note


def _linked(by_frame: Mapping[int, list[Detection]], joints: tuple[str, ...]) -> list[list[Detection]]:
    """Detections without ids as people, in the order in which they appear."""
    if all(len(theirs) == 1 for theirs in by_frame.values()):
        return [[theirs[0] for _, theirs in sorted(by_frame.items())]] if by_frame else []
    from app.tracking.association import Associator
    from app.tracking.observations import core_joints

    by_frame = {
        frame: there
        for frame, theirs in by_frame.items()
        if (there := [d for d in theirs if np.isfinite(d.points[:, :2]).all(axis=1).any()])
    }
    if not by_frame:
        return []
    places = np.concatenate([d.points[:, :2] for theirs in by_frame.values() for d in theirs])
    extent = float(np.ptp(places[np.isfinite(places).all(axis=1)], axis=0).max())
    # Whatever the unit is, people are told apart in a picture of so many pixels.
    scale = PICTURE / extent if extent > 0 else 1.0
    associator = Associator(frame_size=(PICTURE, PICTURE), max_age_frames=LONGEST_ABSENCE_FRAMES)
    core = core_joints(joints)
    chains: dict[int, list[Detection]] = defaultdict(list)
    for frame in range(min(by_frame), max(by_frame) + 1):
        theirs = by_frame.get(frame, [])
        numbers = associator.update([_observation(d, scale, core) for d in theirs])
        for number, detection in zip(numbers, theirs, strict=True):
            chains[number].append(detection)
    return [chains[number] for number in sorted(chains, key=lambda n: (chains[n][0].frame, n))]


def _observation(detection: Detection, scale: float, core: NDArray[np.bool_]) -> Any:
    """The detection as those that are followed through a video come; nothing is known of its colours."""
    from app.tracking.observations import Observation

    points = (detection.points * (scale, scale, 1)).astype(np.float32)
    points[:, 2] = np.nan_to_num(points[:, 2], nan=1.0)
    there = np.isfinite(points[:, :2]).all(axis=1)
    points[~there, :2] = np.nan
    return Observation(
        row=detection.frame,
        seconds=float(detection.frame),
        keypoints=points,
        box=np.full(4, np.nan, np.float32),
        score=1.0,
        core=core,
        colours=np.ones(1, np.float32),
    )


def _track(id: int, detections: Sequence[Detection], first: int, frames: int) -> Track:
    joints = len(detections[0].points)
    points = np.full((frames, joints, 3), np.nan)
    boxes = np.full((frames, 4), np.nan)
    extra: dict[str, NDArray[np.float64]] = {}
    for detection in detections:
        row = detection.frame - first
        points[row] = detection.points
        if detection.box is not None:
            boxes[row] = detection.box
        for key, value in detection.extra.items():
            shape = (frames, *np.shape(value))
            extra.setdefault(key, np.full(shape, np.nan))[row] = value
    return Track(
        id=id,
        points=points,
        name=next((detection.name for detection in detections if detection.name), ""),
        boxes=boxes if np.isfinite(boxes).any() else None,
        extra=extra,
    )


def points_of(values: object, place: str, *, each: int = 3) -> Floats:
    """Joints (J, 3) of a flat list x, y, score, x, y, score ... as JSON has it.

    Args:
        values: the list.
        place: file and place in it, for the messages.
        each: numbers a joint: 3, or 2 where there are no scores.

    Raises:
        PosefixError: it is no such list.
    """
    numbers = numbers_of(values, place)
    if len(numbers) % each:
        raise PosefixError(
            f"{place}: {len(numbers)} numbers where a multiple of {each} is wanted. Write the file again."
        )
    points = np.full((len(numbers) // each, 3), np.nan)
    points[:, :each] = numbers.reshape(-1, each)
    return points


def numbers_of(values: object, place: str) -> Floats:
    """A flat list of numbers; null is NaN.

    Raises:
        PosefixError: it is no such list.
    """
    if not isinstance(values, list):
        raise PosefixError(f"{place}: no list of numbers. Write the file again.")
    return np.array([number_of(value, place) for value in values], np.float64)


def number_of(value: object, place: str) -> float:
    """A number; null is NaN.

    Raises:
        PosefixError: it is none.
    """
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PosefixError(
            f"{place}: Invalid number ({str(value)[:40]}). Supported values are numbers and null."
        )
    try:
        return float(value)
    except OverflowError:
        return float("inf")
