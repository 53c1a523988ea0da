"""A body made of rigid limbs: joint angles in, joints in the picture out.

The body's own axes are left, down and forward; it is turned about the vertical by its yaw and seen from far
away (orthographic). Yaw 0 faces the viewer, so that the person's left is at the viewer's right.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from estimators.skeletons import JOINTS

# Lengths as shares of the body's height, about those of adults.
HEAD, NECK = 0.13, 0.05
TORSO, SHOULDERS, HIPS = 0.30, 0.21, 0.15
UPPER_ARM, FOREARM = 0.17, 0.15
THIGH, SHIN = 0.24, 0.22

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Limb:
    """Angles of an arm or a leg, in radians.

    Attributes:
        out: of the upper part, away from the body to its own side; 0 hangs down, pi points up.
        forward: of the upper part, to the front.
        bend: of the elbow or knee; 0 is straight.
    """

    out: float = 0.1
    forward: float = 0.0
    bend: float = 0.1


@dataclass(frozen=True)
class Pose:
    """Angles of the whole body, in radians.

    Attributes:
        yaw: turn about the vertical; 0 faces the viewer, pi faces away, pi / 2 shows the left side.
        roll: turn in the picture about the pelvis, clockwise.
        bow: of the torso, to the front.
        nod: of the head in the picture, clockwise.
    """

    yaw: float = 0.0
    roll: float = 0.0
    bow: float = 0.0
    nod: float = 0.0
    left_arm: Limb = field(default_factory=Limb)
    right_arm: Limb = field(default_factory=Limb)
    left_leg: Limb = field(default_factory=Limb)
    right_leg: Limb = field(default_factory=Limb)


@dataclass(frozen=True)
class DrawnBody:
    """A posed body in a picture.

    Attributes:
        keypoints: (15, 2): x, y in pixels, in the order of :data:`estimators.skeletons.JOINTS`.
        depth: (15,): pixels towards the viewer, from the pelvis.
        height: of the upright body, in pixels.
        yaw: as in the pose.
    """

    keypoints: NDArray[np.float64]
    depth: NDArray[np.float64]
    height: float
    yaw: float


def between(first: Pose, second: Pose, share: float) -> Pose:
    """The pose that is ``share`` (0..1) of the way from the first to the second."""

    def mixed(one: float | Limb, other: float | Limb) -> float | Limb:
        if isinstance(one, Limb) and isinstance(other, Limb):
            return Limb(
                *((1 - share) * a + share * b for a, b in zip(astuple(one), astuple(other), strict=True))
            )
        return (1 - share) * one + share * other  # type: ignore[operator]

    names = [part.name for part in fields(Pose)]
    return Pose(**{name: mixed(getattr(first, name), getattr(second, name)) for name in names})  # type: ignore[arg-type]


def place(pose: Pose, *, height: float, pelvis: tuple[float, float]) -> DrawnBody:
    """Puts the body into the picture.

    Args:
        pose: its angles.
        height: of the upright body, in pixels.
        pelvis: x, y of the middle between the hips, in pixels.
    """
    points = _joints(pose) * height
    # Left, down, forward -> right in the picture, down in the picture, towards the viewer.
    cos, sin = np.cos(pose.yaw), np.sin(pose.yaw)
    x = points[:, 0] * cos - points[:, 2] * sin
    depth = points[:, 0] * sin + points[:, 2] * cos
    turned = _turn(np.stack([x, points[:, 1]], axis=1), pose.roll)
    return DrawnBody(turned + np.asarray(pelvis), depth, height, pose.yaw)


def _joints(pose: Pose) -> Vector:
    """(15, 3): left, down, forward of the pelvis, for a body of height 1."""
    up = np.array([0.0, -np.cos(pose.bow), np.sin(pose.bow)])
    neck = up * (TORSO + 0.02)
    over = np.array([np.sin(pose.nod), 0.0, 0.0]) + up * np.cos(pose.nod)
    head_top = neck + over * (NECK + HEAD)
    head = neck + over * (NECK + HEAD * 0.45)
    found = {"neck": neck, "head_top": head_top, "head": head}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        arm, leg = getattr(pose, f"{side}_arm"), getattr(pose, f"{side}_leg")
        shoulder = up * TORSO + np.array([sign * SHOULDERS / 2, 0, 0])
        hip = np.array([sign * HIPS / 2, 0, 0])
        chain = _chain(shoulder, arm, sign, UPPER_ARM, FOREARM, knee=False)
        found |= {f"{side}_shoulder": shoulder, f"{side}_elbow": chain[0], f"{side}_wrist": chain[1]}
        chain = _chain(hip, leg, sign, THIGH, SHIN, knee=True)
        found |= {f"{side}_hip": hip, f"{side}_knee": chain[0], f"{side}_ankle": chain[1]}
    return np.stack([found[joint] for joint in JOINTS])


def _chain(
    start: Vector, limb: Limb, sign: float, upper: float, lower: float, *, knee: bool
) -> tuple[Vector, Vector]:
    """Elbow and wrist, or knee and ankle."""
    middle = start + upper * _direction(limb.out, limb.forward, sign)
    # An elbow bends to the front and a raised one on to the inside, a knee to the back.
    if knee:
        end = _direction(limb.out, limb.forward - limb.bend, sign)
    else:
        end = _direction(
            limb.out + limb.bend * np.sin(limb.out), limb.forward + limb.bend * np.cos(limb.out), sign
        )
    return middle, middle + lower * end


def _direction(out: float, forward: float, sign: float) -> Vector:
    return np.array([sign * np.sin(out), np.cos(out) * np.cos(forward), np.cos(out) * np.sin(forward)])


def _turn(points: Vector, angle: float) -> Vector:
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])
