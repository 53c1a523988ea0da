"""The names of posefix's own 15 joints, left and right the person's, in the order they are kept in."""

from __future__ import annotations

JOINTS: tuple[str, ...] = (
    "head",
    "neck",
    "head_top",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
