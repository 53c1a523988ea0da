"""Everybody in a clip, batch by batch, whichever way the estimator works."""

from __future__ import annotations

from app.tracking.bottom_up import Watcher
from app.tracking.crops import Measure
from app.tracking.scene_cuts import CutFinder
from app.tracking.top_down import Follower
from app.tracking.tracks import TrackBook
from app.video.types import FrameBatch
from estimators import Estimator
from estimators.boxes import Boxes
from estimators.detectors import Finder


class Crowd:
    """Follows everybody through a clip, shot by shot.

    Args:
        estimator: gives the joints.
        finder: says where people are; only None for an estimator that finds them itself.
        frame_size: width and height, in pixels.
        fps: frames a second.
        most: so many are followed at once.
        first_box: x1, y1, x2, y2 of a person in the first frame.
        measure: times the work as ``find`` and ``estimate``.
    """

    def __init__(
        self,
        estimator: Estimator,
        finder: Finder | None,
        *,
        frame_size: tuple[int, int],
        fps: float,
        most: int,
        measure: Measure,
        first_box: Boxes | None = None,
    ) -> None:
        self._measure = measure
        self._cut_finder = CutFinder()
        self._follower: Follower | Watcher
        if finder is None:
            self._follower = Watcher(estimator, frame_size=frame_size, fps=fps, measure=measure)
        else:
            self._follower = Follower(
                estimator,
                finder,
                frame_size=frame_size,
                fps=fps,
                most=most,
                measure=measure,
                first_box=first_box,
            )

    def follow(self, batch: FrameBatch) -> None:
        """Goes on through the next batch."""
        with self._measure("find"):
            shots = self._cut_finder.find(batch)
        self._follower.follow(batch, shots)

    @property
    def cuts(self) -> list[int]:
        """Rows with which a new shot begins."""
        return self._cut_finder.cuts

    @property
    def book(self) -> TrackBook:
        """All tracks up to here."""
        return self._follower.book
