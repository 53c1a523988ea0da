"""Turns, mirrors and letterboxes, held against numpy's own."""

import numpy as np
import pytest

from app.video.geometry import Orientation, letterbox

PICTURE = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
# What a player shows of a picture under FFmpeg's display matrix, as ffmpeg's own filters do it.
MATRICES = {
    (1, 0, 0, 1): lambda p: p,
    (0, 1, -1, 0): lambda p: np.rot90(p, -1),  # transpose=clock
    (-1, 0, 0, -1): lambda p: np.rot90(p, 2),
    (0, -1, 1, 0): lambda p: np.rot90(p, 1),  # transpose=cclock
    (-1, 0, 0, 1): lambda p: p[:, ::-1],  # hflip: a selfie
    (1, 0, 0, -1): lambda p: p[::-1],  # vflip
    (0, 1, 1, 0): lambda p: p.transpose(1, 0, 2),  # transpose=cclock_flip
    (0, -1, -1, 0): lambda p: p[::-1, ::-1].transpose(1, 0, 2),  # transpose=clock_flip
}


def matrix(a, b, c, d):
    return [a << 16, b << 16, 0, c << 16, d << 16, 0, 500, 300, 1 << 30]


@pytest.mark.parametrize("numbers", MATRICES)
def test_all_eight_matrices(numbers):
    orientation = Orientation.from_display_matrix(matrix(*numbers))
    shown = MATRICES[numbers](PICTURE)
    assert np.array_equal(orientation.apply(PICTURE), shown)
    assert orientation.size(7, 5) == shown.shape[1::-1]
    # The description says the same: mirror left to right, then turn clockwise.
    described = np.rot90(PICTURE[:, ::-1] if orientation.mirrored else PICTURE, -orientation.degrees // 90)
    assert np.array_equal(described, shown)


@pytest.mark.parametrize("first", MATRICES)
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turn_by_the_user_comes_after_the_files(first, turn):
    file = Orientation.from_display_matrix(matrix(*first))
    both = file.then(Orientation.clockwise(turn))
    assert np.array_equal(both.apply(PICTURE), np.rot90(file.apply(PICTURE), -turn // 90))


def test_a_matrix_of_another_angle_is_taken_for_the_nearest():
    half = round(0.7 * 65_536)
    assert Orientation.from_display_matrix([65_000, 3000, 0, -3000, 65_000]) == Orientation()
    assert Orientation.from_display_matrix([10, 65_000, 0, -65_000, half // 9]).degrees == 90


def test_a_letterbox_keeps_the_shape_in_the_middle_of_black():
    wide = np.full((90, 160, 3), 200, np.uint8)
    boxed = letterbox(wide, (90, 160))
    assert boxed.shape == (160, 90, 3)
    rows = np.flatnonzero(boxed.any(axis=(1, 2)))
    assert (rows[0], rows[-1]) == (54, 104)  # 51 rows: 90 * 90 / 160
    assert boxed[rows].min() == 200
    # Pixels half as wide as those of the film: the same picture is a square.
    square = letterbox(wide, (90, 160), stretch=90 / 160)
    rows = np.flatnonzero(square.any(axis=(1, 2)))
    assert len(rows) == 90
