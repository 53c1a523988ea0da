"""Gaps of single joints are led across on a cubic."""

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from corrector.gaps import bridge

SECONDS = np.arange(30) / 30


def test_a_gap_in_steady_motion_is_a_straight_line() -> None:
    true = np.stack([3 * SECONDS, 5 - SECONDS], axis=1)[:, None].repeat(2, axis=1)
    there = np.ones((30, 2), dtype=bool)
    there[10:15, 1] = False
    points = true.copy()
    points[10:15, 1] += 8
    halfway = true.copy()
    halfway[10:15, 1] += 4
    np.testing.assert_allclose(bridge(points, there, SECONDS), halfway, atol=1e-9)
    assert points[12, 1, 0] == true[12, 1, 0] + 8  # the input stays as it is


def test_a_curve_is_followed_better_than_by_a_line() -> None:
    true = np.sin(4 * SECONDS)[:, None, None] * np.array([1.0, 0.5])
    there = np.ones((30, 1), dtype=bool)
    there[8:17] = False
    bridged = 2 * bridge(np.where(there[..., None], true, 0), there, SECONDS)[8:17]
    share = np.linspace(0, 1, 11)[1:-1, None]
    line = true[7] * (1 - share) + true[17] * share
    error = np.abs(bridged[:, 0] - true[8:17, 0]).max()
    assert error < 0.3 * np.abs(line - true[8:17, 0]).max()


def test_the_curve_is_a_cubic_with_three_quarters_of_the_speeds_at_its_ends() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(0, 20, (30, 1, 2))
    there = np.ones((30, 1), dtype=bool)
    there[8:17] = False
    bridged = 2 * bridge(points, there, SECONDS)[8:17, 0] - points[8:17, 0]
    # Speeds over 0.13 seconds, four frames and a bit: from frame 4 to 7 and from 17 to 20.
    leaving = (points[7, 0] - points[4, 0]) / (SECONDS[7] - SECONDS[4])
    arriving = (points[20, 0] - points[17, 0]) / (SECONDS[20] - SECONDS[17])
    straight = (points[17, 0] - points[7, 0]) / (SECONDS[17] - SECONDS[7])
    curve = CubicHermiteSpline(
        SECONDS[[7, 17]],
        points[[7, 17], 0],
        [straight + 0.75 * (leaving - straight), straight + 0.75 * (arriving - straight)],
    )
    np.testing.assert_allclose(bridged, curve(SECONDS[8:17]), atol=1e-9)


def test_frames_far_apart_are_joined_by_lines() -> None:
    seconds = np.arange(5) / 5
    points = np.array([0.0, 4.0, 77.0, 8.0, 20.0])[:, None, None].repeat(2, axis=2)
    there = np.array([True, True, False, True, True])[:, None]
    assert bridge(points, there, seconds)[2, 0] == pytest.approx((6 + 77) / 2)


def test_gaps_at_the_ends_and_joints_never_there_stay() -> None:
    points = np.random.default_rng(0).normal(size=(30, 2, 2))
    there = np.zeros((30, 2), dtype=bool)
    there[5:20, 0] = True
    np.testing.assert_array_equal(bridge(points, there, SECONDS), points)
