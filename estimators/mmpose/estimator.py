"""Frames and boxes in, joints out: any top-down model of MMPose, called in batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate

from estimators.boxes import Boxes
from estimators.interface import FloatArray, FrameArray, FramePoses
from estimators.mmpose.skeleton import skeleton_of
from estimators.score_curves import Curves, calibrated_joints
from estimators.top_down import look_into_boxes


class MMPoseEstimator:
    """See :class:`estimators.Estimator`.

    Args:
        name: as in ``--estimator``.
        model: in evaluation mode.
        pipeline: of the config: transforms for testing.
        meta: parsed, of the data set.
        device: to run on.
        curves: from the model's scores to the chance of being right.
        weights_sha256: for the record.
        flip_test: whether the picture is looked at mirrored, too, and the two answers are averaged.
    """

    finds_people = False
    batch_size = 8

    def __init__(
        self,
        *,
        name: str,
        model: Any,
        pipeline: Sequence[Mapping[str, Any]],
        meta: Mapping[str, Any],
        device: torch.device,
        curves: Curves,
        weights_sha256: str,
        flip_test: bool,
    ) -> None:
        self.name = name
        self.weights_sha256 = weights_sha256
        self.skeleton = skeleton_of(meta)
        self.model = model.to(device)
        self.model.test_cfg["flip_test"] = flip_test
        self._pipeline, self._meta, self._curves = Compose(list(pipeline)), dict(meta), curves

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
        pictures: dict[int, FrameArray] = {}
        crops = []
        for frame, box in places:
            if id(frame) not in pictures:
                # As OpenCV reads them, which is what configs expect; once for all boxes of a frame.
                pictures[id(frame)] = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8)
            crops.append(self._crop(pictures[id(frame)], box))
        with torch.inference_mode():
            instances = [sample.pred_instances for sample in self.model.test_step(pseudo_collate(crops))]
        points = np.concatenate([np.asarray(found.keypoints)[..., :2] for found in instances])
        given = np.concatenate([np.asarray(found.keypoint_scores) for found in instances])
        missing = ~(np.isfinite(points).all(axis=-1) & (given > 0))
        points = np.where(missing[..., None], np.nan, points)
        scores = np.where(missing, 0.0, calibrated_joints(self._curves, given, self.skeleton.joints))
        return np.concatenate([points, scores[..., None]], axis=-1).astype(np.float32)

    def _crop(self, picture: FrameArray, box: Boxes) -> dict[str, Any]:
        given = {"img": picture, "bbox": box[None], "bbox_score": np.ones(1, dtype=np.float32)}
        return self._pipeline({**given, **self._meta})
