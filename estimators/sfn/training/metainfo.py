"""SFN's skeleton as MMPose's dataset meta information."""

from __future__ import annotations

from typing import Any

from estimators.interface import mirror_name
from estimators.sfn.skeleton import SKELETON

UPPER_BODY = ("head", "neck", "shoulder", "elbow", "wrist")


def sfn_metainfo() -> dict[str, Any]:
    """Raw meta information, as MMPose parses it from a dataset's config."""
    keypoints = {
        index: {
            "name": name,
            "id": index,
            "type": "upper" if any(part in name for part in UPPER_BODY) else "lower",
            "swap": mirror_name(name) if mirror_name(name) != name else "",
        }
        for index, name in enumerate(SKELETON.joints)
    }
    limbs = {index: {"link": limb, "id": index} for index, limb in enumerate(SKELETON.limbs)}
    joints = len(SKELETON.joints)
    return {
        "dataset_name": SKELETON.name,
        "keypoint_info": keypoints,
        "skeleton_info": limbs,
        "joint_weights": [1.0] * joints,
        "sigmas": [0.05] * joints,
    }
