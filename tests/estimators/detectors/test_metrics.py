"""Boxes matched with people, and average precision."""

import numpy as np

from estimators.detectors.metrics import average_precision, match

PERSON = np.array([[10, 10, 30, 50]], np.float32)


def test_nobody_is_found_twice_and_half_a_person_is_not_found():
    boxes = np.array([[10, 10, 30, 48], [10, 10, 30, 50], [10, 10, 30, 25], [100, 10, 120, 50]], np.float32)
    np.testing.assert_allclose(match(boxes, PERSON), [38 / 40, 0, 0, 0])
    np.testing.assert_allclose(match(boxes[1:], PERSON), [1, 0, 0])


def test_an_edge_that_nobody_labelled_fits():
    cut = PERSON.copy()
    cut[0, 3] = np.nan
    np.testing.assert_allclose(match(np.array([[10, 10, 30, 28]], np.float32), cut), [1])


def test_average_precision_is_the_area_under_the_falling_curve():
    scores, hits = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, True])
    # Precisions 1, 1/2, 2/3, 3/4 made to fall: 1, 3/4, 3/4, 3/4; of four people three are found.
    np.testing.assert_allclose(average_precision(scores, hits, 4), (1 + 0.75 + 0.75) / 4)
    assert average_precision(scores[::-1], hits[::-1], 4) == average_precision(scores, hits, 4)
    assert average_precision(np.zeros(0), np.zeros(0, bool), 3) == 0
