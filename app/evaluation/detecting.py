"""Lets an estimator that looks into boxes search pictures with a detector, as ``posefix VIDEO`` does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.tracking.crops import CropEstimator, Place
from app.tracking.regions import Region
from app.tracking.settings import DETECTION_PAD, TrackingSettings
from app.tracking.windows import Window, WindowFrame
from estimators import Estimator, FramePoses
from estimators import boxes as geometry
from estimators.boxes import Boxes
from estimators.detectors import Detections, Detector
from estimators.interface import FloatArray, FrameArray

CANDIDATES = 3  # of the detector's boxes, the surest first


class Searching:
    """An :class:`estimators.Estimator` that finds the one person of each picture by itself.

    Args:
        estimator: gives the joints in a box; it is not one that finds people.
        detector: gives the boxes. Where it finds none, the whole picture is looked at.
    """

    finds_people = True

    def __init__(self, estimator: Estimator, detector: Detector) -> None:
        self._settings = TrackingSettings()
        self._detector = detector
        self._estimator = estimator
        self.name, self.skeleton = estimator.name, estimator.skeleton
        self.batch_size, self.weights_sha256 = estimator.batch_size, estimator.weights_sha256

    def estimate(
        self,
        frames: FrameArray,
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[FloatArray] | None = None,
    ) -> list[FramePoses]:
        """See :meth:`estimators.Estimator.estimate`; one person a picture. Boxes are not looked at."""
        del boxes
        # Each picture is a shot of its own: neighbours have nothing to do with each other.
        pictures = zip(frames, pts_seconds, strict=True)
        window = Window(
            0, 0, len(frames), tuple(WindowFrame(i, s, p, shot=i) for i, (p, s) in enumerate(pictures))
        )
        return [self._search(window, row, found) for row, found in enumerate(self._detector.detect(frames))]

    def _search(self, window: Window, row: int, found: Detections) -> FramePoses:
        """The pose of which detector and estimator together are surest."""
        picture = window[row].picture
        boxes, scores = self._boxes(picture, found)
        crops = CropEstimator(
            self._estimator, frame_size=(picture.shape[1], picture.shape[0]), settings=self._settings
        )
        places = [Place(row, Region(box), whole=True, found=box) for box in boxes]
        looks = crops.look(window, places)
        sums = [score + look.score for score, look in zip(scores, looks, strict=True)]
        best = int(np.argmax(sums))
        chosen = looks[best]
        return FramePoses(
            pts_seconds=window[row].seconds,
            keypoints=chosen.keypoints[None],
            boxes=chosen.region.bounds[None],
            scores=np.array([sums[best] / 2], dtype=np.float32),
            hypotheses=None if chosen.hypotheses is None else chosen.hypotheses[None],
        )

    def _boxes(self, picture: FrameArray, found: Detections) -> tuple[list[Boxes], list[float]]:
        if not len(found.boxes):
            height, width = picture.shape[:2]
            return [np.array([0, 0, width - 1, height - 1], dtype=np.float32)], [0.0]
        share = self._settings.pad - DETECTION_PAD
        places = [geometry.padded(box, share) for box in found.boxes[:CANDIDATES]]
        return places, [float(score) for score in found.scores[:CANDIDATES]]
