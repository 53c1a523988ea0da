"""Movements as functions of time."""

from __future__ import annotations

import numpy as np

from estimators.datasets.synthetic.body import Limb, Pose

MOTIONS = ("wave", "squat", "walk", "jumping_jack")


def pose_at(motion: str, seconds: float, *, yaw: float = 0.0) -> Pose:
    """The body ``seconds`` into a movement, seen from ``yaw``.

    Raises:
        ValueError: no movement has that name.
    """
    if motion not in MOTIONS:
        raise ValueError(f"Invalid motion ({motion}). Supported values are {', '.join(MOTIONS)}.")
    swing = float(np.sin(2 * np.pi * seconds))
    rise = 0.5 - 0.5 * float(np.cos(np.pi * seconds))  # 0, 1, 0 in two seconds
    if motion == "wave":
        return Pose(
            yaw=yaw,
            nod=0.05 * swing,
            left_arm=Limb(out=2.1 + 0.15 * swing, bend=0.7 + 0.6 * swing),
            right_arm=Limb(out=0.2 + 0.05 * swing, bend=0.3),
        )
    if motion == "squat":
        leg = Limb(out=0.15 + 0.2 * rise, forward=1.3 * rise, bend=2.0 * rise + 0.1)
        arm = Limb(out=0.15, forward=1.5 * rise, bend=0.2)
        return Pose(yaw=yaw, bow=0.5 * rise, left_arm=arm, right_arm=arm, left_leg=leg, right_leg=leg)
    if motion == "walk":
        return Pose(
            yaw=yaw,
            bow=0.06,
            left_arm=Limb(out=0.12, forward=-0.5 * swing, bend=0.35),
            right_arm=Limb(out=0.12, forward=0.5 * swing, bend=0.35),
            left_leg=Limb(out=0.04, forward=0.45 * swing, bend=0.15 + 0.5 * max(0.0, -swing)),
            right_leg=Limb(out=0.04, forward=-0.45 * swing, bend=0.15 + 0.5 * max(0.0, swing)),
        )
    arm = Limb(out=0.2 + 2.4 * rise, bend=0.3)
    leg = Limb(out=0.05 + 0.4 * rise, bend=0.05)
    return Pose(yaw=yaw, left_arm=arm, right_arm=arm, left_leg=leg, right_leg=leg)
