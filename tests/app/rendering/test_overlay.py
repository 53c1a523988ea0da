"""What is drawn is where the joints are, in the colours asked for."""

import numpy as np
import pytest

from app.rendering.overlay import OverlayAnnotator, Style
from app.rendering.stills import FrameChoice, Montage, rows_most_changed
from app.result import Person
from tests.app.keypoints.test_posefix_json import make_result
from tests.fixtures.fakes import LAYOUT, UPPER_BODY

SIZE = (120, 100)
RED, YELLOW = (230, 30, 30), (255, 225, 0)
GREY = np.full((100, 120, 3), 90, np.uint8)


def person(*, initial_x=40.0, corrected_x=80.0, score=0.9):
    initial = np.concatenate([[initial_x, 50] + LAYOUT * 40, np.full((7, 1), score)], axis=1)
    corrected = [corrected_x, 50] + LAYOUT * 40
    return Person(
        id=0,
        initial=initial[None].astype(np.float32),
        boxes=np.zeros((1, 4), np.float32),
        corrected=corrected[None].astype(np.float32),
        error_px=np.ones((1, 7), np.float32),
        filled=np.zeros((1, 7), bool),
    )


def drawn(style, who=None):
    annotator = OverlayAnnotator(style, UPPER_BODY, size=SIZE)
    return annotator.annotate(GREY, (who or person(),), 0)


def count(picture, colour):
    return int((picture == colour).all(axis=2).sum())


def test_joints_are_drawn_where_they_are():
    picture = drawn(Style(radius=2))
    for joint in range(7):
        x, y = np.round([40, 50] + LAYOUT[joint] * 40).astype(int)
        assert tuple(picture[y, x]) in (RED, YELLOW)
        x, y = np.round([80, 50] + LAYOUT[joint] * 40).astype(int)
        assert tuple(picture[y, x]) == YELLOW
    assert tuple(picture[2, 2]) == (90, 90, 90)


def test_a_joint_between_pixels_is_drawn_evenly():
    who = person()
    who.initial[0, 0] = [20.5, 10, 0.9]
    who.initial[0, 1:, 0] = np.nan
    picture = drawn(Style(radius=3, draw="initial"), who)
    assert (picture[10, 18:21] == picture[10, 21:24][::-1]).all()


@pytest.mark.parametrize(
    ("draw", "reds", "yellows"), [("initial", 1, 0), ("corrected", 0, 1), ("both", 1, 1)]
)
def test_what_is_drawn_can_be_chosen(draw, reds, yellows):
    picture = drawn(Style(draw=draw))
    assert (count(picture, RED) > 0) == bool(reds)
    assert (count(picture, YELLOW) > 0) == bool(yellows)


def test_initial_joints_show_around_corrected_ones_where_both_agree():
    who = person(corrected_x=40.0)
    reddish = (drawn(Style(radius=3), who).astype(int) @ [1, -2, 0]) > 100
    alone = (drawn(Style(radius=3, draw="corrected"), who).astype(int) @ [1, -2, 0]) > 100
    assert reddish.sum() > 50
    assert alone.sum() == 0


def test_a_black_background_has_the_skeleton_alone():
    picture = drawn(Style(background="black"))
    assert tuple(picture[2, 2]) == (0, 0, 0)
    assert count(picture, YELLOW) > 0


def test_unsure_joints_are_not_drawn():
    assert count(drawn(Style(draw="initial", min_score=0.5), person(score=0.4)), RED) == 0
    assert count(drawn(Style(draw="initial", min_score=0.3), person(score=0.4)), RED) > 0


def test_missing_joints_and_joints_far_outside_are_no_trouble():
    who = person()
    who.initial[0, :3] = np.nan
    who.corrected[0, :2] = 1e9
    picture = drawn(Style(), who)
    assert picture.shape == GREY.shape


def test_the_frame_itself_is_left_alone():
    before = GREY.copy()
    drawn(Style())
    assert (before == GREY).all()


@pytest.mark.parametrize(("field", "value"), [("draw", "none"), ("background", "white")])
def test_unknown_styles_are_refused(field, value):
    with pytest.raises(ValueError, match=rf"Invalid {field} \({value}\). Supported values are "):
        Style(**{field: value})


def test_frames_are_chosen_by_number_or_by_step():
    assert [i for i in range(100) if i in FrameChoice.parse("10, 50,90")] == [10, 50, 90]
    assert [i for i in range(100) if i in FrameChoice.parse("every:25")] == [0, 25, 50, 75]


@pytest.mark.parametrize("text", ["", "1,x", "every:0", "every:", "every:-3", "-4"])
def test_frame_choices_that_mean_nothing_are_refused(text):
    with pytest.raises(ValueError, match="Invalid frames"):
        FrameChoice.parse(text)


def changed_result():
    initial = np.full((40, 7, 3), 20, np.float32) + np.random.default_rng(0).uniform(0, 8, (40, 7, 3))
    initial[..., 2] = 0.9
    result = make_result(initial.astype(np.float32))
    (who,) = result.people
    who.corrected[:] = who.initial[..., :2]
    who.corrected[10] += 9
    who.corrected[12] += 6
    who.corrected[30] += 3
    return result


def test_the_montage_shows_the_frames_that_were_changed_most_some_time_apart():
    assert rows_most_changed(changed_result(), count=2) == [10, 30]
    assert rows_most_changed(changed_result(), count=8) == [10, 30]


def test_the_montage_has_initial_joints_left_and_corrected_ones_right():
    montage = Montage(changed_result(), style=Style(), pairs=1)
    for row in range(40):
        montage.add(row, np.full((48, 64, 3), 90, np.uint8))
    sheet = montage.sheet()
    half = sheet.shape[1] // 2
    reddish = (sheet[..., 0] > 180) & (sheet[..., 1] < 100)
    yellowish = (sheet[..., 0] > 180) & (sheet[..., 1] > 180) & (sheet[..., 2] < 100)
    assert reddish[:, :half].any()
    assert not reddish[:, half:].any()
    assert yellowish[:, half:].any()
    assert not yellowish[:, :half].any()


def test_a_clip_in_which_nothing_moved_has_no_montage():
    result = changed_result()
    (who,) = result.people
    who.corrected[:] = who.initial[..., :2]
    montage = Montage(result, style=Style())
    montage.add(0, np.zeros((48, 64, 3), np.uint8))
    assert montage.sheet() is None


def test_unsure_joints_are_rings():
    sure, doubtful = person(), person()
    object.__setattr__(sure, "unsure", np.zeros((1, 7), bool))
    object.__setattr__(doubtful, "unsure", np.arange(7)[None] == 1)
    x, y = np.round([80, 50] + LAYOUT[1] * 40).astype(int)
    style = Style(radius=4, draw="corrected")
    assert tuple(drawn(style, sure)[y, x]) == YELLOW
    assert tuple(drawn(style, doubtful)[y, x]) == (0, 0, 0)
    ring = drawn(style, doubtful)[y - 4 : y + 5, x - 4 : x + 5]
    assert count(ring, YELLOW) > 10
    changed = (drawn(style, sure) != drawn(style, doubtful)).any(axis=2)
    assert 10 < changed.sum() < 81  # one joint alone
