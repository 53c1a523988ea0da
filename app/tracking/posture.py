"""What a pose says of the body: how it lies in the picture, and where the rest of it should be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimators.skeletons import Skeleton

Floats = NDArray[np.floating]

SURE = 0.3  # a joint's chance of being right from which on it says something of the others
TURNED, STILL_TURNED = 45.0, 35.0  # degrees off upright at which a crop is turned, and stays turned
STEP = 15.0  # degrees: somebody turns a little all the time
# Lengths in torsos, middle of the shoulders to middle of the hips: Winter, "Biomechanics and Motor Control of
# Human Movement", 2009, has torso 0.288 of the height, thigh 0.245, shank 0.246; and a foot, and hair.
LEGS, SHANK, HEAD, BESIDE = 3.0, 1.2, 0.8, 0.4  # the first from the shoulders down
LONGEST_LIMB = 1.6
# In widths of the shoulders: a torso whose hips are not seen, and the least where it points at the camera.
TORSO_WIDTHS, LEAST_WIDTHS = 1.3, 0.8

SHOULDERS, HIPS = ("left_shoulder", "right_shoulder"), ("left_hip", "right_hip")
HEADS, KNEES, ANKLES = ("head", "neck"), ("left_knee", "right_knee"), ("left_ankle", "right_ankle")


@dataclass(frozen=True)
class Trunk:
    """Middle of the shoulders, (2,); direction from the hips to it, (2,), of length 1; length in pixels."""

    shoulders: Floats
    up: Floats
    length: float
    hips_seen: bool


class Posture:
    """Reads poses (joints, 3), with x, y and score, of one skeleton.

    Args:
        skeleton: names the joints; what it lacks is never missed.
    """

    def __init__(self, skeleton: Skeleton) -> None:
        self._skeleton = skeleton
        self._limbs = np.array(skeleton.limb_indices, int).reshape(-1, 2)

    def angle(self, keypoints: Floats, *, last: float = 0.0) -> float:
        """Degrees, -180 to 180, by which the body is turned clockwise from upright; 0 where that is little.

        Where hips or shoulders are not sure, it lies as it did ``last``.
        """
        trunk = self._trunk(keypoints)
        if trunk is None or not trunk.hips_seen:
            return last
        angle = float(np.rad2deg(np.arctan2(trunk.up[0], -trunk.up[1])))
        if abs(angle) < (STILL_TURNED if last else TURNED):
            return 0.0
        # What is about the same stays the same: regions of one angle can be compared.
        off = (angle - last + 180) % 360 - 180
        return last if last and abs(off) <= STEP else STEP * round(angle / STEP)

    def evidence(self, keypoints: Floats) -> float:
        """How many joints are right, as their scores say; the ends of far too long limbs count for half."""
        scores = np.where(np.isfinite(keypoints[:, 0]), keypoints[:, 2], 0.0)
        trunk = self._trunk(keypoints)
        if trunk is not None and trunk.hips_seen:
            limbs = keypoints[self._limbs, :2]
            long = np.linalg.norm(limbs[:, 0] - limbs[:, 1], axis=1) > LONGEST_LIMB * trunk.length
            scores[self._limbs[long].ravel()] /= 2
        return float(scores.sum())

    def missing(self, keypoints: Floats) -> Floats:
        """Points (N, 2) around where legs or head should be that are not seen; none where all are."""
        trunk = self._trunk(keypoints)
        if trunk is None:
            return np.empty((0, 2))
        up, ends = trunk.length * trunk.up, []
        if self._unseen(keypoints, ANKLES):
            knees = self._skeleton.select(keypoints, KNEES)
            ends.append(
                knees[:, :2].mean(axis=0) - SHANK * up if _sure(knees) else trunk.shoulders - LEGS * up
            )
        if self._unseen(keypoints, HEADS):
            ends.append(trunk.shoulders + HEAD * up)
        aside = BESIDE * np.array([-up[1], up[0]])
        return np.array([end + way for end in ends for way in (-aside, aside)]).reshape(-1, 2)

    def _unseen(self, keypoints: Floats, joints: tuple[str, ...]) -> bool:
        """Whether some joints are not seen; those that the skeleton lacks are not missed."""
        known = [i for joint in joints for i in self._skeleton.sources(joint)]
        return bool(known) and float(keypoints[known, 2].mean()) < SURE

    def _trunk(self, keypoints: Floats) -> Trunk | None:
        """None where the shoulders are not sure."""
        shoulders, hips = (self._skeleton.select(keypoints, part) for part in (SHOULDERS, HIPS))
        if not _sure(shoulders):
            return None
        middle = shoulders[:, :2].mean(axis=0)
        width = float(np.linalg.norm(shoulders[0, :2] - shoulders[1, :2]))
        way = middle - hips[:, :2].mean(axis=0) if _sure(hips) else np.array([0.0, -TORSO_WIDTHS * width])
        length = float(np.linalg.norm(way))
        if length < 1:
            return None
        return Trunk(middle, way / length, max(length, LEAST_WIDTHS * width), _sure(hips))


def _sure(joints: Floats) -> bool:
    return bool(np.isfinite(joints[:, 0]).all() and (joints[:, 2] >= SURE).all())
