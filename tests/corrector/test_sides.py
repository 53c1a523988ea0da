"""Exchanged sides are found at the clip's own frame rate, limbs that pass each other are left alone."""

import itertools

import numpy as np
import pytest

from corrector import sides
from corrector.body import person_height
from corrector.sides import exchange, find_exchanges
from estimators.skeletons import JOINTS, POSEFIX, UPPER_BODY

PAIRS = POSEFIX.pair_indices
PARTS = [JOINTS[left].removeprefix("left_") for left, _ in PAIRS]
LEGS = [PARTS.index(part) for part in ("hip", "knee", "ankle")]
ARMS = [PARTS.index(part) for part in ("shoulder", "elbow", "wrist")]
ANKLES, WRISTS = PARTS.index("ankle"), PARTS.index("wrist")


def swinging(frames: int, *, fps: float = 30, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A standing person, 400 px tall, whose wrists and ankles swing and pass each other once a second."""
    rng = np.random.default_rng(0)
    ups = {"head": 370, "neck": 330, "head_top": 400, "shoulder": 320, "elbow": 245, "wrist": 180}
    ups |= {"hip": 185, "knee": 95, "ankle": 0}
    aside = {"left": 40.0, "right": -40.0}
    pose = np.array(
        [[aside.get(joint.split("_")[0], 0.0), -ups[joint.removeprefix("left_").removeprefix("right_")]]
         for joint in JOINTS]
    )  # fmt: skip
    seconds = np.arange(frames) / fps
    points = np.repeat(pose[None], frames, axis=0)
    wave = 50 * np.sin(np.pi * seconds + 0.7)
    for left, right in (PAIRS[ANKLES], PAIRS[WRISTS]):
        points[:, left, 0], points[:, right, 0] = wave, -wave
    return points + rng.normal(0, noise, points.shape), seconds


def find(points: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    return find_exchanges(points, seconds, JOINTS, height=person_height(points, JOINTS))


def apart(points: np.ndarray, pair: int, px: float = 30) -> np.ndarray:
    left, right = PAIRS[pair]
    return np.linalg.norm(points[:, left] - points[:, right], axis=1) > px


@pytest.mark.parametrize("noise", [1.0, 4.0])
@pytest.mark.parametrize("fps", [24, 30, 60])
def test_limbs_that_pass_each_other_are_left_alone(fps: float, noise: float) -> None:
    points, seconds = swinging(10 * fps, fps=fps, noise=noise)
    assert not find(points, seconds).any()


@pytest.mark.parametrize("frames", [40, 127, 700])
def test_exchanges_are_found_where_they_are(frames: int) -> None:
    points, seconds = swinging(frames)
    truth = np.zeros((frames, len(PAIRS)), dtype=bool)
    for start in range(10, frames - 8, 30):
        truth[start : start + 1 + start % 8, ANKLES] = True
        truth[start + 3 : start + 8, WRISTS] = True
    found = find(exchange(points, truth, JOINTS), seconds)
    for pair in (ANKLES, WRISTS):
        assert (found == truth)[apart(points, pair), pair].mean() > 0.99
    others = [pair for pair in range(len(PAIRS)) if pair not in (ANKLES, WRISTS)]
    assert not found[:, others].any()


@pytest.mark.parametrize("lasts", [3, 4])
def test_an_exchange_of_a_few_frames_at_a_high_rate_leaves_the_rest_alone(lasts: int) -> None:
    points, seconds = swinging(240, fps=60)
    truth = np.zeros((240, len(PAIRS)), dtype=bool)
    truth[20 : 20 + lasts] = True
    found = find(exchange(points, truth, JOINTS), seconds)
    assert (found == truth)[:, ARMS[0]].all() and (found == truth)[:, LEGS[0]].all()
    assert not found[30:].any() and not found[:20].any()


def test_sides_that_flicker_from_the_first_frame_are_put_right_by_what_most_frames_say() -> None:
    points, seconds = swinging(150)
    rng = np.random.default_rng(1)
    truth = np.repeat(rng.random(150)[:, None] < 0.3, len(PAIRS), axis=1)
    truth[0] = True
    found = find(exchange(points, truth, JOINTS), seconds)
    for pair in range(len(PAIRS)):
        assert (found == truth)[apart(points, pair), pair].mean() > 0.97


def test_noise_alone_exchanges_nothing() -> None:
    """Where limbs are no further apart than noise carries them, sides mean nothing and stay."""
    points, seconds = swinging(200, noise=12.0)
    found = find(points, seconds)
    assert not found[0].any() and found.mean() < 0.005


def test_legs_cannot_be_worn_across_the_body() -> None:
    """Legs given exchanged and not by turns, as often as not: shoulders say which way the hips face."""
    points, seconds = swinging(120)
    truth = np.zeros((120, len(PAIRS)), dtype=bool)
    for start in range(0, 120, 12):
        truth[start : start + 6, LEGS] = True
    found = find(exchange(points, truth, JOINTS), seconds)
    assert (found == truth)[:, LEGS[0]].all() and not found[:, ARMS].any()


def test_a_leg_is_exchanged_whole_where_one_of_its_joints_is_missing() -> None:
    points, seconds = swinging(60)
    truth = np.zeros((60, len(PAIRS)), dtype=bool)
    truth[20:26, LEGS] = True
    given = exchange(points, truth, JOINTS)
    knee = PAIRS[PARTS.index("knee")][0]
    given[18:22, knee] = np.nan
    found = find(given, seconds)
    there = np.isfinite(given[:, knee, 0])
    assert (found == truth)[:, LEGS[0]].all()
    assert (found == truth)[there, LEGS[1]].all() and not found[~there, LEGS[1]].any()


def test_nothing_is_changed_at_low_rates_or_in_a_moment() -> None:
    points, seconds = swinging(40, fps=5)
    assert not find(points, seconds).any()
    assert find(points[:2], seconds[:2]).shape == (2, len(PAIRS))


def test_missing_joints_tell_nothing() -> None:
    points, seconds = swinging(60)
    points[20:30] = np.nan
    points[:, PAIRS[WRISTS][0]] = np.nan
    assert not find(points, seconds).any()


def test_exchange_is_its_own_inverse_and_leaves_the_rest_alone() -> None:
    rng = np.random.default_rng(2)
    values, exchanged = rng.normal(size=(5, 7)), rng.random((5, 3)) > 0.5
    once = exchange(values, exchanged, UPPER_BODY)
    np.testing.assert_array_equal(exchange(once, exchanged, UPPER_BODY), values)
    np.testing.assert_array_equal(once[:, 0], values[:, 0])


def test_viterbi_finds_the_cheapest_of_all_sequences() -> None:
    rng = np.random.default_rng(3)
    frames, pairs = 5, 2
    costs = 12 * rng.random((frames, pairs, 4))
    there = np.ones((frames, pairs), dtype=bool)
    there[2, 1] = False
    beside = np.array([[False] * 2, [False] * 2, [True, False], [True, False], [True, False]])
    sharp = rng.random((frames, pairs)) < 0.7
    states = np.array(list(itertools.product((False, True), repeat=pairs)))
    own, end = rng.random((frames, len(states))), rng.random(len(states))

    def price(path: tuple[int, ...]) -> float:
        total = end[path[0]] + end[path[-1]] + sum(own[frame, state] for frame, state in enumerate(path))
        for frame in range(1, frames):
            before, after = states[path[frame - 1]], states[path[frame]]
            total += sides._change(before, after, there[frame - 1], there[frame], sharp[frame])
        for frame in range(2, frames):
            for pair in range(pairs):
                now, second, first = (states[path[frame - back]][pair] for back in range(3))
                first = first if beside[frame, pair] else second
                total += costs[frame, pair, 2 * (first != now) + (second != now)]
        return total

    best = min(itertools.product(range(len(states)), repeat=frames), key=price)
    found = sides._viterbi(costs, beside, there, sharp, states, own, end)
    assert price(tuple(found)) == pytest.approx(price(best))
