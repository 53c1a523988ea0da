"""Labelled people from PARSE, LSP and YouTube Pose, with the viewer's left and right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from estimators.datasets.held_out import LSP_NUMBERS, youtube_pose_split
from estimators.datasets.records import lsp_points, youtube_pose_points
from estimators.known_skeletons import LSP, YOUTUBE_POSE, of_joints
from estimators.yr.body import PartLayout
from estimators.yr.matlab import UNREADABLE
from weights.files import FileError

Array = NDArray[np.float64]

ROTATIONS = (-15.0, -7.5, 0.0, 7.5, 15.0)
FRAME_STEP = 5  # of YouTube Pose: neighbouring labelled frames are much alike
UPRIGHT = np.cos(np.radians(50))  # LSP's somersaults are left out: the model has no such mixtures


@dataclass(frozen=True)
class Sample:
    """A person in an image.

    Attributes:
        path: of the image.
        points: (joints of the body, 2), pixels from 0.
        rotation: degrees by which the image is turned when it is read.
        mirrored: whether it is mirrored then.
    """

    path: Path
    points: NDArray[np.floating]
    rotation: float = 0.0
    mirrored: bool = False

    def read(self) -> NDArray[np.uint8]:
        """The image as it is labelled, RGB.

        Raises:
            FileError: not an image.
        """
        image = read_image(self.path)
        if self.rotation:
            size = (image.shape[1], image.shape[0])
            turn = _turn(image.shape, self.rotation)
            image = cv2.warpAffine(
                image, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            ).astype(np.uint8)
        return image[:, ::-1] if self.mirrored else image


def read_image(path: Path) -> NDArray[np.uint8]:
    """An image as RGB.

    Raises:
        FileError: not an image.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileError(f"{path}: not an image that can be read. Check the data set.")
    return np.asarray(image[..., ::-1], dtype=np.uint8)


def read_folder(folder: Path) -> list[Path]:
    """The photos in a folder, sorted.

    Raises:
        FileError: there are none.
    """
    paths = sorted([*folder.glob("*.jpg"), *folder.glob("*.png")])
    if not paths:
        raise FileError(f"{folder}: no photos there. Give the folder of the negatives.")
    return paths


def _labels(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file, without dimensions of length 1.

    Raises:
        FileError: no such file, or a damaged one.
    """
    if not path.is_file():
        raise FileError(f"{path}: no such file. Give the folder that holds the data sets.")
    try:
        return loadmat(path, squeeze_me=True, struct_as_record=False)
    except UNREADABLE as error:
        raise FileError(f"{path}: damaged MATLAB file ({error}). Fetch it again.") from error


def parse(folder: Path, body: PartLayout, *, numbers: range = range(1, 101)) -> list[Sample]:
    """People of PARSE; 1 to 100 are the ones to train on.

    Its labels are the viewer's already, from the viewer's left ankle on. Their first pixel is 1, 1, as in its
    authors' program, whose detections ours equal.
    """
    points = _labels(folder / "labels.mat")["ptsAll"].astype(np.float64) - 1
    return [
        Sample(folder / f"im{number:04d}.jpg", _select(points[:, :, number - 1], LSP.mirrored_joints, body))
        for number in numbers
    ]


def lsp(folder: Path, body: PartLayout, *, numbers: range = LSP_NUMBERS["train"]) -> list[Sample]:
    """People of Leeds Sports Pose whose torso is roughly upright."""
    joints = lsp_points(_labels(folder / "joints.mat")["joints"].astype(np.float64))
    samples = []
    for number in numbers:
        points = joints[number - 1]
        hips, neck = points[2:4].mean(axis=0), points[12]
        up = (neck - hips) / max(float(np.linalg.norm(neck - hips)), 1e-9)
        if -up[1] < UPRIGHT:
            continue
        across = np.array([-up[1], up[0]])
        right_to_left = points[9] - points[8] + points[3] - points[2]
        labels = LSP.joints if right_to_left @ across < 0 else LSP.mirrored_joints
        samples.append(Sample(folder / "images" / f"im{number:04d}.jpg", _select(points, labels, body)))
    return samples


def youtube(folder: Path, body: PartLayout, *, held_out: bool = False) -> list[Sample]:
    """People of YouTube Pose, some frames of each video, without the subset that is for testing.

    Args:
        held_out: the videos to check with in place of those to train on.
    """
    wanted = "validation" if held_out else "train"
    samples = []
    for video in np.atleast_1d(_labels(folder / "YouTube_Pose_dataset.mat")["data"]):
        if youtube_pose_split(str(video.videoname), test=bool(video.isYouTubePoseSubset)) != wanted:
            continue
        for frame in np.argsort(video.frameids)[::FRAME_STEP]:
            points = youtube_pose_points(video.locs.astype(np.float64))[frame]
            facing = points[6, 0] >= points[5, 0]
            labels = YOUTUBE_POSE.mirrored_joints if facing else YOUTUBE_POSE.joints
            path = folder / "GT_frames" / str(video.videoname) / f"frame_{video.frameids[frame]:06d}.jpg"
            samples.append(Sample(path, _select(points, labels, body)))
    return [sample for sample in samples if np.isfinite(sample.points).all()]


def augment(samples: list[Sample], body: PartLayout, *, rotations: tuple[float, ...]) -> list[Sample]:
    """Every sample turned by each angle, and that mirrored."""
    out = []
    other_side = list(body.skeleton.flip_indices)
    for sample in samples:
        height, width = read_image(sample.path).shape[:2]
        for rotation in rotations:
            turn = _turn((height, width), rotation)
            points = sample.points @ turn[:, :2].T + turn[:, 2]
            out.append(replace(sample, points=points, rotation=rotation))
            flipped = np.column_stack([width - 1 - points[:, 0], points[:, 1]])[other_side]
            out.append(replace(sample, points=flipped, rotation=rotation, mirrored=True))
    return out


def _turn(shape: tuple[int, ...], degrees: float) -> Array:
    centre = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    return np.asarray(cv2.getRotationMatrix2D(centre, degrees, 1.0), dtype=np.float64)


def _select(points: Array, labels: tuple[str, ...], body: PartLayout) -> NDArray[np.floating]:
    """The points that the body learns from, in its order."""
    given = of_joints(labels)
    if missing := sorted(joint for joint in body.skeleton.joints if not given.sources(joint)):
        raise ValueError(f"Invalid data set for this body: it has no labels of {', '.join(missing)}.")
    return given.select(points, body.skeleton.joints)
