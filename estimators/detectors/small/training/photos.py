"""Photos with one labelled person each, from the sets that SFN is trained on; what is held out stays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators.boxes import enclosing, padded
from estimators.datasets.clips import load_clips
from estimators.datasets.records import (
    PoseRecord,
    load_lsp,
    load_lspet,
    load_negatives,
    load_photos,
    load_youtube_pose,
)
from estimators.skeletons import JOINTS

ANCHOR_JOINTS = ("left_shoulder", "right_shoulder")
PAD = 0.08  # from joints to the body's outline, as a share of the longer side
HEAD_ABOVE = 0.6  # the top of the head above the shoulders, in lengths from hips to shoulders
CLIP_STEP = 12  # frames; nearer ones show the same
# How often each set is drawn from.
SHARES = {"lsp": 0.15, "lspet": 0.25, "youtube_pose": 0.2, "photos": 0.25, "clips": 0.15}


@dataclass(frozen=True)
class Photo:
    """A picture with one labelled person.

    Attributes:
        picture: uint8, (H, W, 3), RGB.
        points: (P, 2): what is known of the body, from the top of the head on; no NaN.
        anchor: x, y of the middle between the shoulders.
        whole: the feet are known, so that the person ends where the points do.
    """

    picture: NDArray[np.uint8]
    points: NDArray[np.float32]
    anchor: NDArray[np.float32]
    whole: bool

    @property
    def box(self) -> NDArray[np.float32]:
        """x1, y1, x2, y2 around the person; the lower edge is NaN where no label tells it."""
        box = padded(enclosing(self.points), PAD).astype(np.float32)
        if not self.whole:
            box[3] = np.nan
        return box

    @property
    def extent(self) -> float:
        """Longer side of what is known of the box, in pixels."""
        box = self.box
        return float(np.nanmax(box[2:] - box[:2]))

    def turned(self, degrees: float) -> Photo:
        """The same, turned about the person's middle; the picture's border is repeated where it ends."""
        height, width = self.picture.shape[:2]
        outline = enclosing(self.points)
        centre = (outline[:2] + outline[2:]) / 2
        matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), degrees, 1.0)
        corners = (
            np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ matrix[:, :2].T + matrix[:, 2]
        )
        low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        matrix[:, 2] -= low
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        picture = cv2.warpAffine(self.picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)

        def moved(points: NDArray[np.float32]) -> NDArray[np.float32]:
            return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)

        return Photo(np.asarray(picture, np.uint8), moved(self.points), moved(self.anchor), self.whole)


@dataclass(frozen=True)
class DetectorData:
    """Groups of photos with people, by the set that they come from, and photos without."""

    photos: Mapping[str, Sequence[Photo]]
    empty: Sequence[NDArray[np.uint8]]


def load_people(folder: Path, *, split: str) -> DetectorData:
    """The photos of a split; see :mod:`estimators.datasets.held_out`.

    Args:
        folder: holds ``lsp``, ``lspet``, ``youtube_pose``, ``inria_negatives``, and where there are any
            ``photos/*.npz`` and ``clips``.
        split: ``train`` or ``validation``.

    Raises:
        ValueError: a file is missing; the message names it.
    """
    records: dict[str, Sequence[PoseRecord]] = {
        "lsp": load_lsp(folder / "lsp", split=split),
        "lspet": load_lspet(folder / "lspet") if split == "train" else (),
        "youtube_pose": load_youtube_pose(folder / "youtube_pose", split=split),
        "photos": [
            record
            for path in sorted((folder / "photos").glob("*.npz"))
            for record in load_photos(path, split=split)
        ],
        "clips": load_clips(folder / "clips", split=split, every=CLIP_STEP)
        if (folder / "clips").is_dir()
        else (),
    }
    photos = {name: _photos(group) for name, group in records.items()}
    empty = [record.image for record in load_negatives(folder / "inria_negatives", split=split)]
    return DetectorData({name: group for name, group in photos.items() if group}, empty)


def _photos(records: Sequence[PoseRecord]) -> list[Photo]:
    return [photo for record in records if (photo := as_photo(record)) is not None]


def as_photo(record: PoseRecord) -> Photo | None:
    """The person's outline and anchor; None where the shoulders are not labelled."""
    joints = record.keypoints
    anchor = _middle(joints, "shoulder")
    if not np.isfinite(anchor).all():
        return None
    head, hips = joints[JOINTS.index("head")], _middle(joints, "hip")
    # Where only the face is labelled, the head ends about half as far again from the shoulders.
    top = head + 0.5 * (head - anchor)
    if not np.isfinite(joints[[JOINTS.index("head"), JOINTS.index("head_top")]]).any():
        top = anchor + HEAD_ABOVE * (anchor - hips)
    points = np.vstack([top, joints])
    points = points[np.isfinite(points).all(axis=1)].astype(np.float32)
    feet = joints[[JOINTS.index("left_ankle"), JOINTS.index("right_ankle")]]
    return Photo(record.image, points, anchor.astype(np.float32), bool(np.isfinite(feet).all(axis=1).any()))


def _middle(joints: NDArray[np.float32], part: str) -> NDArray[np.float32]:
    return joints[[JOINTS.index(f"left_{part}"), JOINTS.index(f"right_{part}")]].mean(axis=0)
