"""Frames and boxes in, poses out: MMPose's top-down estimator called in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.dataset import Compose
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from torch import nn

from estimators import boxes as geometry
from estimators.interface import FloatArray, FrameArray, FramePoses
from estimators.precision import half_precision, to_device
from estimators.score_curves import calibrated
from estimators.sfn.builder import use_flip_test
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.metainfo import sfn_metainfo
from estimators.sfn.pipelines import crop_pipeline
from estimators.skeletons import POSEFIX
from estimators.threads import map_on_threads
from estimators.top_down import frame_boxes, person_scores

FAINTEST_PEAK = 0.04  # lower heatmap peaks are noise: the joint is missing
CUDA_BATCH = 32


class SFNEstimator:
    """See :class:`estimators.Estimator`.

    Args:
        name: as in ``--estimator``.
        config: of the network; its score curve turns peak heights into scores.
        model: in evaluation mode.
        device: to run on.
        weights_sha256: for the record.
        flip_test: average the heatmaps of the picture and of the mirrored one: more joints are right, in
            twice the time.
    """

    skeleton = POSEFIX
    finds_people = False
    turns_crops = True
    batch_size = 8  # on a CPU

    def __init__(
        self,
        *,
        name: str,
        config: SFNConfig,
        model: nn.Module,
        device: torch.device,
        weights_sha256: str,
        flip_test: bool = False,
    ) -> None:
        self.name = name
        self.config = config
        self._score_curve = (flip_test and config.flip_score_curve) or config.score_curve
        self.device = device
        if device.type == "cuda":
            self.batch_size = CUDA_BATCH
        self.weights_sha256 = weights_sha256
        self.model: Any = fused(model).to(device).eval()
        use_flip_test(self.model, flip_test)
        self.pipeline = Compose(crop_pipeline(config))
        self.flip_indices = parse_pose_metainfo(sfn_metainfo())["flip_indices"]

    def estimate(
        self,
        frames: FrameArray,
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[FloatArray] | None = None,
        angles: Sequence[FloatArray] | None = None,
    ) -> list[FramePoses]:
        """See :meth:`estimators.interface.TurnsCrops.estimate`."""
        found_boxes = frame_boxes(frames, pts_seconds, boxes)
        turns = [np.zeros(len(found)) for found in found_boxes] if angles is None else angles
        where = [
            (index, box, float(angle))
            for index, found in enumerate(found_boxes)
            for box, angle in zip(found, turns[index], strict=True)
        ]
        keypoints = np.empty((len(where), len(self.skeleton.joints), 3), dtype=np.float32)
        for start in range(0, len(where), self.batch_size):
            part = where[start : start + self.batch_size]
            crops = [self._crop(frames[index], box, angle) for index, box, angle in part]
            keypoints[start : start + len(part)] = self._predict(crops)
            for row, (_, box, angle) in enumerate(part, start):
                keypoints[row, :, :2] = geometry.turned(keypoints[row, :, :2], geometry.middle(box), angle)
        results, start = [], 0
        for seconds, found in zip(pts_seconds, found_boxes, strict=True):
            poses = keypoints[start : start + len(found)]
            start += len(found)
            results.append(FramePoses(float(seconds), poses, found, person_scores(poses)))
        return results

    def _crop(self, frame: np.ndarray, box: np.ndarray, angle: float) -> dict[str, Any]:
        return self.pipeline(
            {
                "img": frame,
                "img_shape": frame.shape[:2],
                "bbox": box[None],
                "bbox_score": np.ones(1, dtype=np.float32),
                # MMPose counts anticlockwise.
                "bbox_rotation": np.array([-angle], dtype=np.float32),
                "flip_indices": self.flip_indices,
            }
        )

    def _predict(self, crops: list[dict[str, Any]]) -> np.ndarray:
        if self.device.type == "cpu":
            return np.concatenate(map_on_threads(lambda crop: self._predict_batch([crop]), crops))
        return self._predict_batch(crops)

    def _predict_batch(self, crops: list[dict[str, Any]]) -> np.ndarray:
        batch = {
            "inputs": to_device(torch.stack([crop["inputs"] for crop in crops]), self.device),
            "data_samples": [crop["data_samples"] for crop in crops],
        }
        with torch.inference_mode(), half_precision(self.device):
            instances = [sample.pred_instances for sample in self.model.test_step(batch)]
        points = np.concatenate([instance.keypoints for instance in instances])
        peaks = np.concatenate([instance.keypoint_scores for instance in instances])
        missing = ~(peaks >= FAINTEST_PEAK)
        points = np.where(missing[..., None], np.nan, points)
        scores = np.where(missing, 0.0, calibrated(peaks, self._score_curve))
        return np.concatenate([points, scores[..., None]], axis=-1).astype(np.float32)


def fused(model: nn.Module) -> nn.Module:
    """The model with each batch normalisation folded into the convolution before it."""
    return fuse_conv_bn(model)
