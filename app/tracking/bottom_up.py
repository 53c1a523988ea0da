"""Tells people apart where the estimator itself finds them in the whole frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.tracking.association import Associator
from app.tracking.crops import estimate_rows
from app.tracking.observations import Observation, colour_histogram, core_joints, pose_nms
from app.tracking.settings import TrackingSettings
from app.tracking.tracks import TrackStore
from app.tracking.windows import Window
from estimators import Estimator, FramePoses
from estimators.detectors import Detections


class BottomUpTracker:
    """Takes everybody whom the estimator is sure enough of, and says who is who.

    Args:
        estimator: finds people by itself.
        frame_size: width and height, in pixels.
        fps: frames a second.
        settings: thresholds.
    """

    def __init__(
        self,
        estimator: Estimator,
        *,
        frame_size: tuple[int, int],
        fps: float,
        settings: TrackingSettings | None = None,
    ) -> None:
        self._settings = settings or TrackingSettings()
        self._estimator = estimator
        self._associator = Associator(
            frame_size=frame_size, max_age_frames=round(self._settings.max_age_seconds * fps)
        )
        self._core = core_joints(estimator.skeleton.joints)
        self._people: set[int] = set()
        self.store = TrackStore()

    def detect(self, window: Window, rows: range) -> dict[int, Detections]:
        """Nobody: the estimator finds people itself."""
        del window, rows
        return {}

    def follow(self, window: Window, rows: range, found: Mapping[int, Detections]) -> None:
        """Goes on through a shot's rows of a window; see :class:`app.tracking.tracker.PersonTracker`."""
        del found
        if window[rows.start].shot != self.store.shot:
            self._associator.end_all()
            self.store.shot = window[rows.start].shot
        for row, poses in estimate_rows(self._estimator, window, rows).items():
            kept = pose_nms(self._observations(window, row, poses), apart=self._settings.same_pose)
            for number, observation in zip(self._associator.update(kept), kept, strict=True):
                # As with those followed in boxes: being found takes more than being kept.
                if observation.score >= self._settings.found_score:
                    self._people.add(number)
                if number in self._people:
                    self.store.add(number, observation)

    def _observations(self, window: Window, row: int, poses: FramePoses) -> list[Observation]:
        settings = self._settings
        return [
            Observation(
                row=row,
                seconds=window[row].seconds,
                keypoints=keypoints,
                box=poses.boxes[i].astype(np.float32),
                score=float(poses.scores[i]),
                core=self._core,
                colours=colour_histogram(window[row].picture, keypoints, self._core),
                confirmed=True,
                hypotheses=None if poses.hypotheses is None else poses.hypotheses[i].astype(np.float32),
            )
            for i, keypoints in enumerate(poses.keypoints.astype(np.float32))
            if poses.scores[i] >= settings.lost_score and np.isfinite(keypoints[:, 0]).sum() >= 2
        ]
