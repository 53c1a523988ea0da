"""Keypoints as plain numpy arrays in one .npz file; never with pickles in it.

``keypoints`` float64, (people, T, J, 3): x, y, score, NaN where missing; ``joints`` (J,), ``ids`` (people,),
``frame_indices`` (T,); where known ``pts_seconds`` (T,), ``size`` (width, height), ``cuts`` (rows).
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints.checks import check_amount, damage_named, file_size_allows, unit_by_values
from app.keypoints.clip import Clip, Track
from app.keypoints.names import skeleton_of, skeleton_of_count
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

MAGIC = b"PK\x03\x04"
KNOWN = ("keypoints", "joints", "ids", "frame_indices", "pts_seconds", "size", "cuts")


def recognises(source: Source) -> bool:
    """Whether it is a zip file of arrays, keypoints among them."""
    if not source.head.startswith(MAGIC):
        return False
    try:
        with zipfile.ZipFile(source.path) as archive:
            return "keypoints.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


def validate(source: Source) -> dict[str, NDArray[np.generic]]:
    """Reads the arrays.

    Raises:
        PosefixError: it is no such file, or its arrays do not fit each other.
    """
    with damage_named(source):
        with zipfile.ZipFile(source.path) as archive:
            if not file_size_allows(sum(info.file_size for info in archive.infolist()), source.path):
                raise PosefixError(f"{source}: is packed too well to be keypoints. Write it again.")
        with np.load(source.path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in KNOWN if name in file.files}
    points = arrays.get("keypoints")
    if points is None or points.dtype.kind not in "fiu":
        raise PosefixError(f"{source}: no numbers in keypoints. Give (people, frames, joints, 3) numbers.")
    if points.ndim == 3:
        arrays["keypoints"] = points = points[None]
    if points.ndim != 4 or points.shape[3] not in (2, 3) or not points.shape[1] or not points.shape[2]:
        raise PosefixError(
            f"{source}: Invalid shape of keypoints {points.shape}. Give (people, frames, joints, 3)."
        )
    people, frames, joints, _ = points.shape
    for name, wanted, kinds in (
        ("joints", (joints,), "US"),
        ("ids", (people,), "iu"),
        ("frame_indices", (frames,), "iu"),
        ("pts_seconds", (frames,), "fiu"),
        ("size", (2,), "iu"),
    ):
        if name in arrays and (arrays[name].shape != wanted or arrays[name].dtype.kind not in kinds):
            raise PosefixError(
                f"{source}: Invalid {name} ({arrays[name].dtype} {arrays[name].shape}). Give {wanted}."
            )
    check_amount(frames, people, joints, source)
    return arrays


def to_clip(arrays: dict[str, NDArray[np.generic]], source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    points = np.full((*arrays["keypoints"].shape[:3], 3), np.nan)
    points[..., : arrays["keypoints"].shape[3]] = arrays["keypoints"]
    people, frames, joints, _ = points.shape
    names = [
        str(n.decode() if isinstance(n, bytes) else n) for n in arrays.get("joints", np.empty(0)).tolist()
    ]
    found = skeleton_of(names, source, skeleton) if names else skeleton_of_count(joints, source, skeleton)
    ids = arrays.get("ids", np.arange(people)).astype(np.int64).tolist()
    size = arrays["size"].tolist() if "size" in arrays else None
    cuts = arrays.get("cuts", np.empty(0, np.int64)).ravel()
    if cuts.dtype.kind not in "iu" or (cuts.size and not 0 < cuts.min() <= cuts.max() < frames):
        raise PosefixError(
            f"{source}: Invalid cuts ({cuts.tolist()}). Supported values are rows, 1 to {frames - 1}."
        )
    clip = Clip(
        skeleton=found,
        frame_indices=arrays.get("frame_indices", np.arange(frames)).astype(np.int64),
        tracks=tuple(Track(id=id, points=points[n]) for n, id in enumerate(ids)),
        file_joints=tuple(names),
        pts_seconds=arrays["pts_seconds"].astype(np.float64) if "pts_seconds" in arrays else None,
        size=(int(size[0]), int(size[1])) if size and min(size) > 0 else None,
        cuts=tuple(cuts.tolist()),
    )
    return unit_by_values(clip)


def write(clip: Clip, path: Path) -> None:
    """Writes the arrays.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    shape = (len(clip.frame_indices), len(clip.skeleton.joints), 3)
    arrays: dict[str, NDArray[np.generic]] = {
        "keypoints": np.array([track.points for track in clip.tracks], np.float64).reshape(-1, *shape),
        "joints": np.array(clip.joint_names),
        "ids": np.array([track.id for track in clip.tracks], np.int64),
        "frame_indices": clip.frame_indices,
    }
    if clip.pts_seconds is not None:
        arrays["pts_seconds"] = clip.pts_seconds
    if clip.size is not None:
        arrays["size"] = np.array(clip.size, np.int64)
    if clip.cuts:
        arrays["cuts"] = np.array(clip.cuts, np.int64)
    with written_whole(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)  # type: ignore[arg-type]
