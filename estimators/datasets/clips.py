"""Short clips of people with a model's joints: frames of them as labelled pictures.

A clip is ``NAME.mp4`` with ``NAME.keypoints.json`` beside it: ``joints`` (names), ``frames`` (their numbers)
and ``keypoints`` (a frame each: null, or a point or null for each joint), in pixels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from estimators.datasets.held_out import clip_split
from estimators.datasets.records import PoseRecord, in_sfn_order
from weights.files import FileError

LEAST_JOINTS = 8


def load_clips(folder: Path, *, split: str, every: int) -> list[PoseRecord]:
    """Every ``every``-th frame of a split's clips, where enough joints are known of the person.

    Raises:
        FileError: the folder holds no clips with joints, or a clip does not fit its joints.
    """
    described = sorted(folder.glob("*.keypoints.json"))
    if not described:
        raise FileError(f"{folder}: no clip with a .keypoints.json beside it. Give the folder of the clips.")
    return [
        record
        for path in described
        if clip_split(path.name) == split
        for record in _frames_of(path, every=every)
    ]


def clip_keypoints(path: Path) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Names of the joints and their places (frames, joints, 2) in a ``.keypoints.json``, NaN where
    unknown."""
    described: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    names = tuple(described["joints"])
    points = np.full((max(described["frames"]) + 1, len(names), 2), np.nan, np.float32)
    for frame, pose in zip(described["frames"], described["keypoints"], strict=True):
        for joint, point in enumerate(pose or ()):
            if point is not None:
                points[frame, joint] = point
    return names, points


def _frames_of(path: Path, *, every: int) -> Iterator[PoseRecord]:
    names, points = clip_keypoints(path)
    video = path.with_name(path.name.replace(".keypoints.json", ".mp4"))
    try:
        with av.open(str(video)) as container:
            for index, frame in enumerate(container.decode(video=0)):
                if index >= len(points):
                    break
                known = np.isfinite(points[index, :, 0]).sum() >= LEAST_JOINTS
                if index % every == 0 and known:
                    joints = in_sfn_order(points[index], names)
                    yield PoseRecord(f"{video.stem}/{index:06d}", frame.to_ndarray(format="rgb24"), joints)
    except (OSError, av.FFmpegError) as error:
        raise FileError(f"{video}: cannot be read ({error}). Check that the data set is complete.") from error
