"""The built-in detector: frames scaled to one size, the network, its maps read."""

from __future__ import annotations

from copy import deepcopy

import cv2
import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from numpy.typing import NDArray
from torch import nn

from estimators.boxes import nms
from estimators.detectors.interface import Detections
from estimators.detectors.small.configuration import COARSEST_STRIDE, DetectorConfig
from estimators.detectors.small.decoding import SHARED, decode
from estimators.detectors.small.modeling import DetectorNetwork
from estimators.precision import half_precision, to_device
from estimators.threads import map_on_threads

FAINTEST = 0.1
GREY = 114
SHARES = (1, 2)  # whole and half size: those who fill the frame are beyond what the network has learnt


class SmallDetector:
    """See :class:`estimators.detectors.Detector`.

    Args:
        config: of the network.
        model: in evaluation mode.
        device: to run on.
    """

    name = "small"

    def __init__(self, *, config: DetectorConfig, model: DetectorNetwork, device: torch.device) -> None:
        self.config = config
        self._device = device
        fused = fuse_conv_bn(deepcopy(model).eval())  # a quarter faster
        self._model: nn.Module = fused.to(device=device, memory_format=torch.channels_last)

    def detect(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """See :meth:`estimators.detectors.Detector.detect`."""
        if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
            raise ValueError(f"Invalid frames {frames.dtype} {frames.shape}: uint8 (N, H, W, 3) wanted.")
        if self._device.type == "cpu":
            return map_on_threads(self._find, list(frames))
        return [self._find(frame) for frame in frames]

    def _find(self, frame: NDArray[np.uint8]) -> Detections:
        looks, picture = [], frame
        for share in SHARES:
            picture = _shrunk(picture, frame.shape, self.config.longer_side // share)
            looks.append(self._look(picture, frame.shape))
        boxes, scores = (np.concatenate(parts) for parts in zip(*looks, strict=True))
        order = np.argsort(-scores, kind="stable")
        boxes, scores = boxes[order], scores[order]
        height, width = frame.shape[:2]
        boxes = np.clip(boxes, -0.5, np.tile([width - 0.5, height - 0.5], 2))
        kept = [row for row in nms(boxes, limit=SHARED) if (boxes[row, 2:] - boxes[row, :2] >= 2).all()]
        return Detections(boxes[kept].astype(np.float32), scores[kept].astype(np.float32))

    def _look(self, small: NDArray[np.uint8], shape: tuple[int, ...]) -> tuple[NDArray, NDArray]:
        """Boxes in pixels of the frame and scores, from a smaller picture of a frame of that shape."""
        size = (small.shape[1], small.shape[0])
        across, down = -size[0] % COARSEST_STRIDE, -size[1] % COARSEST_STRIDE
        padded = np.pad(small, ((0, down), (0, across), (0, 0)), constant_values=GREY)
        picture = to_device(torch.from_numpy(padded), self._device).permute(2, 0, 1)[None].float()
        with torch.inference_mode(), half_precision(self._device):
            logits, edges = self._model(picture)
        boxes, scores = decode(logits[0].float(), edges[0].float(), threshold=FAINTEST)
        # From corners of pixels at whole numbers to middles of pixels at whole numbers.
        return boxes * np.tile([shape[1] / size[0], shape[0] / size[1]], 2) - 0.5, scores


def _shrunk(picture: NDArray[np.uint8], shape: tuple[int, ...], longer_side: int) -> NDArray[np.uint8]:
    """The picture of a frame of that shape, scaled to what the frame would be with that longer side."""
    height, width = shape[:2]
    scale = longer_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if size[0] < picture.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
