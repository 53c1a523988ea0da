"""Reads the released files: images decoded once, joints in SFN's order, NaN where nothing is labelled."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.io import loadmat

from estimators.datasets.held_out import (
    checked_split,
    lsp_numbers,
    negatives_of,
    photo_split,
    youtube_pose_names,
)
from estimators.datasets.synthetic import sample
from estimators.known_skeletons import LSP, YOUTUBE_POSE
from estimators.skeletons import JOINTS
from weights.files import FileError

DRAWN_SIZE = (240, 240)
LABEL_ORIGIN = 0.5
"""What labels of Leeds Sports Pose and YouTube Pose count at the middle of the first pixel, which is 0 for
us: they count from the picture's corner. Measured across against SFN with mirroring, which cannot lean to
a side, they lie 0.30 +- 0.05 px (LSP, 2,669 joints) and 0.61 +- 0.09 px (YouTube Pose, 1,372) further:
nearer to half a pixel than to none or to MATLAB's whole one. LSP-extended's lie 0.21 +- 0.08 px further
and are taken as they are."""


@dataclass(frozen=True)
class PoseRecord:
    """One image with the joints of one person.

    Attributes:
        name: file name, with the video's name before it where there is one.
        image: uint8, (H, W, 3), RGB.
        keypoints: float32, (15, 2), in pixels; NaN where not labelled.
    """

    name: str
    image: np.ndarray
    keypoints: np.ndarray


def read_image(path: Path) -> np.ndarray:
    """A picture as uint8 RGB.

    Raises:
        FileError: the file is missing or no picture.
    """
    return _as_rgb(cv2.imread(str(path), cv2.IMREAD_COLOR), name=str(path))


def _decoded(jpeg: np.ndarray, *, name: str) -> np.ndarray:
    return _as_rgb(cv2.imdecode(jpeg, cv2.IMREAD_COLOR) if len(jpeg) else None, name=name)


def _as_rgb(image: np.ndarray | None, *, name: str) -> np.ndarray:
    if image is None:
        raise FileError(f"{name}: no readable picture. Check that the data set is complete.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def in_sfn_order(joints: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Joints (len(names), 2) -> (15, 2), NaN for joints that are not among the names."""
    ordered = np.full((len(JOINTS), 2), np.nan, dtype=np.float32)
    for name, joint in zip(names, joints, strict=True):
        ordered[JOINTS.index(name)] = joint
    return ordered


def _existing(path: Path) -> Path:
    if not path.exists():
        raise FileError(f"{path}: not found. Give the folder that holds the data set as it was released.")
    return path


def load_lsp(folder: Path, *, split: str) -> list[PoseRecord]:
    """Leeds Sports Pose (Johnson & Everingham, BMVC 2010); see :mod:`estimators.datasets.held_out`."""
    joints = lsp_points(loadmat(_existing(folder / "joints.mat"))["joints"])
    return [
        PoseRecord(
            name=f"im{number:04d}.jpg",
            image=read_image(folder / "images" / f"im{number:04d}.jpg"),
            keypoints=in_sfn_order(joints[number - 1], LSP.joints),
        )
        for number in lsp_numbers(split, count=len(joints))
    ]


def lsp_points(joints: np.ndarray) -> np.ndarray:
    """Points (N, 14, 2) in pixels of what ``joints.mat`` of Leeds Sports Pose holds, (3, 14, N)."""
    return joints[:2].transpose(2, 1, 0) - LABEL_ORIGIN


def load_lspet(folder: Path) -> list[PoseRecord]:
    """LSP-extended (Johnson & Everingham, CVPR 2011): crowd labels, all for training.

    Cleaned labels, in ``joints_cleaned.npz``, are preferred to the released ones; they may hold the face's
    centre (``heads``), too.
    """
    cleaned = folder / "joints_cleaned.npz"
    with np.load(cleaned if cleaned.is_file() else _existing(folder / "joints.npz")) as data:
        names, joints = data["names"], data["joints"]
        heads = data["heads"] if "heads" in data else np.full((len(names), 2), np.nan)
    labelled = np.where(joints[..., 2:] > 0, joints[..., :2], np.nan)
    return [
        PoseRecord(
            name=str(name),
            image=read_image(folder / "images" / str(name)),
            keypoints=in_sfn_order(np.vstack([joint, head]), (*LSP.joints, "head")),
        )
        for name, joint, head in zip(names, labelled, heads, strict=True)
    ]


def load_photos(path: Path, *, split: str | None) -> list[PoseRecord]:
    """Photos with one labelled person each, in one file.

    Args:
        path: an npz file of ``blob`` (uint8, JPEG files one after another), ``offsets`` (N + 1), ``joints``
            (N, 15, 2: the project's joints in pixels, NaN: not labelled) and ``names`` (N).
        split: see :mod:`estimators.datasets.held_out`; None: all of them.

    Raises:
        FileError: the file is not there or not of this form.
    """
    _existing(path)
    try:
        with np.load(path) as data:
            blob, offsets, joints, names = (data[key] for key in ("blob", "offsets", "joints", "names"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise FileError(
            f"{path}: no file of photos ({error}). Wanted: blob, offsets, joints, names."
        ) from error
    if len(offsets) != len(names) + 1 or joints.shape != (len(names), len(JOINTS), 2):
        raise FileError(f"{path}: {len(names)} names do not go with offsets and joints {joints.shape}.")
    chosen = None if split is None else checked_split(split)
    return [
        PoseRecord(
            name=str(name),
            image=_decoded(blob[offsets[index] : offsets[index + 1]], name=f"{path}: {name}"),
            keypoints=joints[index].astype(np.float32),
        )
        for index, name in enumerate(names)
        if chosen in (None, photo_split(str(name)))
    ]


def with_heads(records: Iterable[PoseRecord]) -> list[PoseRecord]:
    """The same records with the face's centre, where it is not labelled, midway between neck and head top."""
    head, ends = JOINTS.index("head"), [JOINTS.index("neck"), JOINTS.index("head_top")]
    completed = []
    for record in records:
        keypoints = record.keypoints.copy()
        if not np.isfinite(keypoints[head]).all():
            keypoints[head] = keypoints[ends].mean(axis=0)
        completed.append(replace(record, keypoints=keypoints))
    return completed


def youtube_pose_videos(folder: Path) -> dict[str, bool]:
    """Names of the videos of YouTube Pose, and whether each belongs to the test subset."""
    return {str(video.videoname): bool(video.isYouTubePoseSubset) for video in _videos(folder)}


def _videos(folder: Path) -> Iterable[Any]:
    path = _existing(folder / "YouTube_Pose_dataset.mat")
    return np.atleast_1d(loadmat(path, squeeze_me=True, struct_as_record=False)["data"])


def load_youtube_pose(
    folder: Path, *, split: str | None = None, videos: Iterable[str] = (), released: bool = False
) -> list[PoseRecord]:
    """YouTube Pose (Charles et al., CVPR 2016): the labelled frames of a split, or of the named videos.

    In time's order, or in that in which they were ``released``.
    """
    wanted = set(videos if split is None else youtube_pose_names(youtube_pose_videos(folder), split))
    records = []
    for video in _videos(folder):
        if str(video.videoname) not in wanted:
            continue
        for index in range(len(video.frameids)) if released else np.argsort(video.frameids):
            name = f"{video.videoname}/frame_{video.frameids[index]:06d}.jpg"
            joints = in_sfn_order(youtube_pose_points(video.locs)[index], YOUTUBE_POSE.joints)
            records.append(PoseRecord(name, read_image(folder / "GT_frames" / name), joints))
    return records


def youtube_pose_points(locs: np.ndarray) -> np.ndarray:
    """Points (N, 7, 2) in pixels of the labels of a video of YouTube Pose, (2, 7, N)."""
    return locs.transpose(2, 1, 0) - LABEL_ORIGIN


def load_negatives(folder: Path, *, split: str) -> list[PoseRecord]:
    """Photos without people: every joint counts as labelled and lies far outside."""
    outside = np.full((len(JOINTS), 2), -1e5, dtype=np.float32)
    paths = negatives_of(sorted(_existing(folder).glob("*.jpg")), split)
    return [PoseRecord(path.name, read_image(path), outside) for path in paths]


def draw_figures(count: int, *, seed: int) -> list[PoseRecord]:
    """Drawn people, all joints known."""
    rng = np.random.default_rng(seed)
    figures = (sample(rng, size=DRAWN_SIZE) for _ in range(count))
    return [
        PoseRecord(f"drawn_{index:04d}", image, joints.astype(np.float32))
        for index, (image, joints) in enumerate(figures)
    ]
