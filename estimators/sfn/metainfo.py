"""SFN's skeleton as MMPose's dataset meta information."""

from __future__ import annotations

from typing import Any

from estimators.skeletons import POSEFIX

UPPER_BODY = ("head", "neck", "shoulder", "elbow", "wrist")


def sfn_metainfo() -> dict[str, Any]:
    """Raw meta information, as MMPose parses it from a dataset's config."""
    keypoints = {
        index: {
            "name": name,
            "id": index,
            "type": "upper" if any(part in name for part in UPPER_BODY) else "lower",
            "swap": other if other != name else "",
        }
        for index, (name, other) in enumerate(zip(POSEFIX.joints, POSEFIX.mirrored_joints, strict=True))
    }
    limbs = {index: {"link": limb, "id": index} for index, limb in enumerate(POSEFIX.limbs)}
    joints = len(POSEFIX.joints)
    return {
        "dataset_name": POSEFIX.name,
        "keypoint_info": keypoints,
        "skeleton_info": limbs,
        "joint_weights": [1.0] * joints,
        "sigmas": [0.05] * joints,
    }
