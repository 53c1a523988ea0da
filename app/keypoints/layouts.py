"""Puts joints into the order that another program expects, where its files have no names for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.keypoints.clip import Clip, Floats, Track
from estimators.skeletons import JOINTS, Skeleton

# One joint by its many names; it lies between the hips.
CENTRES = ("mid_hip", "hip", "pelvis")
HIPS = ("left_hip", "right_hip")
NAMED = 6


def to_layout(clip: Clip, target: Skeleton) -> Clip:
    """The same people with the target's joints, NaN where the clip has none such; what has no place is noted.

    What two skeletons both call by one of posefix's names, whatever it is called in either, is one joint.
    """
    sources = [_sources(clip.skeleton, target, joint) for joint in target.joints]
    used = {index for around in sources for index in around}
    lost = [name for index, name in enumerate(clip.joint_names) if index not in used]
    tracks = tuple(_mapped(track, sources) for track in clip.tracks)
    mapped = replace(clip, skeleton=target, tracks=tracks, file_joints=())
    if not lost:
        return mapped
    more = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    return mapped.noting(f"{', '.join(lost[:NAMED])}{more} have no place in {target.name}: left out")


def _sources(skeleton: Skeleton, target: Skeleton, joint: str) -> tuple[int, ...]:
    """Indices of the skeleton's joints in whose middle the target's joint lies; none where it has no such."""
    index = target.joints.index(joint)
    for ours in JOINTS:
        if target.sources(ours) == (index,):
            return skeleton.sources(ours)
    if joint in CENTRES:
        named = [name for name in CENTRES if name in skeleton.joints]
        around = named[:1] or (HIPS if set(HIPS) <= set(skeleton.joints) else ())
        return tuple(skeleton.joints.index(name) for name in around)
    ours_there = joint in JOINTS and skeleton.sources(joint) != ()
    return (skeleton.joints.index(joint),) if joint in skeleton.joints and not ours_there else ()


def _mapped(track: Track, sources: Sequence[tuple[int, ...]]) -> Track:
    def points(values: Floats | None) -> Floats | None:
        return None if values is None else _middles(values, sources)

    def marks(values: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        if values is None:
            return None
        columns = [values[:, list(around)].any(axis=1) for around in sources]
        return np.stack(columns, axis=1)

    joints = track.points.shape[1]
    return replace(
        track,
        points=_middles(track.points, sources),
        initial=points(track.initial),
        error_px=None if track.error_px is None else _middles(track.error_px[..., None], sources)[..., 0],
        filled=marks(track.filled),
        unsure=marks(track.unsure),
        filtered=marks(track.filtered),
        hypotheses=None,
        extra={
            key: values if values.shape[1:] != (joints,) else _middles(values[..., None], sources)[..., 0]
            for key, values in track.extra.items()
        },
    )


def _middles(values: Floats, sources: Sequence[tuple[int, ...]]) -> Floats:
    """Values (T, J, C) as (T, len(sources), C); NaN where one of the joints around is, or there is none."""
    mapped = np.full((len(values), len(sources), values.shape[2]), np.nan)
    for column, around in enumerate(sources):
        if around:
            mapped[:, column] = values[:, list(around)].mean(axis=1)
    return mapped
