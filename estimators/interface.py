"""The types every estimator speaks: the poses found in a frame, and how to ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from estimators.skeletons import Skeleton

FloatArray = NDArray[np.floating]
FrameArray = NDArray[np.uint8]


@dataclass(frozen=True)
class FramePoses:
    """The people found in one frame.

    Attributes:
        pts_seconds: when the frame is shown.
        keypoints: float32, (people, joints, 3): x, y in pixels of the upright frame (pixel centres at
            whole numbers) and a score in 0..1. A missing joint is NaN in x and y and has score 0.
        boxes: float32, (people, 4): the region x1, y1, x2, y2 that each pose was looked for in; where
            the estimator was given boxes, these in the same order.
        scores: float32, (people,): how sure the estimator is that this is a person, 0..1.
        hypotheses: float32, (people, joints, K, 3): up to K places where each joint may be, x, y and the
            chance of each, the likeliest first; NaN where there are fewer. None: the estimator gives none.
    """

    pts_seconds: float
    keypoints: FloatArray = field(repr=False)
    boxes: FloatArray = field(repr=False)
    scores: FloatArray = field(repr=False)
    hypotheses: FloatArray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        people = len(self.keypoints)
        if self.keypoints.ndim != 3 or self.keypoints.shape[2] != 3:
            raise ValueError(f"Invalid keypoints shape {self.keypoints.shape}: (people, joints, 3) wanted.")
        if self.boxes.shape != (people, 4) or self.scores.shape != (people,):
            raise ValueError(
                f"Boxes {self.boxes.shape} and scores {self.scores.shape} do not fit {people} people."
            )
        places = self.hypotheses
        if places is not None and (places.ndim != 4 or (*places.shape[:2], 3) != self.keypoints.shape):
            raise ValueError(
                f"Invalid hypotheses shape {places.shape}: {self.keypoints.shape[:2]} and (K, 3) wanted."
            )


@runtime_checkable
class Estimator(Protocol):
    """Finds joints in frames. See :mod:`estimators` for how to add one.

    Attributes:
        name: as in ``--estimator``.
        skeleton: the joints it gives, in their order.
        finds_people: True where it finds people in a whole frame by itself; False where it looks for one
            person in each box (top-down), so that somebody else must say where to look.
        batch_size: how many frames one call does best with.
        weights_sha256: SHA-256 of the weights file in use, for the record.
    """

    name: str
    skeleton: Skeleton
    finds_people: bool
    batch_size: int
    weights_sha256: str

    def estimate(
        self,
        frames: FrameArray,
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[FloatArray] | None = None,
    ) -> list[FramePoses]:
        """Joints in each frame.

        Args:
            frames: uint8, (N, H, W, 3), RGB, upright.
            pts_seconds: N times, one a frame.
            boxes: N arrays (people, 4) of x1, y1, x2, y2 in pixels, people may be 0; each box gives one
                pose. None: the estimator looks at the whole frame.

        Returns:
            N results, in the order of the frames.

        Raises:
            ValueError: shapes that do not fit each other.
        """
        ...


@runtime_checkable
class TurnsCrops(Estimator, Protocol):
    """An estimator that can look at a person who lies as if they stood.

    Attributes:
        turns_crops: always True.
    """

    turns_crops: bool

    def estimate(
        self,
        frames: FrameArray,
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[FloatArray] | None = None,
        angles: Sequence[FloatArray] | None = None,
    ) -> list[FramePoses]:
        """As :meth:`Estimator.estimate`, in turned boxes.

        Args:
            frames, pts_seconds, boxes: as there.
            angles: N arrays (people,), in degrees: the region is the box turned clockwise, as seen, about its
                middle by so much, and is looked at as if its own upper edge were on top. Joints are pixels of
                the frame all the same. None: no box is turned.
        """
        ...


@runtime_checkable
class NeedsContext(Protocol):
    """An estimator that looks at neighbouring frames.

    Attributes:
        context_frames: so many frames before and after each one are in the same call, in order, where the
            shot has them. Where nobody is looked for in a frame of them, it comes with no boxes.
    """

    context_frames: int


@runtime_checkable
class KnowsPeople(Protocol):
    """An estimator that knows beforehand where everybody is in a video, and who is who: a file of joints."""

    def people_in(self, frame_index: int) -> list[tuple[int, FloatArray]]:
        """Number and joints (J, 3) of everybody in a frame, by its number in the file, from 0."""
        ...


def context_frames(estimator: Estimator) -> int:
    """How many frames on either side an estimator asks for."""
    return estimator.context_frames if isinstance(estimator, NeedsContext) else 0
