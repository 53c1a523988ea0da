"""Augmentation that MMPose does not have, registered with it: loose boxes, appearance, occlusion; packing."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from estimators.sfn.training.dataset import person_box
from estimators.sfn.training.targets import Samples


@TRANSFORMS.register_module()
class RandomPersonBox(BaseTransform):
    """Boxes as a follower gives them: loose, tight, off centre, turned; sometimes the whole frame; and as a
    search gives them: anywhere in the picture, where the person may be cut or not there at all.

    Args:
        frame_share: how often the whole picture is the box.
        stray_share: how often the box is anywhere, a sixth to all of the picture's smaller side.
        upper_share: how often it is around the upper body alone, as where a camera shows no more.
        scale: smallest and largest factor on the box, drawn evenly in its logarithm.
        shift: largest shift, as a share of the box.
        rotation: largest angle in degrees; half of the samples are turned.
    """

    def __init__(
        self,
        *,
        frame_share: float,
        stray_share: float = 0.1,
        upper_share: float = 0.0,
        scale: tuple[float, float] = (0.7, 1.7),
        shift: float = 0.2,
        rotation: float = 40.0,
    ) -> None:
        self.frame_share = frame_share
        self.stray_share = stray_share
        self.upper_share = upper_share
        self.scale = scale
        self.shift = shift
        self.rotation = rotation

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Sets ``bbox_center``, ``bbox_scale``, ``bbox_rotation`` from ``bbox``, ``img`` and the joints."""
        height, width = results["img"].shape[:2]
        box = results["bbox"][0]
        low, high = self.scale
        kind = np.random.rand()
        if kind < self.stray_share:
            side = min(height, width) * np.exp(np.random.uniform(np.log(1 / 6), 0))
            corner = np.random.rand(2) * [width - side, height - side]
            box = np.concatenate([corner, corner + side]).astype(np.float32)
            high = 1.0
        elif kind < self.stray_share + self.frame_share:
            box = np.array([0, 0, width - 1, height - 1], dtype=np.float32)
            high = min(high, 1.15)
        elif kind < self.stray_share + self.frame_share + self.upper_share:
            upper = list(results["upper_body_ids"])
            labelled = results["keypoints_visible"][0, upper, None] > 0
            joints = np.where(labelled, results["keypoints"][0, upper], np.nan)
            box = person_box(joints, (height, width))[0]
        size = box[2:] - box[:2]
        factor = np.exp(np.random.uniform(np.log(low), np.log(high)))
        shift = np.random.uniform(-self.shift, self.shift, 2) * size
        angle = np.clip(np.random.normal(0, self.rotation / 2), -self.rotation, self.rotation)
        results["bbox_center"] = ((box[:2] + box[2:]) / 2 + shift)[None].astype(np.float32)
        results["bbox_scale"] = (size * factor)[None].astype(np.float32)
        results["bbox_rotation"] = np.array([angle if np.random.rand() < 0.5 else 0.0], dtype=np.float32)
        return results


@TRANSFORMS.register_module()
class RandomAppearance(BaseTransform):
    """Light, colour, blur, coarse pixels and noise on the crop (uint8 RGB)."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Changes ``img``."""
        image = results["img"]
        if np.random.rand() < 0.8:
            image = _recoloured(image)
        if np.random.rand() < 0.1:
            image = np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
        choice = np.random.rand()
        if choice < 0.12:
            image = _motion_blurred(image)
        elif choice < 0.24:
            image = cv2.GaussianBlur(image, (0, 0), np.random.uniform(0.5, 2.0))
        elif choice < 0.34:
            image = _coarse(image)
        if np.random.rand() < 0.1:
            noise = np.random.normal(0, np.random.uniform(3, 15), image.shape[:2])
            image = np.clip(image + noise[..., None], 0, 255).astype(np.uint8)
        results["img"] = np.ascontiguousarray(image)
        return results


def _recoloured(image: np.ndarray) -> np.ndarray:
    """Random gamma, contrast and brightness by channel, and saturation."""
    levels = np.linspace(0, 1, 256)[:, None]
    gamma = np.exp(np.random.uniform(-0.4, 0.4))
    contrast = np.random.uniform(0.6, 1.4) * np.random.uniform(0.85, 1.15, 3)
    brightness = np.random.uniform(-0.15, 0.15) + np.random.uniform(-0.05, 0.05, 3)
    table = np.clip((levels**gamma - 0.5) * contrast + 0.5 + brightness, 0, 1) * 255
    image = cv2.LUT(image, table.astype(np.uint8).reshape(256, 1, 3))
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    colour = np.random.uniform(0.3, 1.6)
    return cv2.addWeighted(image, colour, grey, 1 - colour, 0)


def _motion_blurred(image: np.ndarray) -> np.ndarray:
    length = int(np.random.randint(3, 12))
    kernel = np.zeros((length, length), dtype=np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), np.random.uniform(0, 180), 1)
    turned = cv2.warpAffine(kernel, turn, (length, length))
    weights = np.asarray(turned / max(float(turned.sum()), 1e-6), dtype=np.float32)
    return cv2.filter2D(image, -1, weights)


def _coarse(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    factor = np.random.uniform(0.25, 0.7)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


@TRANSFORMS.register_module()
class RandomOcclusion(BaseTransform):
    """Covers up to three patches with a colour, noise or another part of the picture.

    Joints under them stay labelled: an occluded joint can be told from the rest of the body.
    """

    def __init__(self, *, share: float = 0.35) -> None:
        self.share = share

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Changes ``img`` in place."""
        if np.random.rand() >= self.share:
            return results
        image = results["img"]
        size = image.shape[0]
        for _ in range(np.random.randint(1, 4)):
            width, height = (np.random.uniform(0.06, 0.3, 2) * size).astype(int)
            x, y = np.random.randint(0, size - width), np.random.randint(0, size - height)
            patch = image[y : y + height, x : x + width]
            kind = np.random.rand()
            if kind < 0.4:
                patch[:] = np.random.randint(0, 256, 3)
            elif kind < 0.6:
                patch[:] = np.random.randint(0, 256, patch.shape)
            else:
                x, y = np.random.randint(0, size - width), np.random.randint(0, size - height)
                patch[:] = image[y : y + height, x : x + width].copy()
        return results


@TRANSFORMS.register_module()
class PackSample(BaseTransform):
    """Keeps what training needs, as arrays that a batch can stack."""

    def transform(self, results: dict[str, Any]) -> Any:
        """Gives the :class:`estimators.sfn.training.targets.Samples` of one crop."""
        return Samples(
            images=np.ascontiguousarray(results["img"]),  # type: ignore[arg-type]
            joints=results["transformed_keypoints"][0].astype(np.float32),
            labelled=(results["keypoints_visible"][0] > 0).astype(np.float32),
        )
