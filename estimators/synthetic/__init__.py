"""Drawn people with known joints: for the demo clip, for tests, and as a small part of the training data."""

from estimators.joints import JOINTS
from estimators.synthetic.body import Body, Pose, between, place
from estimators.synthetic.drawing import Appearance, draw_background, draw_body
from estimators.synthetic.motion import MOTIONS, pose_at
from estimators.synthetic.sampling import sample

__all__ = [
    "JOINTS",
    "MOTIONS",
    "Appearance",
    "Body",
    "Pose",
    "between",
    "draw_background",
    "draw_body",
    "place",
    "pose_at",
    "sample",
]
