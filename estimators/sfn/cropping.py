"""MMPose's top-down crop without aliasing, for training and use alike."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from mmpose.datasets.transforms import TopdownAffine
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class AreaTopdownAffine(TopdownAffine):
    """``TopdownAffine`` that first shrinks large boxes by a whole factor, averaging pixels.

    Bilinear sampling of a large box skips most pixels; averaging first keeps thin limbs whole. Only the part
    of the picture that the box needs is shrunk.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """As ``TopdownAffine``: reads ``img``, ``bbox_center``, ``bbox_scale``, sets the crop."""
        side = float(results["bbox_scale"].max())
        factor = int(side // max(self.input_size))
        if factor < 2:
            return super().transform(results)
        centre, scale = results["bbox_center"], results["bbox_scale"]
        reach = side * (0.75 if results.get("bbox_rotation", np.zeros(1))[0] else 0.5) + factor
        shrunk, origin = _shrink(results["img"], centre[0], reach, factor)
        inner = {
            **results,
            "img": shrunk,
            "bbox_center": (centre - origin + 0.5) / factor - 0.5,
            "bbox_scale": scale / factor,
        }
        if results.get("keypoints") is not None:
            inner["keypoints"] = (results["keypoints"] - origin + 0.5) / factor - 0.5
        inner = super().transform(inner)
        if "transformed_keypoints" in inner:
            results["transformed_keypoints"] = inner["transformed_keypoints"]
        results["img"], results["input_size"] = inner["img"], inner["input_size"]
        results["bbox_scale"] = inner["bbox_scale"] * factor
        return results


def _shrink(
    image: np.ndarray, centre: np.ndarray, reach: float, factor: int
) -> tuple[np.ndarray, np.ndarray]:
    """The part of a picture within ``reach`` of a point, shrunk; and that part's first pixel (x, y)."""
    height, width = image.shape[:2]
    low = np.clip(np.floor(centre - reach), 0, [width - 1, height - 1]).astype(int)
    high = np.clip(np.ceil(centre + reach) + 1, low + 1, [width, height]).astype(int)
    cells = np.maximum((high - low) // factor, 1)
    high = np.minimum(low + cells * factor, [width, height])
    part = image[low[1] : high[1], low[0] : high[0]]
    shrunk = cv2.resize(part, (int(cells[0]), int(cells[1])), interpolation=cv2.INTER_AREA)
    return shrunk, low.astype(np.float32)
