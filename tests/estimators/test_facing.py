"""From which side people are seen, and bodies whose sides are exchanged."""

from __future__ import annotations

import numpy as np
import pytest

from estimators.facing import ALL, BEHIND, FRONT, NOT_UPRIGHT, SIDE, UNKNOWN, by_facing, facing
from estimators.skeletons import JOINTS, POSEFIX


def person(*, width: float, turned: bool = False) -> np.ndarray:
    """A standing body (15, 2) with a torso of 100 pixels, its left ``width`` to the right of its right."""
    joints = np.zeros((len(JOINTS), 2), np.float32)
    heights = {"shoulder": 0, "elbow": 50, "wrist": 90, "hip": 100, "knee": 180, "ankle": 260}
    for index, name in enumerate(JOINTS):
        part = name.rpartition("_")[2]
        across = {"left": width / 2, "right": -width / 2}.get(name.partition("_")[0], 0.0)
        joints[index] = (across, heights.get(part, -40))
    return joints[:, ::-1].copy() if turned else joints


def exchanged(joints: np.ndarray) -> np.ndarray:
    return joints[list(POSEFIX.flip_indices)]


@pytest.mark.parametrize(
    ("joints", "kind"),
    [
        (person(width=40), FRONT),
        (person(width=-40), BEHIND),
        (person(width=26), FRONT),
        (person(width=24), SIDE),
        (person(width=-24), SIDE),
        (person(width=40, turned=True), NOT_UPRIGHT),
        (np.full((15, 2), np.nan, np.float32), UNKNOWN),
        (np.full((15, 2), -1e5, np.float32), UNKNOWN),
    ],
)
def test_facing(joints: np.ndarray, kind: str):
    assert facing(joints[None]).tolist() == [kind]


def test_exchanged_sides_are_counted_by_facing():
    labels = np.stack([person(width=80), person(width=-80), person(width=-80), person(width=4)])
    found = labels.copy()
    found[1] = exchanged(labels[1])
    found[3] = exchanged(labels[3])  # 4 pixels apart: as right as before
    rows = by_facing(found, labels)
    assert (rows[ALL].people, rows[BEHIND].people) == (4, 2)
    assert (rows[BEHIND].right, rows[BEHIND].either_side, rows[BEHIND].mirrored) == (50, 100, 50)
    assert rows[FRONT].mirrored == rows[SIDE].mirrored == 0
    assert rows[SIDE].right == 100
    assert rows[ALL].right == 75


def test_one_exchanged_pair_is_no_mirrored_body():
    labels = person(width=80)[None]
    found = labels.copy()
    pair = [JOINTS.index("left_wrist"), JOINTS.index("right_wrist")]
    found[0, pair] = labels[0, pair[::-1]]
    row = by_facing(found, labels)[FRONT]
    assert row.mirrored == 0
    assert row.right == pytest.approx(100 * 10 / 12)


def test_missing_joints_and_labels():
    labels, found = person(width=80)[None], person(width=80)[None]
    labels[0, JOINTS.index("left_ankle")] = np.nan
    found[0, JOINTS.index("left_knee")] = np.nan
    assert by_facing(found, labels)[FRONT].right == pytest.approx(100 * 10 / 11)
