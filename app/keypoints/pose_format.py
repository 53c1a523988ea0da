"""``.pose`` files of sign-language processing: binary, a header of components with named points, then frames.

Read and written by the package pose-format (MIT): ``pip install 'posefix[pose]'``.
https://github.com/sign-language-processing/pose
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import PosefixError
from app.keypoints.checks import check_amount, damage_named
from app.keypoints.clip import Clip, Floats, Track
from app.keypoints.names import canonical, skeleton_of
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

SUFFIX = ".pose"
CURE = "Write or copy it again."
VERSION = 0.2


@dataclass(frozen=True)
class Document:
    """A file, checked.

    Attributes:
        header: of pose-format.
        joints: names of all points.
        fps: frames a second.
        points: (T, people, J, 2 or 3).
        scores: (T, people, J); 0 where missing.
    """

    header: Any
    joints: tuple[str, ...]
    fps: float
    points: Floats
    scores: Floats


def recognises(source: Source) -> bool:
    """Whether its name ends in .pose: what is in it tells nothing."""
    return not source.is_folder and source.suffix == SUFFIX


def validate(source: Source) -> Document:
    """Reads the file.

    Raises:
        PosefixError: it is no such file, or pose-format is not installed.
    """
    library = _library("pose_format", source)
    with damage_named(source, CURE):
        pose = library.Pose.read(source.content)
        points, scores = np.ma.getdata(pose.body.data), np.asarray(pose.body.confidence, np.float64)
        fps = float(pose.body.fps)
        joints = tuple(_joints(pose.header))
    if (
        points.ndim != 4
        or points.shape[:3] != scores.shape
        or points.shape[2] != len(joints)
        or not points.size
    ):
        raise PosefixError(f"{source}: {len(joints)} points for frames {points.shape}. {CURE}")
    if not 0 < fps < 1e5:
        raise PosefixError(
            f"{source}: Invalid frames a second ({fps:g}). Supported values are above 0. {CURE}"
        )
    check_amount(len(points), points.shape[1], len(joints), source)
    with np.errstate(invalid="ignore"):  # of damaged numbers
        return Document(pose.header, joints, fps, points.astype(np.float64), scores)


def to_clip(document: Document, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    frames, people, joints, axes = document.points.shape
    there = document.scores > 0
    points = np.full((people, frames, joints, 3), np.nan)
    points[..., :2] = np.where(there[..., None], document.points[..., :2], np.nan).transpose(1, 0, 2, 3)
    points[..., 2] = document.scores.transpose(1, 0, 2)
    deep = document.points[..., 2].transpose(1, 0, 2) if axes > 2 else None
    size = document.header.dimensions
    return Clip(
        skeleton=skeleton_of(document.joints, source, skeleton),
        frame_indices=np.arange(frames, dtype=np.int64),
        tracks=tuple(
            Track(id=id, points=points[id], extra={} if deep is None else {"z": deep[id]})
            for id in range(people)
        ),
        file_joints=document.joints,
        fps=document.fps,
        size=(int(size.width), int(size.height)) if size.width and size.height else None,
        details={"pose_header": document.header},
    )


def write(clip: Clip, path: Path) -> None:
    """Writes the file; frames count from 0.

    Raises:
        PosefixError: rate or size of the frames are not known, pose-format is not installed, or the folder or
            the disk does not take it.
    """
    numpy_body = _library("pose_format.numpy.pose_body", path)
    pose_module = _library("pose_format.pose", path)
    if clip.fps is None:
        raise PosefixError(f"{path}: a .pose file tells how fast its frames follow. Give --fps.")
    header: Any = clip.details.get("pose_header") or _header(clip, path)
    axes = int(header.num_dims())
    frames, joints = int(clip.frame_indices[-1]) + 1, len(clip.skeleton.joints)
    check_amount(frames, len(clip.tracks), joints, path)
    points = np.zeros((frames, len(clip.tracks), joints, axes), np.float32)
    scores = np.zeros(points.shape[:3], np.float32)
    for number, track in enumerate(clip.tracks):
        there = track.there
        points[clip.frame_indices, number, :, :2] = np.where(there[..., None], track.points[..., :2], 0)
        if axes > 2 and "z" in track.extra:
            points[clip.frame_indices, number, :, 2] = np.where(there, track.extra["z"], 0)
        # 0 means missing: what is there is there, however unsure.
        rated = np.maximum(np.nan_to_num(track.points[..., 2], nan=1.0), 1e-6)
        scores[clip.frame_indices, number] = np.where(there, rated, 0)
    body = numpy_body.NumPyPoseBody(clip.fps, points, scores)
    with damage_named(path, "Choose another --to."), written_whole(path) as partial:
        buffer = BytesIO()
        pose_module.Pose(header, body).write(buffer)
        partial.write_bytes(buffer.getvalue())


def _library(name: str, path: object) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise PosefixError(
            f"{path}: .pose files need pose-format. Install it with: pip install 'posefix[pose]'"
        ) from error


def _joints(header: Any) -> list[str]:
    """The points of the body by their names, those of face and hands with their component's before it."""
    names = []
    for component in header.components:
        body = any(canonical(point) == "left_shoulder" for point in component.points)
        names += [point if body else f"{component.name}_{point}" for point in component.points]
    return names


def _header(clip: Clip, path: object) -> Any:
    module = _library("pose_format.pose_header", path)
    if clip.size is None:
        raise PosefixError(f"{path}: a .pose file tells the size of its frames. Give --size WIDTHxHEIGHT.")
    component = module.PoseHeaderComponent(
        name=clip.skeleton.name,
        points=list(clip.joint_names),
        limbs=[tuple(limb) for limb in clip.skeleton.limb_indices],
        colors=[(255, 225, 0)],
        point_format="XYC",
    )
    size = module.PoseHeaderDimensions(width=clip.size[0], height=clip.size[1], depth=0)
    return module.PoseHeader(version=VERSION, dimensions=size, components=[component])
