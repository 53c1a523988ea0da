"""Boxes: overlap and what is built on it, held against counted pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from estimators import boxes

corners = arrays(np.int64, (4, 2), elements=st.integers(0, 12))


def as_boxes(ends: np.ndarray) -> np.ndarray:
    """Two boxes with corners at whole numbers."""
    return boxes.enclosing(ends.reshape(2, 2, 2).astype(float))


def pixels(box: np.ndarray) -> np.ndarray:
    """Which of 12 x 12 pixels a box covers."""
    x, y = np.meshgrid(np.arange(12) + 0.5, np.arange(12) + 0.5)
    return (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])


@given(corners)
def test_areas_are_those_of_counted_pixels(ends):
    one, other = as_boxes(ends)
    a, b = pixels(one), pixels(other)
    assert boxes.area(one) == a.sum()
    assert boxes.shared(one, other) == (a & b).sum()
    union = (a | b).sum()
    assert boxes.overlap(one, other) == pytest.approx((a & b).sum() / union if union else 0)
    assert boxes.covered(one, other) == boxes.inside(one, other)
    assert boxes.inside(one, other) == pytest.approx((a & b).sum() / a.sum() if a.any() else 0)


def test_each_with_each():
    rng = np.random.default_rng(0)
    some = boxes.enclosing(rng.uniform(0, 100, (5, 2, 2)))
    table = boxes.iou(some[:, None], some[:3])
    assert table.shape == (5, 3)
    for row in range(5):
        for column in range(3):
            assert table[row, column] == boxes.iou(some[row], some[column])
    assert boxes.iou(some[:0, None], some).shape == (0, 5)


def test_of_boxes_of_one_thing_the_first_stays():
    found = np.array([[0, 0, 10, 20], [1, 1, 11, 21], [40, 0, 50, 20], [3, 3, 13, 23]], np.float32)
    assert boxes.nms(found, limit=0.55) == [0, 2, 3]  # the last overlaps the second alone by so much
    assert boxes.nms(found, limit=0.3) == [0, 2]
    assert boxes.nms(found, limit=1.0) == [0, 1, 2, 3]
    assert boxes.nms(found[:0], limit=0.5) == []


def test_boxes_around_joints():
    joints = np.array([[5, 6, 0.9], [15, 36, 0.9], [99, 99, 0.1], [np.nan, np.nan, 0.9]], np.float32)
    np.testing.assert_allclose(boxes.around(joints, min_score=0.5, pad=0.1), [2, 3, 18, 39], rtol=1e-6)
    assert boxes.around(joints[1:], min_score=0.5, pad=0.1) is None
    box = boxes.around(joints, min_score=0.5, pad=0.1)
    assert box is not None and box.dtype == np.float32


def test_padding_growing_and_moving():
    box = np.array([0.0, 0, 10, 20])
    assert boxes.padded(box, 0.5).tolist() == [-10, -10, 20, 30]
    assert boxes.padded(np.stack([box, 2 * box]), 0.5).tolist() == [[-10, -10, 20, 30], [-20, -20, 40, 60]]
    assert boxes.at_least(box, np.array([30.0, 5])).tolist() == [-10, 0, 20, 20]
    assert boxes.moved(box, np.array([1.0, -1])).tolist() == [1, -1, 11, 19]
