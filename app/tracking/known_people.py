"""People of whom the estimator knows beforehand where they are, and who is who."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.tracking.observations import Observation, core_joints
from app.tracking.settings import TrackingSettings
from app.tracking.tracks import TrackStore
from app.tracking.windows import Window
from estimators import boxes
from estimators.detectors import Detections
from estimators.interface import FloatArray, KnowsPeople
from estimators.skeletons import Skeleton
from estimators.top_down import person_scores

NO_COLOURS = np.zeros(1, np.float32)  # nobody is like anybody else: numbers are as they were given


class KnownPeopleTracker:
    """Takes everybody as an estimator such as a file of joints has them, with their numbers.

    Args:
        estimator: knows them.
        skeleton: its joints.
        settings: the room around joints.
    """

    def __init__(
        self, estimator: KnowsPeople, *, skeleton: Skeleton, settings: TrackingSettings | None = None
    ) -> None:
        self._estimator = estimator
        self._settings = settings or TrackingSettings()
        self._core = core_joints(skeleton.joints)
        self.store = TrackStore()

    def detect(self, window: Window, rows: range) -> dict[int, Detections]:
        """Nobody: they are known."""
        del window, rows
        return {}

    def follow(self, window: Window, rows: range, found: Mapping[int, Detections]) -> None:
        """Goes on through a shot's rows of a window; see :class:`app.tracking.tracker.PersonTracker`."""
        del found
        self.store.shot = window[rows.start].shot
        for row in rows:
            for number, pose in self._estimator.people_in(window[row].index):
                if np.isfinite(pose[:, 0]).sum() >= 2:
                    self.store.add(number, self._observation(row, window[row].seconds, number, pose))

    def _observation(self, row: int, seconds: float, number: int, pose: FloatArray) -> Observation:
        box = boxes.around(pose, min_score=0.0, pad=self._settings.pad)
        assert box is not None  # two joints are there
        return Observation(
            row=row,
            seconds=seconds,
            keypoints=pose.astype(np.float32),
            box=box.astype(np.float32),
            score=float(person_scores(pose[None])[0]),
            core=self._core,
            colours=NO_COLOURS,
            confirmed=True,
            sought=number,
        )
