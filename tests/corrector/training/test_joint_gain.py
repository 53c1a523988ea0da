"""How much of each joint's correction is carried out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from corrector.training.joint_gain import fit_joint_gain
from corrector.training.pairs_file import Take
from corrector.training.validation import Validation
from estimators.skeletons import POSEFIX, UPPER_BODY

JOINTS = (*UPPER_BODY, "tail")


def planted(moves: dict[str, float]) -> Any:
    """A corrector that moves joints, by part, to the right by so many pixels."""

    def correct(given: np.ndarray, *, pts_seconds: np.ndarray, joints: tuple[str, ...]) -> Any:
        move = np.array([moves.get(joint.split("_")[-1], 0.0) for joint in joints])
        return SimpleNamespace(keypoints=given[..., :2] + move[:, None] * [1, 0])

    return SimpleNamespace(joints=POSEFIX.joints, correct=correct)


def test_corrections_that_harm_are_not_carried_out() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 60, (1, len(JOINTS), 2)) + rng.normal(0, 5, (40, len(JOINTS), 2))
    given = true - [10, 0]  # ten pixels too far to the left
    given[3, 1] = np.nan
    true[5] = np.nan
    take = Take("a", np.dstack((given, np.ones(given.shape[:2]))), true, 0.25)
    corrector = planted({"head": -8.0, "shoulder": 10.0, "elbow": 20.0, "wrist": 200.0, "tail": 10.0})
    joint_gain = dict(
        zip(
            POSEFIX.joints, fit_joint_gain([(corrector, Validation(JOINTS, [take], [true]))] * 2), strict=True
        )
    )
    assert joint_gain["head"] == 0.0  # away from the truth
    assert joint_gain["left_shoulder"] == joint_gain["right_shoulder"] == 1.0
    assert joint_gain["left_elbow"] == joint_gain["right_elbow"] == 0.5  # twice as far as it should be
    assert joint_gain["left_wrist"] == 0.0
    assert joint_gain["left_knee"] == 1.0  # the takes do not say


def test_what_helps_in_one_take_and_harms_in_another_is_not_carried_out() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 60, (1, len(JOINTS), 2)) + rng.normal(0, 5, (40, len(JOINTS), 2))
    takes = []
    for name, left in (("a", 10.0), ("b", 12.0), ("c", -2.0)):
        given = true - [left, 0]
        takes.append(Take(name, np.dstack((given, np.ones(given.shape[:2]))), true, 0.25))
    corrector = planted({"wrist": 10.0, "elbow": 2.0})
    joint_gain = dict(
        zip(POSEFIX.joints, fit_joint_gain([(corrector, Validation(JOINTS, takes, [true] * 3))]), strict=True)
    )
    assert joint_gain["left_wrist"] == 0.0  # better by 10, 8 and -10 pixels: it may as well be chance
    assert joint_gain["left_elbow"] == 0.0
    sure = dict(
        zip(
            POSEFIX.joints,
            fit_joint_gain([(corrector, Validation(JOINTS, takes[:2], [true] * 2))]),
            strict=True,
        )
    )
    assert sure["left_wrist"] == 1.0
