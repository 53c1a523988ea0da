"""Metrics of joints, held against MMPose's and against a loop over single joints."""

import numpy as np
import pytest
from mmpose.evaluation.functional import keypoint_pck_accuracy

from estimators import metrics
from estimators.known_skeletons import COCO, of_joints
from estimators.skeletons import POSEFIX

JOINT_NAMES = ("head", "left_wrist", "right_wrist")


def made_up(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates and labels (50, 7, 2), of which some are missing, and a limit for each picture."""
    rng = np.random.default_rng(seed)
    labels = rng.uniform(0, 100, (50, 7, 2))
    estimated = labels + rng.normal(0, 12, labels.shape)
    labels[rng.random((50, 7)) < 0.2] = np.nan
    estimated[rng.random((50, 7)) < 0.1] = np.nan
    return estimated, labels, rng.uniform(5, 30, 50)


def test_pck_equals_a_loop_over_single_joints():
    estimated, labels, limits = made_up(1)
    labels[:, 3] = np.nan  # a joint that nobody labelled
    right, labelled = np.zeros(7), np.zeros(7)
    for picture in range(50):
        for joint in range(7):
            x, y = labels[picture, joint]
            if np.isnan(x) or np.isnan(y):
                continue
            labelled[joint] += 1
            dx, dy = estimated[picture, joint] - (x, y)
            right[joint] += (dx * dx + dy * dy) ** 0.5 <= limits[picture]
    shares = metrics.pck(metrics.joint_distances(estimated, labels), limits)
    assert np.isnan(shares[3])
    known = [joint for joint in range(7) if joint != 3]
    np.testing.assert_allclose(shares[known], right[known] / labelled[known])
    assert (labelled[known] < 50).all() and (right[known] < labelled[known]).all()


def test_pck_equals_mmpose_s():
    estimated, labels, limits = made_up(0)
    ours = metrics.pck(metrics.joint_distances(estimated, labels), limits)
    labelled = np.isfinite(labels).all(axis=-1)
    scale = np.repeat(limits[:, None], 2, axis=1)
    theirs, _, _ = keypoint_pck_accuracy(
        np.nan_to_num(estimated, nan=-1e4), np.nan_to_num(labels), labelled, 1.0, scale
    )
    np.testing.assert_allclose(ours, theirs)


def test_missing_estimates_are_wrong_and_missing_labels_do_not_count():
    labels = np.array([[[5.0, 5.0]], [[5.0, 5.0]], [[np.nan, np.nan]]])
    estimated = np.array([[[5.0, 5.0]], [[np.nan, np.nan]], [[5.0, 5.0]]])
    distances = metrics.joint_distances(estimated, labels)
    assert metrics.pck(distances, 1.0).tolist() == [0.5]


def test_kinds_of_error():
    labels = np.tile(np.array([[[50.0, 0.0], [0.0, 0.0], [100.0, 0.0]]]), (6, 1, 1))
    labels[5, 1] = np.nan
    estimated = labels.copy()
    estimated[0, 1] = (3, 0)  # right
    estimated[1, 1] = (15, 0)  # near
    estimated[2, 1] = (98, 0)  # on the other wrist
    estimated[3, 1] = (50, 3)  # on the head
    estimated[4, 1] = (np.nan, np.nan)
    estimated[5, 1] = (0, 0)
    kinds = metrics.error_kinds(estimated, labels, 10.0, of_joints(JOINT_NAMES))
    assert kinds[:, 1].tolist() == ["right", "jitter", "inversion", "swap", "miss", ""]
    assert (kinds[:, 0] == "right").all()
    shares = metrics.kind_shares(kinds)
    assert shares["inversion"][1] == pytest.approx(0.2)


def test_a_limit_is_within_and_may_be_one_for_all():
    distances = np.array([[3.0, np.nan, 3.1], [2.0, np.inf, np.nan]])
    assert metrics.hits(distances, 3.0).tolist() == [[True, False, False], [True, False, False]]
    assert metrics.hits(distances, np.array([3.1, 1.0])).tolist() == [[True, False, True], [False] * 3]
    curve = metrics.pck_curve(distances, np.array([1.0, 2.0]), (1, 3))
    np.testing.assert_array_equal(curve, [[0.5, 0, 0], [1, 0, 0]])


def test_sizes_of_people():
    pose = np.array([[0.0, 0], [30, 40], [np.nan, np.nan]])
    assert metrics.person_size(pose) == 40
    np.testing.assert_array_equal(metrics.person_size(np.stack([pose, pose * np.nan])), [40, np.nan])
    for skeleton in (POSEFIX, COCO):
        points = np.zeros((2, len(skeleton.joints), 2))
        points[:, skeleton.joints.index("left_shoulder")] = (3, 0)
        points[:, skeleton.joints.index("right_hip")] = (0, 4)
        assert metrics.torso_length(points, skeleton).tolist() == [5, 5]
        points[:, skeleton.joints.index("right_shoulder")] = (1, 0)
        points[:, skeleton.joints.index("left_hip")] = (-2, 4)
        assert metrics.trunk_length(points, skeleton).tolist() == [5, 5]
