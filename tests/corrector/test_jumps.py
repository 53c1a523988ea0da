"""Joints that jump away and come back are found, quick limbs are left alone."""

import numpy as np
import pytest

from corrector.jumps import find_jumps
from tests.fixtures.corrector_parts import times

HEIGHT = 300.0


def kicking(frames: int, *, fps: float = 30, noise: float = 1.0) -> np.ndarray:
    """Two joints, (T, 2, 2): one hardly moves, one swings 200 px to and fro twice a second."""
    rng = np.random.default_rng(0)
    seconds = np.arange(frames) / fps
    points = np.zeros((frames, 2, 2))
    points[:, 0, 0] = 20 * np.sin(seconds)
    points[:, 1, 0] = 100 * np.sin(2 * np.pi * 2 * seconds)
    return points + rng.normal(0, noise, points.shape)


@pytest.mark.parametrize("fps", [25, 30, 60])
def test_quick_limbs_are_left_alone(fps: float) -> None:
    assert not find_jumps(kicking(5 * int(fps), fps=fps), times(5 * int(fps), fps), height=HEIGHT).any()


@pytest.mark.parametrize(("joint", "lasts"), [(0, 1), (0, 3), (0, 5), (0, 8), (1, 1), (1, 3)])
def test_bursts_are_found_and_nothing_beside_them(joint: int, lasts: int) -> None:
    points = kicking(90)
    points[40 : 40 + lasts, joint] += (0, 150)
    found = find_jumps(points, times(90), height=HEIGHT)
    expected = np.zeros_like(found)
    expected[40 : 40 + lasts, joint] = True
    np.testing.assert_array_equal(found, expected)


def test_single_frames_all_over_are_found() -> None:
    points, rng = kicking(300), np.random.default_rng(1)
    away = rng.random(300) < 0.2
    away[:5] = away[-5:] = False
    points[away, 0] += 80 * np.stack(
        (np.cos(rng.uniform(0, 6, away.sum())), rng.uniform(-1, 1, away.sum())), 1
    )
    far = np.abs(points[:, 0] - kicking(300)[:, 0]).max(axis=1) > 40
    found = find_jumps(points, times(300), height=HEIGHT)[:, 0]
    assert found[far].mean() > 0.9 and found[~away].mean() < 0.01


def test_a_joint_that_goes_elsewhere_and_stays_is_no_jump() -> None:
    points = kicking(90)
    points[45:, 0] += (0, 150)
    assert not find_jumps(points, times(90), height=HEIGHT).any()


def test_missing_points_single_frames_and_low_rates() -> None:
    points = kicking(60)
    points[10:20] = np.nan
    points[30, 0] += (0, 150)
    found = find_jumps(points, times(60), height=HEIGHT)
    assert found[30, 0] and found.sum() == 1
    assert not find_jumps(points[:4], times(4), height=HEIGHT).any()
    assert not find_jumps(points, times(60, 5), height=HEIGHT).any()
    assert not find_jumps(np.full((60, 2, 2), np.nan), times(60), height=HEIGHT).any()
