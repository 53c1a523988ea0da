"""Tells people apart where the estimator itself finds them in the whole frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.tracking.association import Associator
from app.tracking.crops import Measure
from app.tracking.observations import Observation, colour_histogram, core_joints, pose_nms
from app.tracking.settings import TrackingSettings
from app.tracking.tracks import TrackStore
from app.video.types import FrameBatch
from estimators import Estimator


class BottomUpTracker:
    """Takes everybody whom the estimator is sure enough of, and says who is who.

    Args:
        estimator: finds people by itself.
        frame_size: width and height, in pixels.
        fps: frames a second.
        measure: times the estimator's work as ``estimate``.
        settings: thresholds.
    """

    def __init__(
        self,
        estimator: Estimator,
        *,
        frame_size: tuple[int, int],
        fps: float,
        measure: Measure,
        settings: TrackingSettings | None = None,
    ) -> None:
        self._settings = settings or TrackingSettings()
        self._estimator, self._measure = estimator, measure
        self._associator = Associator(
            frame_size=frame_size, max_age_frames=round(self._settings.max_age_seconds * fps)
        )
        self._core = core_joints(estimator.skeleton.joints)
        self._rows = 0
        self._people: set[int] = set()
        self.store = TrackStore()

    def follow(self, batch: FrameBatch, shots: Sequence[int]) -> None:
        """Goes on through the next batch; see :meth:`app.tracking.top_down.TopDownTracker.follow`."""
        with self._measure("estimate"):
            found = self._estimator.estimate(batch.frames, pts_seconds=batch.pts_seconds.tolist())
        for row, poses in enumerate(found):
            if shots[row] != self.store.shot:
                self._associator.end_all()
                self.store.shot = shots[row]
            seen = [
                Observation(
                    row=self._rows + row,
                    seconds=float(batch.pts_seconds[row]),
                    keypoints=keypoints.astype(np.float32),
                    box=box.astype(np.float32),
                    score=float(score),
                    core=self._core,
                    colours=colour_histogram(batch.frames[row], keypoints.astype(np.float32), self._core),
                    confirmed=True,
                )
                for keypoints, box, score in zip(poses.keypoints, poses.boxes, poses.scores, strict=True)
                if score >= self._settings.lost_score and np.isfinite(keypoints[:, 0]).sum() >= 2
            ]
            kept = pose_nms(seen, apart=self._settings.same_pose)
            for number, observation in zip(self._associator.update(kept), kept, strict=True):
                # As with those followed in boxes: being found takes more than being kept.
                if observation.score >= self._settings.found_score:
                    self._people.add(number)
                if number in self._people:
                    self.store.add(number, observation)
        self._rows += len(batch)
