"""Random pictures of drawn people, for training."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators.datasets.synthetic.body import Limb, Pose, place
from estimators.datasets.synthetic.drawing import Appearance, add_grain, draw_background, draw_body


def sample(
    rng: np.random.Generator, *, size: tuple[int, int] = (256, 256)
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A drawn person on some background.

    Args:
        rng: all that is random comes from it.
        size: height and width of the picture.

    Returns:
        The picture, uint8, (H, W, 3), RGB, and its keypoints, float32, (15, 2): x, y in pixels, in the order
        of :data:`estimators.skeletons.JOINTS`. Some may lie outside the picture.
    """
    picture = draw_background(rng, size=size)
    height = float(rng.uniform(0.55, 0.95) * size[0])
    pelvis = (size[1] * float(rng.uniform(0.38, 0.62)), size[0] * float(rng.uniform(0.45, 0.58)))
    body = place(random_pose(rng), height=height, pelvis=pelvis)
    draw_body(picture, body, Appearance.sample(rng))
    if rng.random() < 0.5:
        picture[:] = cv2.GaussianBlur(picture, (3, 3), float(rng.uniform(0.3, 1.2)))
    grain = rng.normal(0, rng.uniform(0, 6), size)
    return add_grain(picture, grain), body.keypoints.astype(np.float32)


def random_pose(rng: np.random.Generator) -> Pose:
    """A pose with joints at angles that people reach; mostly upright, turned any way."""

    def arm() -> Limb:
        return Limb(
            out=float(rng.uniform(0, 2.9)) if rng.random() < 0.6 else float(rng.uniform(0, 0.5)),
            forward=float(rng.uniform(-0.5, 1.6)),
            bend=float(rng.uniform(0, 2.2)),
        )

    def leg() -> Limb:
        forward = float(rng.uniform(-0.4, 1.4)) if rng.random() < 0.5 else float(rng.uniform(-0.2, 0.3))
        bend = float(rng.uniform(0, 0.3) + max(0.0, forward) * rng.uniform(0.3, 1.4))
        return Limb(out=float(rng.uniform(-0.05, 0.6)), forward=forward, bend=bend)

    return Pose(
        yaw=float(rng.uniform(-np.pi, np.pi)) if rng.random() < 0.6 else float(rng.normal(0, 0.4)),
        roll=float(rng.normal(0, 0.15)),
        bow=float(rng.uniform(-0.1, 0.6)),
        nod=float(rng.normal(0, 0.15)),
        left_arm=arm(),
        right_arm=arm(),
        left_leg=leg(),
        right_leg=leg(),
    )
