"""The 15 joints SFN gives: the 14 of Leeds Sports Pose and the face's centre of YouTube Pose."""

from __future__ import annotations

from estimators.interface import Skeleton
from estimators.skeletons import JOINTS

SKELETON = Skeleton(
    name="sfn15",
    joints=JOINTS,
    limbs=(
        ("head_top", "head"),
        ("head", "neck"),
        ("neck", "left_shoulder"),
        ("neck", "right_shoulder"),
        ("left_shoulder", "left_elbow"),
        ("right_shoulder", "right_elbow"),
        ("left_elbow", "left_wrist"),
        ("right_elbow", "right_wrist"),
        ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"),
        ("left_hip", "right_hip"),
        ("left_hip", "left_knee"),
        ("right_hip", "right_knee"),
        ("left_knee", "left_ankle"),
        ("right_knee", "right_ankle"),
    ),
)
