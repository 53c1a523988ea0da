"""Everybody in a clip, window by window, whichever way the estimator works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from app.tracking.bottom_up import BottomUpTracker
from app.tracking.known_people import KnownPeopleTracker
from app.tracking.top_down import TopDownTracker
from app.tracking.tracks import TrackStore
from app.tracking.windows import Window
from estimators import Estimator
from estimators.boxes import Boxes
from estimators.detectors import Detections, Detector
from estimators.interface import KnowsPeople


class PersonTracker(Protocol):
    """Follows everybody through a clip: for each window, and in it for each shot, detect, then follow."""

    @property
    def store(self) -> TrackStore:
        """All tracks up to here."""
        ...

    def detect(self, window: Window, rows: range) -> dict[int, Detections]:
        """Whom a detector finds in a shot's rows of a window, by row; nobody where there is no detector."""
        ...

    def follow(self, window: Window, rows: range, found: Mapping[int, Detections]) -> None:
        """The poses of everybody in those rows, given what :meth:`detect` found there."""
        ...


def create_tracker(
    estimator: Estimator,
    detector: Detector | None,
    *,
    frame_size: tuple[int, int],
    fps: float,
    most: int,
    first_box: Boxes | None = None,
) -> PersonTracker:
    """The tracker that fits an estimator.

    Args:
        estimator: gives the joints.
        detector: says where people are; only None for an estimator that finds them itself.
        frame_size: width and height, in pixels.
        fps: frames a second.
        most: so many are followed at once; not heeded where the estimator finds people itself.
        first_box: x1, y1, x2, y2 of a person in the first frame.
    """
    if isinstance(estimator, KnowsPeople):
        return KnownPeopleTracker(estimator, skeleton=estimator.skeleton)
    if detector is None:
        return BottomUpTracker(estimator, frame_size=frame_size, fps=fps)
    return TopDownTracker(estimator, detector, frame_size=frame_size, fps=fps, most=most, first_box=first_box)
