"""Drawn people: the joints are where they are said to be, and left is the person's left."""

import numpy as np
import pytest

from estimators.datasets.synthetic import JOINTS, MOTIONS, Appearance, draw_body, place, pose_at, sample
from estimators.datasets.synthetic.body import FOREARM, SHIN, THIGH, UPPER_ARM, Limb, Pose
from estimators.datasets.synthetic.sampling import random_pose
from estimators.skeletons import POSEFIX


def at(body, joint):
    return body.keypoints[JOINTS.index(joint)]


def test_the_joints_are_a_skeleton():
    assert POSEFIX.flip_indices[JOINTS.index("left_hip")] == JOINTS.index("right_hip")


@pytest.mark.parametrize(
    ("yaw", "left_is_right_of_right"), [(0.0, True), (0.5, True), (np.pi, False), (-3.0, False)]
)
def test_left_is_the_persons_left(yaw, left_is_right_of_right):
    body = place(Pose(yaw=yaw), height=200, pelvis=(100, 100))
    for part in ("shoulder", "elbow", "hip", "knee"):
        assert (at(body, f"left_{part}")[0] > at(body, f"right_{part}")[0]) == left_is_right_of_right


def test_limbs_keep_their_lengths_when_seen_from_the_front():
    pose = Pose(left_arm=Limb(out=1.2, bend=0.0), right_leg=Limb(out=0.4, bend=0.0))
    body = place(pose, height=300, pelvis=(0, 0))
    for a, b, length in (
        ("left_shoulder", "left_elbow", UPPER_ARM),
        ("left_elbow", "left_wrist", FOREARM),
        ("right_hip", "right_knee", THIGH),
        ("right_knee", "right_ankle", SHIN),
    ):
        assert np.isclose(np.linalg.norm(at(body, a) - at(body, b)), 300 * length)


def test_no_limb_ever_gets_longer_than_it_is():
    rng = np.random.default_rng(0)
    for _ in range(100):
        body = place(random_pose(rng), height=100, pelvis=(0, 0))
        assert np.linalg.norm(at(body, "left_elbow") - at(body, "left_wrist")) <= 100 * FOREARM + 1e-6


@pytest.mark.parametrize("motion", MOTIONS)
def test_movements_are_smooth_and_repeat(motion):
    times = np.arange(0, 4, 0.02)
    joints = np.stack([place(pose_at(motion, t), height=300, pelvis=(0, 0)).keypoints for t in times])
    assert np.abs(np.diff(joints, axis=0)).max() < 20
    assert np.abs(np.diff(joints, axis=0)).max() > 0.5
    np.testing.assert_allclose(joints[0], joints[100], atol=1e-6)


def test_an_unknown_movement_is_refused():
    with pytest.raises(ValueError, match=r"Invalid motion \(fly\). Supported values are wave"):
        pose_at("fly", 0)


def test_every_joint_lies_on_the_drawn_person():
    frame = np.full((240, 240, 3), 77, np.uint8)
    body = place(pose_at("jumping_jack", 0.6), height=200, pelvis=(120, 125))
    draw_body(frame, body, Appearance())
    for x, y in np.round(body.keypoints).astype(int):
        around = frame[max(0, y - 2) : y + 3, x - 2 : x + 3]
        assert (around != 77).any()
    assert (frame[:20, :20] == 77).all()


def test_the_face_tells_front_from_back():
    skin = Appearance().skin

    def skin_on_the_head(yaw):
        frame = np.zeros((240, 240, 3), np.uint8)
        body = place(Pose(yaw=yaw), height=200, pelvis=(120, 125))
        draw_body(frame, body, Appearance())
        x, y = np.round(at(body, "head")).astype(int)
        return (frame[y - 12 : y + 2, x - 8 : x + 8] == skin).all(axis=2).mean()

    assert skin_on_the_head(0.0) > 0.4
    assert skin_on_the_head(np.pi) < 0.1


def test_samples_are_reproducible_and_differ():
    first, keypoints = sample(np.random.default_rng(5), size=(96, 128))
    again, same = sample(np.random.default_rng(5), size=(96, 128))
    other, _ = sample(np.random.default_rng(6), size=(96, 128))
    assert first.shape == (96, 128, 3)
    assert (first.dtype, keypoints.shape) == (np.uint8, (15, 2))
    assert (first == again).all()
    assert (keypoints == same).all()
    assert (first != other).any()
