"""Frames and boxes in, BlazePose's 33 joints out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from estimators import boxes as geometry
from estimators.blazepose.landmarks import LandmarkNetwork
from estimators.blazepose.person_detector import Candidate, PersonDetector
from estimators.blazepose.region import CIRCLE, Region
from estimators.blazepose.task_file import TaskFile
from estimators.boxes import Boxes
from estimators.interface import FloatArray, FrameArray, FramePoses
from estimators.known_skeletons import BLAZEPOSE
from estimators.score_curves import Curves, calibrated_joints, part_of
from estimators.top_down import look_into_boxes

SEARCHED = 1.6
"""The detector sees this many times the box, so that a body which goes on beyond it is seen whole."""
PRESENT = 0.5  # as in the vendor's program: less, and there is nobody
# No data set has labels for these: the curve of the joint that they are next to.
_NEXT_TO = {
    **dict.fromkeys(("eye_inner", "eye", "eye_outer", "mouth_left", "mouth_right"), "nose"),
    **dict.fromkeys(("pinky", "index", "thumb"), "wrist"),
    **dict.fromkeys(("heel", "foot_index"), "ankle"),
}
CURVES_OF = tuple(_NEXT_TO.get(part_of(joint), joint) for joint in BLAZEPOSE.joints)
FAINT = 0.05  # what a candidate counts that does not share the box's place at all


class BlazePoseEstimator:
    """See :class:`estimators.Estimator`.

    Args:
        name: as in ``--estimator``.
        models: of the vendor's file.
        curves: from visibility to the chance of being right.
        weights_sha256: for the record.
        threads: of the processor.
        passes: how often the landmark network looks, each time into the square that the last look asks for.
    """

    skeleton = BLAZEPOSE
    finds_people = False
    batch_size = 8

    def __init__(
        self, *, name: str, models: TaskFile, curves: Curves, weights_sha256: str, threads: int, passes: int
    ) -> None:
        self.name = name
        self.weights_sha256 = weights_sha256
        self._curves, self._passes = curves, passes
        self._detector = PersonDetector(models.detector, threads=threads)
        self._network = LandmarkNetwork(models.landmarks, threads=threads)

    def estimate(
        self,
        frames: FrameArray,
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[FloatArray] | None = None,
    ) -> list[FramePoses]:
        """See :meth:`estimators.Estimator.estimate`."""
        return look_into_boxes(
            frames,
            pts_seconds,
            boxes,
            look=self._look,
            joints=len(self.skeleton.joints),
            batch_size=self.batch_size,
        )

    def _look(self, places: Sequence[tuple[FrameArray, Boxes]]) -> FloatArray:
        return np.stack([self._pose(frame, box) for frame, box in places])

    def _pose(self, frame: FrameArray, box: Boxes) -> FloatArray:
        """The joints (33, 3) of the person in a box; missing where nobody is there."""
        pose = np.full((len(self.skeleton.joints), 3), np.nan, np.float32)
        pose[:, 2] = 0
        region = self._region(frame, box)
        for _ in range(self._passes):
            seen = self._network.look(frame, region)
            region = seen.region
        if seen.presence >= PRESENT and np.isfinite(seen.points).all():
            pose[:, :2] = seen.points
            pose[:, 2] = calibrated_joints(self._curves, seen.visibility, CURVES_OF)
        return pose

    def _region(self, frame: FrameArray, box: Boxes) -> Region:
        """Where the landmark network should look for the person of a box."""
        height, width = frame.shape[:2]
        wide = geometry.padded(box, (SEARCHED - 1) / 2)
        searched = np.clip(wide, 0, [width - 1, height - 1, width - 1, height - 1]).astype(np.float32)
        in_frame = (searched[2:] - searched[:2]).min() >= 1
        if in_frame and (found := self._detector.detect(frame, searched)):
            return max(found, key=lambda one: one.score * (_shared(one, box) + FAINT)).region
        return Region.around_box(box, widened=CIRCLE)


def _shared(found: Candidate, box: Boxes) -> float:
    """How far somebody's place is that of a box: overlap of both; nothing where the shoulders lie outside."""
    if (found.shoulders < box[:2]).any() or (found.shoulders > box[2:]).any():
        return 0.0
    reach = found.region.size / 2 / CIRCLE
    body = np.array(
        [found.region.x - reach, found.region.y - reach, found.region.x + reach, found.region.y + reach]
    )
    return float(geometry.iou(body, box))
