"""From placements of parts to people's joints, with the person's own left and right.

The templates see silhouettes and gradients, much alike from the front and from behind, and the models are
trained with the viewer's left and right. A person is taken to face the camera, as people in videos mostly
do: what is left for the viewer is the person's right. Of a person seen from behind, left and right come out
swapped, in all frames alike.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from estimators.interface import FramePoses
from estimators.yr.configuration import YRConfiguration
from estimators.yr.nms import cover
from estimators.yr.part_detector import Placements

Array = NDArray[np.floating]


def to_poses(placements: Placements, configuration: YRConfiguration, *, pts_seconds: float) -> FramePoses:
    """People with scores; the boxes cover all of a person's parts."""
    viewer = list(configuration.parts.joint_parts)
    own = [viewer[index] for index in configuration.parts.skeleton.flip_indices]
    confidence = np.array(configuration.joint_confidence)
    flipped = confidence[list(configuration.parts.skeleton.flip_indices)]
    evidence = (
        flipped[:, 0] * placements.responses[:, own]
        + flipped[:, 1] * placements.scores[:, None]
        + flipped[:, 2]
    )
    keypoints = np.concatenate([placements.points[:, own], logistic(evidence)[..., None]], axis=2)
    slope, offset = configuration.person_confidence
    return FramePoses(
        pts_seconds=pts_seconds,
        keypoints=keypoints.astype(np.float32),
        boxes=cover(placements.boxes).astype(np.float32),
        scores=logistic(slope * placements.scores + offset).astype(np.float32),
    )


def score_at(likelihood: float, configuration: YRConfiguration) -> float:
    """The score of a placement that is a person with that likelihood, in 0..1."""
    slope, offset = configuration.person_confidence
    return (math.log(likelihood / (1 - likelihood)) - offset) / slope


def logistic(evidence: Array) -> Array:
    """1 / (1 + exp(-evidence)), safe for large numbers."""
    return 0.5 * (1 + np.tanh(0.5 * evidence))
