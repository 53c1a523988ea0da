"""Everybody in a clip, batch by batch, whichever way the estimator works."""

from __future__ import annotations

from app.tracking.bottom_up import BottomUpTracker
from app.tracking.crops import Measure
from app.tracking.scene_cuts import SceneCutDetector
from app.tracking.top_down import TopDownTracker
from app.tracking.tracks import TrackStore
from app.video.types import FrameBatch
from estimators import Estimator
from estimators.boxes import Boxes
from estimators.detectors import Detector


class PersonTracker:
    """Follows everybody through a clip, shot by shot.

    Args:
        estimator: gives the joints.
        detector: says where people are; only None for an estimator that finds them itself.
        frame_size: width and height, in pixels.
        fps: frames a second.
        most: so many are followed at once.
        first_box: x1, y1, x2, y2 of a person in the first frame.
        measure: times the work as ``find`` and ``estimate``.
    """

    def __init__(
        self,
        estimator: Estimator,
        detector: Detector | None,
        *,
        frame_size: tuple[int, int],
        fps: float,
        most: int,
        measure: Measure,
        first_box: Boxes | None = None,
    ) -> None:
        self._measure = measure
        self._cut_detector = SceneCutDetector()
        self._tracker: TopDownTracker | BottomUpTracker
        if detector is None:
            self._tracker = BottomUpTracker(estimator, frame_size=frame_size, fps=fps, measure=measure)
        else:
            self._tracker = TopDownTracker(
                estimator,
                detector,
                frame_size=frame_size,
                fps=fps,
                most=most,
                measure=measure,
                first_box=first_box,
            )

    def follow(self, batch: FrameBatch) -> None:
        """Goes on through the next batch."""
        with self._measure("find"):
            shots = self._cut_detector.detect(batch)
        self._tracker.follow(batch, shots)

    @property
    def cuts(self) -> list[int]:
        """Rows with which a new shot begins."""
        return self._cut_detector.cuts

    @property
    def store(self) -> TrackStore:
        """All tracks up to here."""
        return self._tracker.store
