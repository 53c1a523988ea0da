"""Joints that another program found, in the place of an estimator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from estimators.boxes import Boxes, around, iou
from estimators.interface import FloatArray, FrameArray, FramePoses
from estimators.keypoints_file.people import FilePeople
from estimators.top_down import frame_boxes, person_scores

ROOM = 0.15  # around the joints, of the longer side of their box


class KeypointsFileEstimator:
    """See :class:`estimators.Estimator` and :class:`estimators.interface.KnowsPeople`. It sees no picture.

    Args:
        name: as in ``--estimator``.
        people: of the file.
        sha256: of the file, for the record.
        fps: frames a second, for times where only they are known (:meth:`estimate`) and the file has none.
    """

    finds_people = True
    batch_size = 64

    def __init__(self, *, name: str, people: FilePeople, sha256: str, fps: float) -> None:
        self.name, self.skeleton, self.weights_sha256 = name, people.skeleton, sha256
        self._people = people.people
        self._rows = {int(index): row for row, index in enumerate(people.frame_indices)}
        given = people.pts_seconds
        self._times = np.asarray(people.frame_indices / fps if given is None else given, np.float64)

    def people_in(self, frame_index: int) -> list[tuple[int, FloatArray]]:
        """Number and joints (J, 3) of everybody in a frame of the video."""
        row = self._rows.get(frame_index)
        return [] if row is None else self._people_of(row)

    def estimate(
        self,
        frames: FrameArray,
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[FloatArray] | None = None,
    ) -> list[FramePoses]:
        """Everybody in the frames of these times; with boxes, whoever is in each of them."""
        given = frame_boxes(frames, pts_seconds, boxes)
        return [
            self._poses(float(seconds), None if boxes is None else found)
            for seconds, found in zip(pts_seconds, given, strict=True)
        ]

    def _people_of(self, row: int) -> list[tuple[int, FloatArray]]:
        rows = {number: points[row].astype(np.float32) for number, points in self._people.items()}
        there = {number: pose for number, pose in rows.items() if np.isfinite(pose[:, :2]).all(axis=1).any()}
        return [(number, _tidied(pose)) for number, pose in there.items()]

    def _poses(self, seconds: float, wanted: Boxes | None) -> FramePoses:
        row = int(np.abs(self._times - seconds).argmin()) if len(self._times) else 0
        step = float(np.median(np.diff(self._times))) if len(self._times) > 1 else 1.0
        near = len(self._times) > 0 and abs(self._times[row] - seconds) <= step / 2 + 1e-6
        poses = [pose for _, pose in self._people_of(row)] if near else []
        places = [_place(pose) for pose in poses]
        if wanted is not None:
            poses, places = self._in_boxes(poses, places, wanted), list(wanted)
        joints = len(self.skeleton.joints)
        keypoints = np.array(poses, np.float32).reshape(-1, joints, 3)
        found = np.array(places, np.float32).reshape(-1, 4)
        return FramePoses(seconds, keypoints, found, person_scores(keypoints).astype(np.float32))

    def _in_boxes(self, poses: list[FloatArray], places: list[Boxes], wanted: Boxes) -> list[FloatArray]:
        nobody = np.full((len(self.skeleton.joints), 3), np.nan, np.float32)
        nobody[:, 2] = 0
        chosen = []
        for box in wanted:
            shared = [float(iou(box, place)) for place in places]
            chosen.append(poses[int(np.argmax(shared))] if shared and max(shared) > 0 else nobody)
        return chosen


def _tidied(pose: FloatArray) -> FloatArray:
    """The pose with scores in 0..1, 0 where the joint is missing, and 1 where the file gives none."""
    missing = ~np.isfinite(pose[:, :2]).all(axis=1)
    pose[missing, :2] = np.nan
    pose[:, 2] = np.where(missing, 0, np.clip(np.nan_to_num(pose[:, 2], nan=1.0), 0, 1))
    return pose


def _place(pose: FloatArray) -> Boxes:
    """The box around all of a pose's joints; a single one gets a pixel."""
    box = around(pose, min_score=0.0, pad=ROOM)
    if box is not None and (box[2:] > box[:2]).all():
        return box
    point = np.nanmean(pose[:, :2], axis=0)
    return np.concatenate([point - 0.5, point + 0.5]).astype(np.float32)
