"""SLEAP's analysis files: HDF5 with an array of all tracks, for MATLAB and Python.

``tracks`` (tracks, 2, nodes, frames) as SLEAP writes it for MATLAB, or in the order that ``dims`` says;
``node_names``, ``track_names``, ``point_scores`` (tracks, nodes, frames). Frames count from 0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints import hdf5
from app.keypoints.checks import check_amount
from app.keypoints.clip import Clip, Floats, Track
from app.keypoints.names import skeleton_of
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

ORDER = ("track", "xy", "node", "frame")
SCORE_ORDER = ("track", "node", "frame")


@dataclass(frozen=True)
class Analysis:
    """A file, checked: points (tracks, 2, J, T), scores (tracks, J, T), names of joints and tracks, video."""

    points: Floats
    scores: Floats
    joints: list[str]
    names: list[str]
    video: str


def recognises(source: Source) -> bool:
    """Whether it is HDF5 with SLEAP's arrays in it."""
    return {"tracks", "node_names"} <= hdf5.keys_of(source)


def validate(source: Source) -> Analysis:
    """Reads the file.

    Raises:
        PosefixError: it is none of SLEAP's, or its arrays do not fit each other.
    """
    with hdf5.opened(source) as file:
        joints = hdf5.texts(hdf5.array(file, "node_names", source))
        points = _ordered(file, "tracks", ORDER, source)
        names = hdf5.texts(hdf5.array(file, "track_names", source)) if "track_names" in file else []
        people, axes, nodes, frames = points.shape
        scores = (
            _ordered(file, "point_scores", SCORE_ORDER, source)
            if "point_scores" in file
            else np.full((people, nodes, frames), np.nan)
        )
        video = hdf5.texts(hdf5.array(file, "video_path", source)) if "video_path" in file else []
    if axes != 2 or nodes != len(joints) or scores.shape != (people, nodes, frames) or not frames:
        raise PosefixError(
            f"{source}: tracks {points.shape} and point_scores {scores.shape} for {len(joints)} nodes. "
            "Export it again."
        )
    if len(names) not in (0, people):
        raise PosefixError(f"{source}: {people} tracks, {len(names)} track_names. Export it again.")
    check_amount(frames, people, nodes, source)
    return Analysis(points, scores, joints, names, video[0] if video else "")


def to_clip(analysis: Analysis, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    people, _, joints, frames = analysis.points.shape
    points = np.full((people, frames, joints, 3), np.nan)
    points[..., :2] = analysis.points.transpose(0, 3, 2, 1)
    points[..., 2] = analysis.scores.transpose(0, 2, 1)
    names = analysis.names or [""] * people
    return Clip(
        skeleton=skeleton_of(analysis.joints, source, skeleton),
        frame_indices=np.arange(frames, dtype=np.int64),
        tracks=tuple(Track(id=id, points=points[id], name=name) for id, name in enumerate(names)),
        file_joints=tuple(analysis.joints),
        source=analysis.video,
    )


def write(clip: Clip, path: Path) -> None:
    """Writes the file; frames before the first are there, empty, since they have no numbers.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    frames, joints, people = int(clip.frame_indices[-1]) + 1, len(clip.skeleton.joints), len(clip.tracks)
    check_amount(frames, people, joints, path)
    points = np.full((people, frames, joints, 3), np.nan)
    for number, track in enumerate(clip.tracks):
        points[number, clip.frame_indices] = track.points
        points[number, clip.frame_indices, :, :2] = np.where(
            track.there[..., None], track.points[..., :2], np.nan
        )
    seen = np.isfinite(points[..., 0]).any(axis=2)
    with np.errstate(invalid="ignore"):
        shares = np.isfinite(points[..., 2]).sum(axis=2)
        means = np.nansum(points[..., 2], axis=2) / np.where(shares, shares, np.nan)
    arrays: dict[str, tuple[NDArray[Any], tuple[str, ...]]] = {
        "tracks": (points[..., :2].transpose(0, 3, 2, 1), ORDER),
        "point_scores": (points[..., 2].transpose(0, 2, 1), SCORE_ORDER),
        "instance_scores": (means, ("track", "frame")),
        "tracking_scores": (np.full((people, frames), np.nan), ("track", "frame")),
        "track_occupancy": (seen.T.astype(np.uint8), ("frame", "track")),
    }
    names = [track.name or str(track.id) for track in clip.tracks]
    edges = np.array(clip.skeleton.limb_indices, np.int64).reshape(-1, 2)
    with written_whole(path) as partial, h5py.File(partial, "w") as file:
        file.attrs.update(format="analysis", preset="matlab")
        for name, (values, dims) in arrays.items():
            file.create_dataset(name, data=values, compression="gzip").attrs["dims"] = json.dumps(dims)
        for name, texts in (("node_names", clip.joint_names), ("track_names", names)):
            file.create_dataset(name, data=np.array([text.encode() for text in texts]))
        file["edge_inds"] = edges
        file["edge_names"] = np.array([clip.joint_names[n].encode() for n in edges.ravel()] or [b""])[
            : edges.size
        ].reshape(-1, 2)
        file["video_path"], file["video_ind"] = clip.source, 0
        file["labels_path"], file["provenance"] = "", "{}"


def _ordered(file: h5py.File, name: str, order: tuple[str, ...], source: Source) -> Floats:
    """The array with its axes in the order that we know."""
    values = hdf5.array(file, name, source)
    given = file[name].attrs.get("dims")
    dims = tuple(json.loads(given)) if given is not None else order
    if values.dtype.kind not in "fiu" or sorted(dims) != sorted(order) or values.ndim != len(order):
        raise PosefixError(f"{source}: Invalid {name} ({', '.join(map(str, dims))}). Export it again.")
    return values.transpose([dims.index(axis) for axis in order]).astype(np.float64)
