"""HOG and the image pyramid against slow, direct versions of what the paper and the facts say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimators.yr.features import hog, pad
from estimators.yr.pyramid import halve, level_count, level_scale, octave_images, resize


def slow_hog(image: np.ndarray, cell: int) -> np.ndarray:
    """HOG pixel by pixel and cell by cell, in plain Python."""
    down, across = (math.floor(side / cell + 0.5) for side in image.shape[:2])
    votes = np.zeros((down, across, 18))
    angles = np.radians(20 * np.arange(9))
    for y in range(1, down * cell - 1):
        for x in range(1, across * cell - 1):
            row, column = min(y, image.shape[0] - 2), min(x, image.shape[1] - 2)
            dx = image[row, column + 1] - image[row, column - 1]
            dy = image[row + 1, column] - image[row - 1, column]
            channel = int(np.argmax(dx**2 + dy**2))
            dots = np.cos(angles) * dx[channel] + np.sin(angles) * dy[channel]
            bin_ = int(np.argmax(np.concatenate([dots, -dots])))
            magnitude = math.hypot(dx[channel], dy[channel])
            yp, xp = (y + 0.5) / cell - 0.5, (x + 0.5) / cell - 0.5
            for cy in (math.floor(yp), math.floor(yp) + 1):
                for cx in (math.floor(xp), math.floor(xp) + 1):
                    if 0 <= cy < down and 0 <= cx < across:
                        votes[cy, cx, bin_] += (1 - abs(yp - cy)) * (1 - abs(xp - cx)) * magnitude
    return slow_normalise(votes)


def slow_normalise(votes: np.ndarray) -> np.ndarray:
    undirected = votes[..., :9] + votes[..., 9:]
    energy = (undirected**2).sum(axis=2)
    out = np.zeros((votes.shape[0] - 2, votes.shape[1] - 2, 32))
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for block, (top, left) in enumerate([(y + 1, x + 1), (y, x + 1), (y + 1, x), (y, x)]):
                norm = 1 / math.sqrt(energy[top : top + 2, left : left + 2].sum() + 1e-4)
                directed = np.minimum(votes[y + 1, x + 1] * norm, 0.2)
                out[y, x, :18] += 0.5 * directed
                out[y, x, 18:27] += 0.5 * np.minimum(undirected[y + 1, x + 1] * norm, 0.2)
                out[y, x, 27 + block] = 0.2357 * directed.sum()
    return out


@pytest.mark.parametrize(("height", "width", "cell"), [(23, 31, 4), (40, 27, 8), (18, 22, 3)])
def test_hog_is_what_a_direct_version_says(height, width, cell):
    # Random colours have no ties between orientations, which rounding would decide.
    image = np.random.default_rng(1).uniform(0, 255, (height, width, 3))
    np.testing.assert_allclose(hog(image, cell), slow_hog(image, cell), atol=2e-4)


def test_a_plain_image_has_no_gradients():
    assert hog(np.full((32, 32, 3), 77.0), 4).max() == 0


def test_the_first_of_equally_strong_channels_wins():
    ramp = np.arange(24.0) * 5
    across, down = np.tile(ramp, (24, 1)), np.tile(ramp[:, None], (1, 24))
    features = hog(np.stack([across, down, down], axis=2), 4)
    np.testing.assert_allclose(features, hog(np.stack([across] * 3, axis=2), 4))


def test_padding_marks_cells_outside_of_the_picture():
    padded = pad(np.ones((2, 3, 32)), 4, 2)
    assert padded.shape == (10, 7, 32)
    assert (padded[4:6, 2:5] == 1).all()
    outside = np.ones((10, 7), bool)
    outside[4:6, 2:5] = False
    assert (padded[outside][:, :31] == 0).all() and (padded[outside][:, 31] == 1).all()


def slow_area(line: np.ndarray, target: int) -> np.ndarray:
    """Means over intervals, by integrating the line's steps finely."""
    fine = np.repeat(line, target)
    return fine.reshape(target, len(line)).mean(axis=1)


@given(st.integers(5, 40), st.floats(0.3, 1.0))
@settings(max_examples=30, deadline=None)
def test_resizing_takes_the_mean_of_the_area(size, scale):
    image = np.random.default_rng(size).uniform(0, 255, (size, size + 3, 3))
    height, width = math.floor(size * scale + 0.5), math.floor((size + 3) * scale + 0.5)
    wanted = np.apply_along_axis(slow_area, 0, image, height)
    wanted = np.apply_along_axis(slow_area, 1, wanted, width)
    # Slivers below a thousandth of a pixel are left out, as in the original.
    np.testing.assert_allclose(resize(image, scale), wanted, atol=0.3)


def test_the_full_size_is_the_image_itself():
    image = np.random.default_rng(0).uniform(0, 255, (9, 7, 3))
    np.testing.assert_array_equal(resize(image, 1.0), image)


@pytest.mark.parametrize(("size", "half"), [(12, 6), (13, 7)])
def test_halving_weighs_with_the_binomial_taps(size, half):
    line = np.random.default_rng(size).uniform(0, 255, size)
    got = halve(np.tile(line[:, None, None], (1, 12, 3)))[:, 3, 0]
    assert len(got) == half
    inner = [np.dot(line[2 * i - 2 : 2 * i + 3], [1, 4, 6, 4, 1]) / 16 for i in range(1, half - 2)]
    np.testing.assert_allclose(got[1:-2], inner)
    assert got[0] == pytest.approx(np.dot(line[:3], [0.6875, 0.25, 0.0625]))
    last = 2 * half - 2
    assert got[-1] == pytest.approx(np.dot(line[last - 2 : last + 1], [0.0625, 0.25, 0.6875]))
    second = last - 2
    taps = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16] if size % 2 == 0 else [0.0625, 0.25, 0.375, 0.3125]
    assert got[-2] == pytest.approx(np.dot(line[second - 2 : second - 2 + len(taps)], taps))


def test_levels_and_scales():
    assert level_count(224, 172, cell_size=4, interval=10) == 1 + math.floor(10 * math.log2(172 / 20))
    assert level_count(24, 24, cell_size=4, interval=10) == 10
    assert level_scale(0, 10) == 1 and level_scale(10, 10) == 0.5
    assert level_scale(13, 10) == pytest.approx(2**-1.3)
    with pytest.raises(ValueError, match="19x40"):
        level_count(40, 19, cell_size=4, interval=10)


def test_only_the_wanted_levels_are_made():
    image = np.random.default_rng(0).uniform(0, 255, (64, 48, 3))
    levels = dict(octave_images(image, 1, [0, 1, 7, 8], interval=3))
    assert list(levels) == [1, 7]
    np.testing.assert_array_equal(levels[7], halve(halve(levels[1])))
