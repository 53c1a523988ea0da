"""The filters that the corrector is compared with do what their names say."""

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="needs a checkout")
from benchmarks.filters import FILTERS, settings
from benchmarks.people_conventions import carried_error
from benchmarks.smoothnet import WINDOW, SmoothNet, smoother


def noisy_motion() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    seconds = np.arange(200)[:, None, None] / 25
    true = 300 + 40 * np.sin(2 * seconds + rng.uniform(0, 6, (1, 5, 2)))
    return true, true + rng.normal(0, 3, true.shape)


@pytest.mark.parametrize("name", FILTERS)
def test_filters_take_away_jitter(name: str) -> None:
    true, given = noisy_motion()
    function = FILTERS[name][0]
    errors = [np.abs(function(given, 25.0, **setting) - true).mean() for setting in settings(name)]
    assert min(errors) < 0.85 * np.abs(given - true).mean()
    for setting in settings(name):
        resting = function(np.full((40, 2, 2), 7.0), 25.0, **setting)
        np.testing.assert_allclose(resting, 7.0)
        assert function(given[:3], 25.0, **setting).shape == (3, 5, 2)


def test_smoothnet_averages_the_windows_that_hold_a_frame() -> None:
    network = SmoothNet().eval()
    for parameter in network.parameters():
        parameter.data.zero_()
    network.last.bias.data[:] = 0.5  # answers 50 px above each window's middle
    apply = smoother(network)
    line = np.full((90, 3, 2), 20.0)
    np.testing.assert_allclose(apply(line, 25.0), 70.0, rtol=1e-5)
    assert apply(line[: WINDOW - 1], 25.0).shape == (WINDOW - 1, 3, 2)


def test_a_persons_own_convention_is_told_from_error() -> None:
    rng = np.random.default_rng(1)
    others, person = 60 * rng.normal(size=(2, 700, 5, 2))
    # Everybody's first joint is found between it and the second; of this person, nearer to the second.
    given, theirs = others.copy(), person.copy()
    given[:, 0] += 0.1 * (others[:, 1] - others[:, 0])
    theirs[:, 0] += 0.4 * (person[:, 1] - person[:, 0])
    by_others = carried_error(theirs, person, (given, others))
    by_same = carried_error(theirs, person, (theirs, person))
    assert by_others[:, 0].mean() > 20 and by_others[:, 1:].max() < 0.5
    assert by_same.max() < 0.5
    moved = carried_error(theirs + np.array([5.0, 0.0]), person, (theirs, person))
    assert moved == pytest.approx(5.0, abs=0.1)
