"""Bodies: which joints a part model knows, which parts it has and how they hang together.

Inside of the model left and right are the VIEWER's, as in Yang & Ramanan's data: the templates cannot tell a
front from a back. :mod:`estimators.yr.processor` turns them into the person's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from estimators.skeletons import Skeleton, pairs_by_name

Array = NDArray[np.floating]
Blend = dict[str, float]


@dataclass(frozen=True)
class PartLayout:
    """The parts of a body.

    Attributes:
        skeleton: the joints that the model gives, left and right by their names.
        parts: each part's place as a weighted mean of the joints, labelled with the viewer's left and right.
        parents: of each part; -1 for the root.
        joints: which part is each joint of the skeleton.
    """

    skeleton: Skeleton
    parts: tuple[Blend, ...]
    parents: tuple[int, ...]
    joints: dict[str, int]

    @property
    def part_weights(self) -> Array:
        """(parts, joints): ``part_weights @ labelled points`` are the parts' places."""
        return np.array([[part.get(joint, 0.0) for joint in self.skeleton.joints] for part in self.parts])

    @property
    def joint_parts(self) -> tuple[int, ...]:
        """The part of each joint, in the order of the skeleton."""
        return tuple(self.joints[joint] for joint in self.skeleton.joints)


def _limb(*joints: str) -> list[Blend]:
    """The joints and the points half-way between neighbours, without the first joint."""
    parts: list[Blend] = []
    for start, end in pairwise(joints):
        parts += [{start: 0.5, end: 0.5}, {end: 1.0}]
    return parts


def _side(side: str) -> list[Blend]:
    """Shoulder, arm, torso and leg of the full body on one side."""
    shoulder, hip = f"{side}_shoulder", f"{side}_hip"
    torso: list[Blend] = [{shoulder: 2 / 3, hip: 1 / 3}, {shoulder: 1 / 3, hip: 2 / 3}, {hip: 1.0}]
    arm = _limb(shoulder, f"{side}_elbow", f"{side}_wrist")
    return [{shoulder: 1.0}, *arm, *torso, *_limb(hip, f"{side}_knee", f"{side}_ankle")]


_SIDES = ("left", "right")
_ARMS = tuple(f"{side}_{joint}" for side in _SIDES for joint in ("shoulder", "elbow", "wrist"))
_LEGS = tuple(f"{side}_{joint}" for side in _SIDES for joint in ("hip", "knee", "ankle"))


def _limbs(*joints: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{side}_{a}", f"{side}_{b}") for side in _SIDES for a, b in pairwise(joints))


# Parts 1 to 26 of the released PARSE model, in its order.
FULL = PartLayout(
    skeleton=Skeleton(
        name="yr14",
        joints=("head_top", "neck", *_ARMS, *_LEGS),
        limbs=(
            ("head_top", "neck"),
            *(("neck", f"{side}_shoulder") for side in _SIDES),
            *_limbs("shoulder", "elbow", "wrist"),
            *_limbs("shoulder", "hip", "knee", "ankle"),
        ),
        pairs=pairs_by_name((*_ARMS, *_LEGS)),
        derived={"head": ("neck", "head_top")},
    ),
    parts=({"head_top": 1.0}, {"neck": 1.0}, *_side("left"), *_side("right")),
    parents=(-1, 0, 1, 2, 3, 4, 5, 2, 7, 8, 9, 10, 11, 12, 1, 14, 15, 16, 17, 14, 19, 20, 21, 22, 23, 24),
    joints={
        "head_top": 0, "neck": 1,
        "left_shoulder": 2, "left_elbow": 4, "left_wrist": 6,
        "left_hip": 9, "left_knee": 11, "left_ankle": 13,
        "right_shoulder": 14, "right_elbow": 16, "right_wrist": 18,
        "right_hip": 21, "right_knee": 23, "right_ankle": 25,
    },
)  # fmt: skip


def _arm(side: str) -> list[Blend]:
    return [{f"{side}_shoulder": 1.0}, *_limb(f"{side}_shoulder", f"{side}_elbow", f"{side}_wrist")]


UPPER = PartLayout(
    skeleton=Skeleton(
        name="yr7",
        joints=("head", *_ARMS),
        limbs=(
            *(("head", f"{side}_shoulder") for side in _SIDES),
            *_limbs("shoulder", "elbow", "wrist"),
        ),
        pairs=pairs_by_name(_ARMS),
    ),
    parts=({"head": 1.0}, {"left_shoulder": 0.5, "right_shoulder": 0.5}, *_arm("left"), *_arm("right")),
    parents=(-1, 0, 1, 2, 3, 4, 5, 1, 7, 8, 9, 10),
    joints={
        "head": 0,
        "left_shoulder": 2, "left_elbow": 4, "left_wrist": 6,
        "right_shoulder": 7, "right_elbow": 9, "right_wrist": 11,
    },
)  # fmt: skip

BODIES = {"full": FULL, "upper": UPPER}
