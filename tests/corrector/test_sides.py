"""Exchanged sides are found, limbs that pass each other are left alone."""

import itertools

import pytest
import torch

from corrector import sides
from corrector.sides import exchange, find_exchanges
from estimators.skeletons import JOINTS, POSEFIX, UPPER_BODY

PAIRS = POSEFIX.pair_indices
ANKLES = PAIRS.index((JOINTS.index("left_ankle"), JOINTS.index("right_ankle")))
WRISTS = PAIRS.index((JOINTS.index("left_wrist"), JOINTS.index("right_wrist")))


def swinging(steps: int, *, fps: float = 30, noise: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    """A standing person whose wrists and ankles swing and pass each other once a second, 100 px apart."""
    torch.manual_seed(0)
    pose = torch.tensor(
        [[40.0 if "left" in j else -40.0 if "right" in j else 0.0, 30.0 * i] for i, j in enumerate(JOINTS)]
    )
    seconds = torch.arange(steps) / fps
    points = pose.repeat(steps, 1, 1)
    wave = 50 * torch.sin(torch.pi * 2 * 0.5 * seconds + 0.7)
    for left, right in (PAIRS[ANKLES], PAIRS[WRISTS]):
        points[:, left, 0], points[:, right, 0] = wave, -wave
    return points.double() + noise * torch.randn(points.shape), seconds.double()


def test_limbs_that_pass_each_other_are_left_alone() -> None:
    points, seconds = swinging(300)
    assert not find_exchanges(points, seconds, JOINTS).any()


@pytest.mark.parametrize("steps", [40, 127, 128, 129, 700])
def test_exchanges_are_found_where_they_are(steps: int) -> None:
    points, seconds = swinging(steps)
    truth = torch.zeros(steps, len(PAIRS), dtype=torch.bool)
    for start in range(10, steps - 8, 30):
        truth[start : start + 1 + start % 8, ANKLES] = True
        truth[start + 3 : start + 8, WRISTS] = True
    found = find_exchanges(exchange(points, truth, JOINTS), seconds, JOINTS)
    left, right = JOINTS.index("left_ankle"), JOINTS.index("right_ankle")
    apart = (points[:, left] - points[:, right]).norm(dim=1) > 30
    assert (found == truth)[apart].float().mean() > 0.99


def test_nothing_is_changed_at_low_rates_or_in_a_moment() -> None:
    points, seconds = swinging(40, fps=5)
    assert not find_exchanges(points, seconds, JOINTS).any()
    assert find_exchanges(points[:2], seconds[:2], JOINTS).shape == (2, len(PAIRS))


def test_missing_joints_tell_nothing() -> None:
    points, seconds = swinging(60)
    points[20:30] = torch.nan
    points[:, PAIRS[WRISTS][0]] = torch.nan
    assert not find_exchanges(points, seconds, JOINTS).any()


def test_a_point_without_its_partner_stays_where_it_is() -> None:
    points, seconds = swinging(60)
    truth = torch.zeros(60, len(PAIRS), dtype=torch.bool)
    truth[8:14, ANKLES] = True
    given = exchange(points, truth, JOINTS)
    given[11, PAIRS[ANKLES][0]] = torch.nan
    found = find_exchanges(given, seconds, JOINTS)
    assert found[9, ANKLES] and not found[11, ANKLES]


def test_exchange_is_its_own_inverse_and_leaves_the_rest_alone() -> None:
    values = torch.randn(5, 7)
    exchanged = torch.rand(5, 3) > 0.5
    once = exchange(values, exchanged, UPPER_BODY)
    torch.testing.assert_close(exchange(once, exchanged, UPPER_BODY), values)
    torch.testing.assert_close(once[:, 0], values[:, 0])


def test_viterbi_finds_the_cheapest_of_all_sequences() -> None:
    torch.manual_seed(3)
    costs = torch.rand(1, 4, 1, 4)
    best = min(itertools.product((0, 1), repeat=6), key=lambda states: _price(states, costs[0, :, 0]))
    assert sides._viterbi(costs)[0, :, 0].int().tolist() == list(best)


def _price(states: tuple[int, ...], costs: torch.Tensor) -> float:
    price = sides.EXCHANGED_COST * sum(states)
    price += sides.CHANGE_COST * sum(a != b for a, b in itertools.pairwise(states))
    for step, (u, v, w) in enumerate(zip(states, states[1:], states[2:], strict=False)):
        price += float(costs[step, 2 * (u ^ w) + (v ^ w)])
    return price
