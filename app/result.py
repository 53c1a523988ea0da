"""What a run knows in the end: who was where in every frame, before and after correction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimators import Skeleton

if TYPE_CHECKING:
    import pandas
    import xarray


@dataclass(frozen=True)
class ModelRecord:
    """A model's name and the SHA-256 of its weights file."""

    name: str
    weights_sha256: str


@dataclass(frozen=True)
class RunRecord:
    """What a run was told, and what it met.

    Attributes:
        options: what was asked for, by name: texts, numbers, lists of them and None.
        seconds: how long each stage took, by name.
        warnings: what is lost of the input, one line each.
        notes: what was odd about it, and what was made of it, one line each.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def after(self, seconds: Mapping[str, float], *, options: Mapping[str, Any] | None = None) -> RunRecord:
        """The record with more stages, and more options, in it."""
        return replace(self, seconds={**self.seconds, **seconds}, options={**self.options, **(options or {})})


@dataclass(frozen=True)
class VideoSource:
    """The video that the keypoints belong to; see :class:`app.video.types.VideoInfo` for the fields.

    Keypoints of other programs may not say how large its frames are: width and height are 0 then.
    """

    file: str
    width: int
    height: int
    fps: float


@dataclass(frozen=True)
class Person:
    """One person through T frames.

    Attributes:
        id: number of the person among all of the clip, from 0, by when they first appear.
        initial: float32, (T, joints, 3): x, y and score 0..1 as estimated; NaN where missing.
        boxes: float32, (T, 4): x1, y1, x2, y2 of the region looked at; NaN where nobody was found.
        corrected: float32, (T, joints, 2): x, y; NaN where missing; None before correction.
        error_px: float32, (T, joints): the error to be expected of the corrected joint, in pixels.
        filled: bool, (T, joints): the joint was missing and the corrector put it in.
        unsure: bool, (T, joints): the error to be expected is large for a person of this size.
        prominence: how much the person catches the eye, for comparing those of one clip; None: not known.
        hypotheses: float32, (T, joints, K, 3): places where each joint may be, x, y and the chance of each,
            NaN where there are fewer; None where the estimator gives none. They are not in the data file.
        filtered: bool, (T, joints): a filter smoothed the joint, which the corrector does not know; None
            where none was at work.
    """

    id: int
    initial: NDArray[np.float32] = field(repr=False)
    boxes: NDArray[np.float32] = field(repr=False)
    corrected: NDArray[np.float32] | None = field(default=None, repr=False)
    error_px: NDArray[np.float32] | None = field(default=None, repr=False)
    filled: NDArray[np.bool_] | None = field(default=None, repr=False)
    unsure: NDArray[np.bool_] | None = field(default=None, repr=False)
    prominence: float | None = None
    hypotheses: NDArray[np.float32] | None = field(default=None, repr=False)
    filtered: NDArray[np.bool_] | None = field(default=None, repr=False)

    @property
    def found(self) -> NDArray[np.bool_]:
        """(T,): frames in which any initial joint was found."""
        return np.asarray(np.isfinite(self.initial[..., 0]).any(axis=1))

    @property
    def moved_px(self) -> NDArray[np.float32]:
        """(T, joints): how far the correction moved each joint; NaN where either end is missing."""
        if self.corrected is None:
            return np.full(self.initial.shape[:2], np.nan, np.float32)
        return np.linalg.norm(self.corrected - self.initial[..., :2], axis=2)


@dataclass(frozen=True)
class Result:
    """Keypoints of a whole clip, or of a part of it.

    Attributes:
        source: the video.
        skeleton: names and limbs of the joints.
        frame_indices: (T,): numbers of the frames in the file.
        pts_seconds: (T,): when each is shown, from the first frame of the file.
        people: those found, the most prominent first.
        estimator, corrector: the models at work; corrector is None before correction.
        cuts: rows with which a new shot begins, rising; nobody is followed from shot to shot.
        run: what the run was told, and what it met.
    """

    source: VideoSource
    skeleton: Skeleton
    frame_indices: NDArray[np.int64] = field(repr=False)
    pts_seconds: NDArray[np.float64] = field(repr=False)
    people: tuple[Person, ...] = field(repr=False)
    estimator: ModelRecord
    corrector: ModelRecord | None = None
    cuts: tuple[int, ...] = ()
    run: RunRecord = field(default_factory=RunRecord, repr=False)

    def to_dataframe(self) -> pandas.DataFrame:
        """A table of pandas with a row a frame, person and joint, also where the joint is missing.

        Columns: frame, seconds, person, joint, initial_x, initial_y, score; after correction x, y, error_px,
        filled, unsure and, where a filter was at work, filtered. NaN where missing.

        Raises:
            PosefixError: pandas is not installed.
        """
        from app.keypoints.dataframe import to_dataframe

        return to_dataframe(self)

    def to_xarray(self) -> xarray.Dataset:
        """A data set laid out as those of movement: position and confidence of all people.

        Dimensions are time (in seconds; the coordinate ``frame`` beside it counts frames), space, keypoints,
        individuals. position is as corrected, or as estimated before correction; after it there are
        initial_position, error_px, filled and unsure, too.

        Raises:
            PosefixError: xarray is not installed.
        """
        from app.keypoints.dataframe import to_xarray

        return to_xarray(self)
