"""Frames and boxes in, joints out: any top-down ONNX model."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from estimators.boxes import Boxes
from estimators.interface import FloatArray, FrameArray, FramePoses
from estimators.onnx.decoding import Heatmaps, SimCC
from estimators.onnx.preprocessing import Colours
from estimators.onnx.session import OnnxSession
from estimators.score_curves import Curves, calibrated_joints
from estimators.skeletons import Skeleton
from estimators.top_down import look_into_boxes


class OnnxEstimator:
    """See :class:`estimators.Estimator`.

    Args:
        name: as in ``--estimator``.
        session: the model.
        decoder: of its outputs.
        skeleton: its joints.
        size: width and height of its input.
        colours: of its input.
        padding: the box is widened so many times, as it was in training.
        curves: from its scores to the chance of being right.
        weights_sha256: for the record.
    """

    finds_people = False

    def __init__(
        self,
        *,
        name: str,
        session: OnnxSession,
        decoder: SimCC | Heatmaps,
        skeleton: Skeleton,
        size: tuple[int, int],
        colours: Colours,
        padding: float,
        curves: Curves,
        weights_sha256: str,
    ) -> None:
        self.name, self.skeleton, self.weights_sha256 = name, skeleton, weights_sha256
        self.batch_size = 8 if session.batches else 1
        self._session, self._decoder, self._curves = session, decoder, curves
        self._size, self._colours, self._padding = size, colours, padding

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
        regions = [widened_region(box, size=self._size, padding=self._padding) for _, box in places]
        crops = np.stack(
            [crop(frame, region, self._size) for (frame, _), region in zip(places, regions, strict=True)]
        )
        points, given = self._decoder.decode(self._session.run(self._colours(crops)))
        region = np.stack(regions)[:, None]
        points = points / self._size * (region[..., 2:] - region[..., :2]) + region[..., :2]
        missing = ~(np.isfinite(given) & (given > 0))
        scores = np.where(missing, 0.0, calibrated_joints(self._curves, given, self.skeleton.joints))
        points = np.where(missing[..., None], np.nan, points)
        return np.concatenate([points, scores[..., None]], axis=-1).astype(np.float32)


def widened_region(box: Boxes, *, size: tuple[int, int], padding: float) -> FloatArray:
    """The box, widened ``padding`` times and then to the shape of the input: x1, y1, x2, y2."""
    middle, sides = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * padding
    scale = (sides / size).max()
    half = np.array(size) * scale / 2
    return np.concatenate([middle - half, middle + half])


def crop(frame: FrameArray, region: FloatArray, size: tuple[int, int]) -> FrameArray:
    """A region of a frame as a picture of ``size`` (width, height), black beyond the frame."""
    scale = size[0] / float(region[2] - region[0])
    matrix = np.array([[scale, 0, -scale * region[0]], [0, scale, -scale * region[1]]])
    return np.asarray(cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
