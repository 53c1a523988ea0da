"""What every estimator promises, see estimators/__init__.py. ``--estimator NAME`` checks one alone."""

import numpy as np
import pytest
import torch

import estimators
from corrector import Corrector
from tests.fixtures import estimator_cases as cases

SIZE = (96, 128)
TIMES = [0.0, 0.04, 0.08]
BOXES = [
    np.array([[10, 5, 90, 90], [0, 0, 128, 96]], np.float32),
    np.empty((0, 4), np.float32),
    np.array([[-20, -10, 60, 80]], np.float32),
]


@pytest.fixture(scope="module")
def estimator_case(request, estimator_name, tmp_path_factory):
    named = request.config.getoption("--weights")
    if named is not None:
        return cases.EstimatorCase(estimator_name, weights=named)
    return cases.estimator_case(estimator_name, tmp_path_factory.mktemp("estimator"))


@pytest.fixture(scope="module")
def estimator(estimator_case):
    return estimators.create(
        estimator_case.name,
        device=torch.device("cpu"),
        weights=estimator_case.weights,
        options=estimator_case.options,
    )


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 255, (3, *SIZE, 3), dtype=np.uint8)


def check(poses, joints):
    x_or_y_missing = np.isnan(poses.keypoints[..., :2]).any(axis=2)
    assert poses.keypoints.shape[1:] == (joints, 3)
    assert (np.isnan(poses.keypoints[..., :2]).all(axis=2) == x_or_y_missing).all()
    assert (poses.keypoints[..., 2][x_or_y_missing] == 0).all()
    assert ((poses.keypoints[..., 2] >= 0) & (poses.keypoints[..., 2] <= 1)).all()
    assert ((poses.scores >= 0) & (poses.scores <= 1)).all()


def test_it_says_what_it_is(estimator, estimator_case):
    assert isinstance(estimator, estimators.Estimator)
    assert estimator.name == estimator_case.name
    assert len(estimator.weights_sha256) == 64
    assert estimator.batch_size >= 1


def test_a_pose_for_every_box_in_the_order_of_the_boxes(estimator, frames):
    found = estimator.estimate(frames, pts_seconds=TIMES, boxes=BOXES)
    assert [poses.pts_seconds for poses in found] == TIMES
    for poses, boxes in zip(found, BOXES, strict=True):
        check(poses, len(estimator.skeleton.joints))
        if not estimator.finds_people:
            np.testing.assert_allclose(poses.boxes, boxes)


def test_without_boxes_the_whole_frame_is_looked_at(estimator, frames):
    found = estimator.estimate(frames, pts_seconds=TIMES)
    assert len(found) == len(frames)
    for poses in found:
        check(poses, len(estimator.skeleton.joints))


def test_a_frame_alone_gives_what_it_gives_among_others(estimator, frames):
    together = estimator.estimate(frames, pts_seconds=TIMES, boxes=BOXES)
    alone = estimator.estimate(frames[2:], pts_seconds=TIMES[2:], boxes=BOXES[2:])
    np.testing.assert_allclose(alone[0].keypoints, together[2].keypoints, atol=1e-3)


def test_no_frames_give_no_poses(estimator, frames):
    assert estimator.estimate(frames[:0], pts_seconds=[]) == []


def test_shapes_that_do_not_fit_are_refused(estimator, frames):
    with pytest.raises(ValueError):
        estimator.estimate(frames, pts_seconds=TIMES[:2])
    with pytest.raises(ValueError):
        estimator.estimate(frames, pts_seconds=TIMES, boxes=BOXES[:2])


def test_the_corrector_takes_its_skeleton(estimator):
    joints = estimator.skeleton.joints
    keypoints = np.full((4, len(joints), 3), 50, np.float32)
    correction = Corrector.from_weights(device=torch.device("cpu")).correct(
        keypoints, pts_seconds=np.arange(4) / 25, joints=joints
    )
    assert correction.keypoints.shape == (4, len(joints), 2)
