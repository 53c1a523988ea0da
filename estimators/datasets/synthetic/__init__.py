"""Drawn people with known joints: for the demo clip, for tests, and as a small part of the training data."""

from estimators.datasets.synthetic.body import DrawnBody, Pose, between, place
from estimators.datasets.synthetic.drawing import Appearance, draw_background, draw_body
from estimators.datasets.synthetic.motion import MOTIONS, pose_at
from estimators.datasets.synthetic.sampling import sample
from estimators.skeletons import JOINTS

__all__ = [
    "JOINTS",
    "MOTIONS",
    "Appearance",
    "DrawnBody",
    "Pose",
    "between",
    "draw_background",
    "draw_body",
    "place",
    "pose_at",
    "sample",
]
