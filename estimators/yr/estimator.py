"""YR as an estimator: finds people by itself, needs no GPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from estimators.boxes import padded
from estimators.interface import FloatArray, FrameArray, FramePoses
from estimators.skeletons import Skeleton
from estimators.yr.configuration import YRConfiguration
from estimators.yr.model import PartModel
from estimators.yr.part_detector import PartDetector
from estimators.yr.processor import score_at, to_poses
from estimators.yr.search import Tracker, find_people

FAST_INTERVAL = 4  # pyramid levels per octave in fast mode
FOLLOWED, LOST = 0.3, 0.1  # how sure of a person: to follow them, and to have lost them
BOX_ROOM = 0.1  # a box given from outside is searched with this share of its side around it


class YREstimator:
    """Flexible mixtures of parts, frame by frame; see :mod:`estimators` for the interface.

    Args:
        model: the mixtures.
        configuration: of the model.
        device: to run on.
        weights_sha256: for the record.
        name: as in ``--estimator``.
        fast: for video: fewer pyramid levels, and people are looked for where they were in the frame
            before. Frames then depend on the ones before them and must come in order.
    """

    finds_people = True
    batch_size = 4

    def __init__(
        self,
        model: PartModel,
        configuration: YRConfiguration,
        *,
        device: torch.device,
        weights_sha256: str,
        name: str = "yr",
        fast: bool = False,
    ) -> None:
        self.name = name
        self.configuration = configuration
        self.weights_sha256 = weights_sha256
        self._fast = fast
        self._detector = PartDetector(model, device=device)
        self._tracker = Tracker(
            PartDetector(replace(model, interval=FAST_INTERVAL), device=device),
            follow_from=score_at(FOLLOWED, configuration),
            lost_below=score_at(LOST, configuration),
        )

    @property
    def skeleton(self) -> Skeleton:
        """The joints, with the person's own left and right."""
        return self.configuration.parts.skeleton

    def estimate(
        self,
        frames: FrameArray,
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[FloatArray] | None = None,
    ) -> list[FramePoses]:
        """People in each frame, the surest first; with boxes, the best pose in each of them.

        Args, returns and errors as in :class:`estimators.Estimator`. In a box without a person all joints
        are missing.
        """
        if frames.ndim != 4 or frames.shape[3] != 3 or len(frames) != len(pts_seconds):
            raise ValueError(f"Invalid frames {frames.shape} for {len(pts_seconds)} times.")
        if boxes is None:
            return [self._look(frame, time) for frame, time in zip(frames, pts_seconds, strict=True)]
        if len(boxes) != len(frames):
            raise ValueError(f"Invalid boxes: {len(boxes)} for {len(frames)} frames.")
        return [
            self._look_in(frame, time, np.asarray(regions, dtype=np.float32))
            for frame, time, regions in zip(frames, pts_seconds, boxes, strict=True)
        ]

    def _look(self, frame: FrameArray, time: float) -> FramePoses:
        found = self._tracker.find(frame, time) if self._fast else find_people(self._detector, frame)
        return to_poses(found, self.configuration, pts_seconds=time)

    def _look_in(self, frame: FrameArray, time: float, regions: FloatArray) -> FramePoses:
        joints = len(self.skeleton.joints)
        keypoints = np.full((len(regions), joints, 3), np.nan, np.float32)
        keypoints[..., 2] = 0
        scores = np.zeros(len(regions), np.float32)
        for row, region in enumerate(regions):
            found = find_people(self._detector, frame, region=padded(region, BOX_ROOM), people=1)
            if len(found):
                poses = to_poses(found, self.configuration, pts_seconds=time)
                keypoints[row], scores[row] = poses.keypoints[0], poses.scores[0]
        return FramePoses(time, keypoints, regions.reshape(-1, 4), scores)
