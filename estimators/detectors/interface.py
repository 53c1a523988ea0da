"""What every detector does: frames in, boxes around people out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Detections:
    """The people in one frame, the surest first.

    Attributes:
        boxes: float32, (people, 4): x1, y1, x2, y2 in pixels, around the body, not beyond the frame where it
            is cut off.
        scores: float32, (people,): 0..1.
    """

    boxes: NDArray[np.float32] = field(repr=False)
    scores: NDArray[np.float32] = field(repr=False)

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4):
            raise ValueError(f"Invalid boxes {self.boxes.shape} for scores {self.scores.shape}.")


@runtime_checkable
class Detector(Protocol):
    """Finds people in whole frames.

    Attributes:
        name: as in ``--detector``.
    """

    name: str

    def detect(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """The people in each frame; those it is barely sure of come, too, with low scores.

        Args:
            frames: uint8, (N, H, W, 3), RGB, upright.

        Returns:
            N results, in the order of the frames.
        """
        ...


@runtime_checkable
class KnowsFrames(Protocol):
    """A detector that need not see the frames: it knows them by their number in the video."""

    def detect_in(self, frame_indices: Sequence[int]) -> list[Detections]:
        """As :meth:`Detector.detect`, of frames counted from 0."""
        ...


def people_in(
    detector: Detector, frames: NDArray[np.uint8], frame_indices: Sequence[int]
) -> list[Detections]:
    """The people in frames of a video, by what the detector goes by: the frames, or their numbers."""
    if isinstance(detector, KnowsFrames):
        return detector.detect_in(frame_indices)
    return detector.detect(frames)
