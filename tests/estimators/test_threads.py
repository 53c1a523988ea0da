"""What a picture gives depends neither on the number of threads nor on the pictures beside it."""

import threading

import numpy as np
import pytest
import torch

import estimators
from estimators import detectors
from estimators.datasets.records import draw_figures
from estimators.threads import map_on_threads

CPU = torch.device("cpu")


@pytest.fixture
def threads():
    """Sets the number of threads; it is put back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures():
    return np.stack([record.image for record in draw_figures(5, seed=2)])


def test_work_is_shared_out_with_one_thread_for_each_item(threads):
    threads(3)
    gate = threading.Barrier(3, timeout=30)

    def work(number):
        gate.wait()  # three are at work at once
        return number, torch.get_num_threads()

    assert map_on_threads(work, range(6)) == [(number, 1) for number in range(6)]
    assert torch.get_num_threads() == 3
    assert map_on_threads(work, []) == []


def test_what_goes_wrong_in_a_thread_is_told(threads):
    threads(2)
    with pytest.raises(ZeroDivisionError):
        map_on_threads(lambda number: 1 / number, [1, 0])
    assert torch.get_num_threads() == 2


def test_joints_are_the_same_to_the_last_digit(threads, pictures):
    estimator = estimators.create("sfn", device=CPU)
    found = []
    for number, size in ((1, 8), (2, 8), (3, 2)):
        threads(number)
        estimator.batch_size = size
        poses = estimator.estimate(pictures, pts_seconds=[0.0] * len(pictures))
        found.append(np.stack([pose.keypoints for pose in poses]))
    assert np.isfinite(found[0]).any()
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


def test_boxes_are_the_same_to_the_last_digit(threads, pictures):
    detector = detectors.create(device=CPU)
    found = []
    for number in (1, 2, 3):
        threads(number)
        found.append(detector.detect(pictures))
    assert sum(len(each.boxes) for each in found[0]) > 0
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            np.testing.assert_array_equal(other.boxes, one.boxes)
            np.testing.assert_array_equal(other.scores, one.scores)
