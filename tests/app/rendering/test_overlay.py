"""What is drawn is where the joints are, in the colours asked for, as large as the person asks for."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from app.rendering.overlay import OverlayAnnotator, readable_on
from app.rendering.sizes import Pen, person_sizes
from app.rendering.style import PEOPLE_COLOURS, Style
from tests.fixtures.fakes import LAYOUT
from tests.fixtures.results import body, person_at, result_of

SIZE = (120, 100)
RED, YELLOW = (230, 30, 30), (255, 225, 0)
GREY = np.full((100, 120, 3), 77, np.uint8)


def person(*, initial_x=40.0, corrected_x=80.0, score=0.9, **options):
    return person_at(body(initial_x, 50), body(corrected_x, 50), score=score, **options)


def drawn(style, *people, row=0, frame=GREY, **options):
    return OverlayAnnotator(style, result_of(*(people or (person(),)), **options)).annotate(frame, row)


def count(picture, colour):
    return int((picture == colour).all(axis=2).sum())


def spot(x, joint):
    return np.round([x, 50] + LAYOUT[joint] * 40).astype(int)


def test_joints_are_drawn_where_they_are():
    picture = drawn(Style(radius=2))
    for joint in range(7):
        x, y = spot(40, joint)
        assert tuple(picture[y, x]) in (RED, YELLOW)
        x, y = spot(80, joint)
        assert tuple(picture[y, x]) == YELLOW
    assert tuple(picture[2, 2]) == (77, 77, 77)


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


@pytest.mark.parametrize("height", [200, 400, 800])
def test_where_both_agree_red_shows_on_both_sides_of_yellow(height):
    side = round(1.3 * height)
    frame = np.full((side, side, 3), 77, np.uint8)
    middle = body(side / 2, side / 2, size=height)
    picture = drawn(Style(), person_at(middle, middle), size=(side, side), frame=frame).astype(int)
    # Across the limb between the shoulders, which is level, away from joints.
    y = round(side / 2 + LAYOUT[1][1] * height)
    column = picture[y - height // 25 : y + height // 25 + 1, side // 2 - height // 10]
    red, green, _ = column.T
    found = [(green < 90) & (red > 120), (green > 150) & (red > 200), green < 30]
    kinds = np.select(found, ["r", "y", "d"], "-")
    order = "".join(kind for last, kind in pairwise(["-", *kinds]) if kind not in (last, "-"))
    assert order == "dryrd"


def test_a_black_background_has_the_skeleton_alone():
    picture = drawn(Style(background="black"))
    assert tuple(picture[2, 2]) == (0, 0, 0)
    assert count(picture, YELLOW) > 0


def test_initial_joints_of_low_scores_are_not_drawn():
    assert count(drawn(Style(draw="initial", min_score=0.5), person(score=0.4)), RED) == 0
    assert count(drawn(Style(draw="initial", min_score=0.3), person(score=0.4)), RED) > 0


def test_missing_joints_and_joints_far_outside_are_no_trouble():
    who = person()
    who.initial[0, :3] = np.nan
    who.corrected[0, :2] = 1e9
    assert drawn(Style(trail_seconds=1), who).shape == GREY.shape


def test_the_frame_itself_is_left_alone():
    before = GREY.copy()
    drawn(Style())
    assert (before == GREY).all()


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("draw", "none", "draw"),
        ("background", "white", "background"),
        ("hide_faces", "smile", "anonymise"),
        ("trail_seconds", float("nan"), "trail"),
        ("radius", 0.1, "radius"),
    ],
)
def test_unknown_styles_are_refused(field, value, named):
    with pytest.raises(ValueError, match=rf"Invalid {named} \({value}\). Supported values are "):
        Style(**{field: value})


def test_unsure_joints_are_rings_through_which_the_picture_is_seen():
    unsure = np.arange(7)[None] == 0
    sure, doubtful = person(), person(unsure=unsure)
    x, y = spot(80, 0)
    style = Style(radius=4, thickness=2, draw="corrected")
    assert tuple(drawn(style, sure)[y, x]) == YELLOW
    picture = drawn(style, doubtful)
    assert tuple(picture[y, x]) == (77, 77, 77)
    ring = Pen.of(40, picture_side=100, style=style).ring
    assert tuple(picture[y, round(x + ring)]) == YELLOW
    assert tuple(picture[round(y + ring), x]) == YELLOW
    assert count(picture, YELLOW) > count(drawn(style, sure), YELLOW)


def test_limbs_end_at_the_rings_of_their_joints():
    picture = drawn(Style(radius=3, thickness=2, draw="corrected"), person(unsure=np.ones((1, 7), bool)))
    for joint in range(1, 7):
        x, y = spot(80, joint)
        assert tuple(picture[y, x]) == (77, 77, 77)


# Sizes.


@pytest.mark.parametrize("height", [300.0, 600.0])
def test_lines_follow_the_person(height):
    small, large = (Pen.of(size, picture_side=1000, style=Style()) for size in (height, 2 * height))
    assert 1.4 < large.line / small.line < 2.6
    assert 1.5 < large.ring / small.ring < 2.5
    assert 0.004 < small.line / height < 0.012


@pytest.mark.parametrize("side", [360, 720, 1080, 2160])
def test_lines_can_be_seen_in_every_picture_and_never_hide_it(side):
    for share in (0.1, 0.5, 1.0, 3.0):
        pen = Pen.of(share * side, picture_side=side, style=Style())
        width = pen.line + 2 * pen.rim + 2 * pen.outline
        assert pen.line >= side / 720
        # Shown at 480 lines the whole limb is at least a pixel and a half, and at most 4 % of the picture.
        assert 1.5 <= width * 480 / side <= 0.04 * 480
        assert pen.ring > pen.radius + pen.rim


def test_what_is_asked_for_in_pixels_is_kept():
    pen = Pen.of(100, picture_side=1000, style=Style(radius=9, thickness=7))
    assert (pen.radius, pen.line) == (9, 7)


def test_sizes_are_steady_through_a_squat_a_gap_and_a_jump():
    track = body(60, 50, size=40, frames=100)
    track[30:34] = body(60, 50, size=20)
    track[50:60] = np.nan
    track[70, 0] = [60, 900]
    sizes = person_sizes(person_at(track), fps=10)
    assert sizes.shape == (100,)
    np.testing.assert_allclose(sizes, 40, rtol=0.05)


def test_a_person_without_joints_has_no_size_and_is_not_drawn():
    who = person_at(np.full((2, 7, 2), np.nan, np.float32))
    assert person_sizes(who, fps=10).tolist() == [0, 0]
    assert (drawn(Style(), who) == 77).all()


# Sides, trails, pairs of pictures.


def test_sides_are_told_apart_where_asked():
    for draw, right in (("initial", RED), ("corrected", YELLOW)):
        plain, sided = drawn(Style(draw=draw)), drawn(Style(draw=draw, sides=True))
        x = 40 if draw == "initial" else 80
        left_wrist, right_wrist = spot(x, 5), spot(x, 6)
        assert tuple(plain[left_wrist[1], left_wrist[0]]) == right
        assert tuple(sided[right_wrist[1], right_wrist[0]]) == right
        red, _, blue = sided[left_wrist[1], left_wrist[0]].astype(int)
        assert blue > red + 60


def test_a_trail_shows_the_last_seconds_of_the_ends_of_limbs_alone():
    track = body(30, 50, frames=30) + np.arange(30)[:, None, None] * [2, 0]
    who = person_at(track, track)
    style = Style(draw="corrected", trail_seconds=1.0)
    trail = (drawn(style, who, row=25) != drawn(replace(style, trail_seconds=0), who, row=25)).any(axis=2)
    ys, xs = np.nonzero(trail)
    # Wrists are 16 pixels below the middle; ten frames are 20 pixels, to the left of where they are now.
    assert abs(np.median(ys) - 66) <= 2
    left_wrist = track[25, 5, 0]
    assert left_wrist - 24 <= xs[xs > 70].min() <= left_wrist - 15
    named = replace(style, trail_joints=("left_elbow",))
    other = (drawn(named, who, row=25) != drawn(replace(style, trail_seconds=0), who, row=25)).any(axis=2)
    assert abs(np.median(np.nonzero(other)[0]) - 54) <= 2


def test_a_trail_begins_with_its_shot_and_has_a_hole_where_the_joint_is_missing():
    track = body(30, 50, frames=30) + np.arange(30)[:, None, None] * [2, 0]
    style = Style(draw="corrected", trail_seconds=3.0, trail_joints=("right_wrist",))
    plain = drawn(replace(style, trail_seconds=0), person_at(track, track), row=25)

    def columns(who, **options):
        changed = (drawn(style, who, row=25, **options) != plain).any(axis=2)
        return set(np.nonzero(changed[60:75])[1].tolist())

    whole = columns(person_at(track, track))
    assert min(columns(person_at(track, track), cuts=[20])) >= min(whole) + 30
    gone = track.copy()
    gone[8:14, 6] = np.nan
    assert set(range(28, 35)) <= whole - columns(person_at(track, gone))


def test_trails_of_unknown_joints_are_refused():
    with pytest.raises(ValueError, match=r"Invalid trail joints \(nose\). Supported values are head, "):
        drawn(Style(trail_seconds=1, trail_joints=("nose",)))


def test_side_by_side_has_initial_joints_left_and_corrected_ones_right():
    annotator = OverlayAnnotator(Style(side_by_side=True), result_of(person()))
    picture = annotator.annotate(GREY, 0)
    assert annotator.size == (240, 100) == picture.shape[1::-1]
    assert count(picture[:, :120], RED) > 0
    assert count(picture[:, 120:], RED) == 0
    assert count(picture[:, 120:], YELLOW) > 0
    assert count(picture[:, :120], YELLOW) == 0


def test_pairs_of_large_pictures_are_shrunk_to_what_players_show():
    result = result_of(person(), size=(3840, 2160))
    annotator = OverlayAnnotator(Style(side_by_side=True), result)
    assert annotator.size == (3840, 1080)
    assert annotator.annotate(np.zeros((2160, 3840, 3), np.uint8), 0).shape == (1080, 3840, 3)


# People.


def test_each_person_has_a_tag_in_a_colour_of_their_own_where_they_are_seen():
    people = [person(number=0), person(initial_x=70, number=3)]
    people[0].boxes[0] = np.nan
    picture = drawn(Style(tags=True, draw="initial"), *people)
    assert count(picture, PEOPLE_COLOURS[3]) > 20
    assert count(picture, PEOPLE_COLOURS[0]) == 0
    plain = drawn(Style(draw="initial"), *people)
    assert not any(count(plain, colour) for colour in PEOPLE_COLOURS)


def test_the_most_prominent_person_is_on_top():
    front, back = person_at(body(60, 50), body(60, 50)), person_at(body(60, 50), body(60, 50), number=1)
    back.corrected[:] += [0.0, 1.0]
    style = Style(draw="corrected", radius=1, thickness=1)
    alone, both = drawn(style, front), drawn(style, front, back)
    yellow = (alone == YELLOW).all(axis=2)
    assert (both[yellow] == YELLOW).all()


# Vischeck's way (Viénot, Brettel, Mollon, 1999): what is left of linear RGB without long or middle cones.
DICHROMATS = {
    "none": np.eye(3),
    "protan": np.array([[0.1124, 0.8876, 0], [0.1124, 0.8876, 0], [0.0040, -0.0040, 1]]),
    "deutan": np.array([[0.2928, 0.7072, 0], [0.2928, 0.7072, 0], [-0.0223, 0.0223, 1]]),
}


def lab(colours, seen_by):
    """CIE L*a*b* of colours as seen."""
    rgb = np.array(colours) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ DICHROMATS[seen_by].T, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize("seen_by", DICHROMATS)
def test_colours_are_told_apart_by_colour_blind_people(seen_by):
    sides = Style(sides=True)
    groups = [
        PEOPLE_COLOURS,
        (RED, YELLOW),
        (sides.corrected_colours.left, sides.corrected_colours.right, sides.corrected_colours.middle),
        (sides.initial_colours.left, sides.initial_colours.right),
    ]
    for group in groups:
        values = lab(group, seen_by)
        apart = np.linalg.norm(values[:, None] - values[None], axis=2)[~np.eye(len(values), dtype=bool)]
        # 2.3 is just noticeable; this is plain to see.
        assert apart.min() > 12, (group, apart.min())


def test_ids_can_be_read_on_their_colours():
    for colour in PEOPLE_COLOURS:
        values = np.array([colour, readable_on(colour)]) / 255
        linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
        low, high = np.sort(linear @ [0.2126, 0.7152, 0.0722])
        assert (high + 0.05) / (low + 0.05) >= 4.5  # WCAG 2, AA
