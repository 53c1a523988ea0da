"""Single frames and the contact sheet of before and after."""

import numpy as np
import pytest

from app.rendering.before_after import CloseUp, change_at, most_changed
from app.rendering.stills import FrameChoice, Montage
from app.rendering.style import Style
from tests.fixtures.results import body, person_at, result_of

SIZE = (320, 240)


def test_frames_are_chosen_by_number_or_by_step():
    assert [i for i in range(100) if i in FrameChoice.parse("10, 50,90")] == [10, 50, 90]
    assert [i for i in range(100) if i in FrameChoice.parse("every:25")] == [0, 25, 50, 75]


@pytest.mark.parametrize("text", ["", "1,x", "every:0", "every:", "every:-3", "-4"])
def test_frame_choices_that_mean_nothing_are_refused(text):
    with pytest.raises(ValueError, match="Invalid frames"):
        FrameChoice.parse(text)


def changed_result(*moves, frames=40, people=1):
    """Bodies of 100 pixels; ``moves`` are (person, row, joint, pixels)."""
    made = []
    for number in range(people):
        initial = body(100 + 120 * number, 120, size=100, frames=frames)
        corrected = initial.copy()
        for who, row, joint, pixels in moves:
            if who == number:
                corrected[row, joint, 0] += pixels
        made.append(person_at(initial, corrected, number=number))
    return result_of(*made, size=SIZE, fps=20)


def test_what_was_changed_most_is_shown_some_time_apart():
    result = changed_result((0, 10, 5, 20), (0, 12, 5, 15), (0, 30, 6, 8))
    assert [change.row for change in most_changed(result, count=2)] == [10, 30]
    assert [change.row for change in most_changed(result, count=8)] == [10, 30]


def test_what_was_moved_only_a_bit_is_left_out():
    result = changed_result((0, 10, 5, 20), (0, 30, 6, 2))
    assert [change.row for change in most_changed(result, count=8)] == [10]
    assert change_at(result, 0, 10).noticeable.tolist() == [joint == 5 for joint in range(7)]
    montage = Montage(changed_result((0, 30, 6, 2)), style=Style())
    montage.add(30, frame())
    assert montage.sheet() is None


def test_every_person_gets_their_own_close_ups():
    result = changed_result((0, 10, 5, 20), (1, 11, 5, 30), people=2)
    assert [(change.person, change.row) for change in most_changed(result, count=8)] == [(0, 10), (1, 11)]
    assert [(change.person, change.row) for change in most_changed(result, count=1)] == [(1, 11)]


def frame(level=90):
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def reddish(picture):
    return (picture[..., 0] > 180) & (picture[..., 1] < 100)


def yellowish(picture):
    return (picture[..., 0] > 180) & (picture[..., 1] > 180) & (picture[..., 2] < 100)


def test_a_close_up_shows_the_person_before_and_after_with_the_change_marked():
    result = changed_result((0, 10, 5, 40))
    close_up = CloseUp(result, style=Style(), height=300, places=[(10, 0)])
    before, after = close_up.pair(frame(), change_at(result, 0, 10))
    assert before.shape == after.shape == (300, close_up.size[0], 3)
    assert reddish(before).sum() > 200
    assert yellowish(before).sum() == 0
    assert yellowish(after).sum() > 200
    # Where the joint came from, and the circle around where it is now.
    assert 0 < reddish(after).sum() < 200
    plain = CloseUp(changed_result(), style=Style(), height=300, places=[(10, 0)])
    unchanged, _ = plain.pair(frame(), change_at(changed_result(), 0, 10))
    white = [(picture > 230).all(axis=2).sum() for picture in (before, after, unchanged)]
    assert white[0] > 10
    assert white[1] > white[0]
    assert white[2] == 0


def test_close_ups_stay_inside_the_frame():
    initial = body(20, 30, size=60)
    result = result_of(person_at(initial, initial + 10), size=SIZE)
    close_up = CloseUp(result, style=Style(), height=200, places=[(0, 0)], paper=255)
    before, _ = close_up.pair(frame(), change_at(result, 0, 0))
    paper = (before == 255).all(axis=2)
    assert not paper[:, 0].any()
    assert not paper[0].any()


def test_the_montage_has_initial_joints_left_and_corrected_ones_right_on_paper():
    montage = Montage(changed_result((0, 10, 5, 40), (0, 30, 6, 30)), style=Style(), pairs=1)
    for row in range(40):
        montage.add(row, frame())
    sheet = montage.sheet()
    half = sheet.shape[1] // 2
    assert reddish(sheet[:, :half]).sum() > 200
    assert yellowish(sheet[:, :half]).sum() == 0
    assert yellowish(sheet[:, half:]).sum() > 200


@pytest.mark.parametrize("pairs", [1, 3, 5, 7, 8])
def test_no_part_of_the_montage_is_black_and_little_is_empty(pairs):
    moves = [(0, 20 * i + 5, 5, 20 + i) for i in range(pairs)]
    montage = Montage(changed_result(*moves, frames=20 * pairs + 20), style=Style())
    for row in range(20 * pairs + 20):
        montage.add(row, frame())
    sheet = montage.sheet()
    assert (sheet < 10).all(axis=2).mean() < 0.01
    assert (sheet == 90).all(axis=2).mean() > 0.45
