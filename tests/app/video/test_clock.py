"""Frame times from the clocks of files: missing, falling back, leaping, repeated, very fast."""

import numpy as np
import pytest

from app.video.clock import FrameClock, Tick

FRAME = 0.04


def place(stamps, *, frame=FRAME, longest_gap=10.0, lost=None):
    clock = FrameClock(frame, smallest_step=frame / 100, longest_gap=longest_gap)
    return [clock.place(stamp, lost=(lost or {}).get(row, 0)) for row, stamp in enumerate(stamps)]


def seconds(ticks):
    return [tick.seconds for tick in ticks]


def breaks(ticks):
    return [row for row, tick in enumerate(ticks) if tick.jump]


def test_times_count_from_the_first_frame():
    ticks = place([1.4, 1.44, 1.5, 1.54])
    np.testing.assert_allclose(seconds(ticks), [0, 0.04, 0.1, 0.14])
    assert not any(tick.jump or tick.assumed for tick in ticks)


def test_frames_without_any_time_follow_at_the_rate():
    ticks = place([None] * 30)
    np.testing.assert_allclose(seconds(ticks), np.arange(30) * FRAME)
    assert all(tick.assumed for tick in ticks)


def test_first_frames_without_a_time_are_placed_backwards_from_the_first_that_has_one():
    ticks = place([None] * 8 + [0.02, 0.06, 0.1])
    np.testing.assert_allclose(seconds(ticks), np.arange(11) * FRAME)
    assert [tick.assumed for tick in ticks] == [True] * 8 + [False] * 3


def test_a_frame_without_a_time_in_the_middle_does_not_move_those_behind():
    np.testing.assert_allclose(seconds(place([0, 0.04, None, 0.12, 0.2])), [0, 0.04, 0.08, 0.12, 0.2])


def test_a_clock_that_starts_anew_is_a_break_and_goes_on_at_the_rate():
    stamps = [1.4 + FRAME * number for number in range(15)]
    ticks = place(stamps * 2)
    np.testing.assert_allclose(seconds(ticks), np.arange(30) * FRAME, atol=1e-9)
    assert breaks(ticks) == [15]
    assert ticks[15].jump == pytest.approx(-15 * FRAME)


@pytest.mark.parametrize("leap", [11, 3600, 86_400 * 4000])
def test_a_leap_ahead_is_a_break_and_loses_nothing(leap):
    ticks = place([0, 0.04, leap, leap + 0.04])
    np.testing.assert_allclose(seconds(ticks), [0, 0.04, 0.08, 0.12], atol=1e-6)
    assert breaks(ticks) == [2]
    assert ticks[2].jump == pytest.approx(leap - 0.08)


def test_a_pause_is_no_break():
    assert seconds(place([0, 0.04, 9.9])) == [0, 0.04, 9.9]
    assert breaks(place([0, 0.04, 500], longest_gap=3600)) == []


@pytest.mark.parametrize("rate", [25, 240, 1000, 2000, 5000, 10_000])
def test_every_rate_is_kept(rate):
    ticks = place([number / rate for number in range(100)], frame=1 / rate)
    np.testing.assert_allclose(seconds(ticks), np.arange(100) / rate, atol=1e-12)


def test_a_time_written_twice_is_moved_by_a_small_part_of_a_frame():
    ticks = place([0, 0.04, 0.04, 0.03, 0.12])
    np.testing.assert_allclose(seconds(ticks), [0, 0.04, 0.0404, 0.0408, 0.12])
    assert breaks(ticks) == []


def test_lost_frames_leave_their_time_where_the_file_has_none():
    assert place([None, None, None], lost={2: 3})[-1] == Tick(pytest.approx(5 * FRAME), assumed=True)
    assert seconds(place([0.12, 0.16], lost={0: 3})) == [pytest.approx(3 * FRAME), pytest.approx(4 * FRAME)]
    # Where it has times they are right as they are.
    assert seconds(place([0, 0.04, 0.2], lost={2: 3})) == [0, 0.04, 0.2]
