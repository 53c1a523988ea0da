"""The filters that the corrector is compared with do what their names say."""

import numpy as np
import pytest

from app.evaluation.filters import FILTERS, settings
from app.evaluation.smoothnet import WINDOW, SmoothNet, smoother


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
