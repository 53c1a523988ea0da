"""The records as MMPose datasets."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from mmpose.datasets.datasets import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from estimators.datasets.records import PoseRecord
from estimators.sfn.metainfo import sfn_metainfo

UPPER_BODY_PADDING = 1.5  # joints of the upper body only: the box also takes in forearms and hips
BODY_PADDING = 1.25


def person_box(keypoints: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Box (1, 4) x1, y1, x2, y2 around labelled joints (J, 2), padded; the whole picture if none is in it."""
    height, width = shape[:2]
    inside = ((keypoints >= 0) & (keypoints <= [width, height])).all(axis=1)
    if not inside.any():
        return np.array([[0, 0, width - 1, height - 1]], dtype=np.float32)
    low, high = keypoints[inside].min(axis=0), keypoints[inside].max(axis=0)
    padding = BODY_PADDING if inside.sum() > 8 else UPPER_BODY_PADDING
    centre, side = (low + high) / 2, max((high - low).max(), 16.0) * padding
    return np.concatenate([centre - side / 2, centre + side / 2])[None].astype(np.float32)


@DATASETS.register_module()
class RecordDataset(BaseCocoStyleDataset):
    """One person a picture, the pictures kept in memory.

    Args:
        records: as the loaders of :mod:`estimators.datasets.records` give them.
        pipeline: MMPose transforms; ``img`` is there from the start, as RGB.
    """

    METAINFO = sfn_metainfo()

    def __init__(self, *, records: Sequence[PoseRecord], pipeline: list[Any]) -> None:
        self.records = list(records)
        super().__init__(pipeline=pipeline, serialize_data=False)

    def load_data_list(self) -> list[dict[str, Any]]:
        """One entry a record: box, keypoints and which are labelled."""
        return [self._entry(index, record) for index, record in enumerate(self.records)]

    @staticmethod
    def _entry(index: int, record: PoseRecord) -> dict[str, Any]:
        labelled = np.isfinite(record.keypoints).all(axis=1)
        return {
            "img_id": index,
            "id": index,
            "img_path": record.name,
            "bbox": person_box(record.keypoints, record.image.shape),
            "bbox_score": np.ones(1, dtype=np.float32),
            "keypoints": np.nan_to_num(record.keypoints)[None],
            "keypoints_visible": labelled.astype(np.float32)[None],
        }

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """The entry with its picture and the meta information that transforms need."""
        info: dict[str, Any] = copy(self.data_list[idx])
        for key in ("flip_pairs", "flip_indices", "upper_body_ids", "lower_body_ids"):
            info[key] = self._metainfo[key]  # the property copies all of it
        image = self.records[idx].image
        return {**info, "img": image, "img_shape": image.shape[:2], "ori_shape": image.shape[:2]}
