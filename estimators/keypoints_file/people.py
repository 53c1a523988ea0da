"""What a reader of keypoint files gives to the estimator ``keypoints:FILE``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from estimators.interface import FloatArray
from estimators.skeletons import Skeleton


@dataclass(frozen=True)
class FilePeople:
    """Everybody in a clip, as a file has them.

    Attributes:
        skeleton: the J joints.
        frame_indices: int64, (T,): numbers of the frames in the video, from 0, rising.
        people: (T, J, 3) of each by their number: x, y in pixels, NaN where missing, and a score in 0..1.
        pts_seconds: (T,): when each frame is shown; None: the file does not say.
    """

    skeleton: Skeleton
    frame_indices: np.ndarray
    people: Mapping[int, FloatArray] = field(repr=False)
    pts_seconds: FloatArray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        frames, joints = len(self.frame_indices), len(self.skeleton.joints)
        for number, points in self.people.items():
            if points.shape != (frames, joints, 3):
                raise ValueError(f"Person {number}: {points.shape}, where {(frames, joints, 3)} is wanted.")
        if self.pts_seconds is not None and len(self.pts_seconds) != frames:
            raise ValueError(f"{len(self.pts_seconds)} times for {frames} frames.")


class KeypointReader(Protocol):
    """Reads files of keypoints."""

    def __call__(self, path: Path, *, format: str, skeleton: str, size: tuple[int, int] | None) -> FilePeople:
        """Everybody in a file or folder.

        Args:
            path: the file or folder.
            format, skeleton: names that the user gives, or empty.
            size: width and height of the frames that the user gives, or None.

        Raises:
            ValueError: it is none of the reader's formats; one line that names the file and the cure. Errors
                of other kinds end the search for a reader.
        """
        ...
