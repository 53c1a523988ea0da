"""Faces that are to be hidden are hidden: of everybody, in every frame, in every picture that is written."""

import json

import cv2
import numpy as np
import pytest
import torch

import app
import estimators
from app.anonymise.geometry import head_centres, head_radii
from app.anonymise.heads import Heads, find_heads
from app.anonymise.search import HeadSearch, Sighting, distinct
from app.anonymise.tracks import held, link, runs
from app.video.writer import write_video
from estimators import detectors
from estimators.skeletons import JOINTS
from tests.fixtures.fakes import BlobDetector, BlobEstimator, blob_frames
from tests.fixtures.results import body, person_at, result_of

FPS = 15.0


# Where a head is.

COCO = ("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder")


def upright(**places):
    """(1, 15, 2): NaN but for the places given."""
    points = np.full((1, len(JOINTS), 2), np.nan)
    for name, place in places.items():
        points[0, JOINTS.index(name)] = place
    return points


@pytest.mark.parametrize(
    ("joints", "points"),
    [
        (JOINTS, upright(head=[50, 30], head_top=[50, 12], neck=[50, 48])),
        (JOINTS, upright(head_top=[50, 12], neck=[50, 48])),
        (JOINTS, upright(neck=[50, 48], left_shoulder=[80, 52], right_shoulder=[20, 52], left_hip=[50, 140])),
        (JOINTS, upright(left_shoulder=[80, 56], right_shoulder=[20, 56], right_hip=[50, 140])),
        (COCO, np.array([[[50, 32], [54, 28], [46, 28], [61, 30], [39, 30], [80, 56], [20, 56]]], float)),
        (COCO, np.array([[[50, 32], *[[np.nan] * 2] * 4, [80, 56], [20, 56]]], float)),
    ],
)
def test_the_circle_covers_the_head_whatever_joints_there_are(joints, points):
    radius = head_radii(points, joints)
    (centre,) = head_centres(points, joints, radius)
    # A head from 12 to 48, 26 wide: its crown, chin and ears.
    for spot in ([50, 13], [50, 46], [38, 30], [62, 30]):
        assert np.hypot(*(centre - spot)) < radius[0] + 1, spot
    assert radius[0] < 40


def test_a_head_upside_down_is_below_the_neck():
    points = upright(neck=[50, 48], left_shoulder=[80, 44], right_shoulder=[20, 44], left_hip=[50, -60])
    ((_, y),) = head_centres(points, JOINTS, head_radii(points, JOINTS))
    assert y > 60


def test_nobody_has_no_head():
    nobody = np.full((2, len(JOINTS), 2), np.nan)
    assert head_radii(nobody, JOINTS).tolist() == [0, 0]
    assert np.isnan(head_centres(nobody, JOINTS, np.zeros(2))).all()


# Through time.

TIMES = np.arange(60) / 30


def walk(rows, *, start=100.0, speed=90.0, radius=10.0):
    """Sightings of one head that goes to the right, and its places."""
    return [Sighting(row, np.array([[start + speed * TIMES[row], 50, radius]])) for row in rows]


def covered(circles, place):
    return np.hypot(*(circles[:2] - place)) <= circles[2]


def test_a_head_is_followed_and_held_before_between_and_after():
    rows = [*range(20, 30, 2), *range(40, 46, 2)]
    (track,) = link(walk(rows), TIMES, cuts=())
    assert track[:, 0].tolist() == rows
    first, circles = held(track, TIMES)
    assert first == 0
    assert len(circles) == 60
    for row in range(10, 55):
        assert covered(circles[row], [100 + 90 * TIMES[row], 50]), row
    # What is farther from a sighting is less sure.
    assert circles[0, 2] > circles[15, 2] > circles[20, 2]
    assert circles[35, 2] > circles[30, 2]


def test_two_heads_that_pass_each_other_stay_two():
    right, left = walk(range(0, 60, 2)), walk(range(0, 60, 2), start=260, speed=-90)
    both = [
        Sighting(one.row, np.concatenate([one.circles, other.circles + np.array([0, 12, 0])]))
        for one, other in zip(right, left, strict=True)
    ]
    tracks = link(both, TIMES, cuts=())
    assert len(tracks) == 2
    assert all(len(track) == 30 for track in tracks)


def test_nothing_goes_through_a_cut():
    (before, after) = link(walk(range(0, 60, 2)), TIMES, cuts=(30,))
    first, circles = held(before, TIMES, cuts=(30,))
    assert first + len(circles) == 30
    assert held(after, TIMES, cuts=(30,))[0] == 30


def test_somebody_who_was_gone_for_long_is_not_drawn_across_the_gap():
    times = np.arange(200) / 30
    track = np.array([[0, 10, 10, 5], [1, 10, 10, 5], [150, 90, 90, 5], [151, 90, 90, 5]], float)
    assert [len(run) for run in runs(track, times)] == [2, 2]


def test_the_same_head_in_two_boxes_counts_once_with_the_larger_circle():
    circles = np.array([[50, 50, 8], [52, 50, 12], [90, 50, 8]], float)
    assert distinct(circles, np.array([0.9, 0.5, 0.7])).tolist() == [[50, 50, 12], [90, 50, 8]]


# Finding them.


class CountingEstimator(BlobEstimator):
    """Sees nobody anywhere."""

    def _look(self, frame, box):
        return np.full((7, 3), np.nan, np.float32), 0.0


def test_an_empty_place_is_not_looked_into_again_while_it_stays_as_it_is():
    estimator = CountingEstimator()
    search = HeadSearch(estimator, BlobDetector())
    still = blob_frames([(60, 60)])[0]
    for number in range(4):
        search.look(still, number / FPS)
    assert estimator.calls == [1]
    moved = blob_frames([(64, 60)])[0]
    search.look(moved, 5 / FPS)
    assert estimator.calls == [1, 1]


def test_everybody_is_found_also_those_who_are_not_in_the_result(tmp_path):
    centres = [[(40 + i, 60), (120 - i, 60)] for i in range(30)]
    path = tmp_path / "two.mp4"
    with write_video(path, width=160, height=120, fps=FPS) as writer:
        for number, places in enumerate(centres):
            frame = np.maximum(*blob_frames(places))
            writer.write(frame, pts_seconds=number / FPS)
    one = np.array([body(*places[0], size=24)[0] for places in centres])
    result = result_of(person_at(one, one), size=(160, 120), fps=FPS)
    heads = find_heads(app.open_video(path), result, estimator=BlobEstimator(), detector=BlobDetector())
    assert len(heads.circles) == 30
    for circles, places in zip(heads.circles, centres, strict=True):
        for x, y in places:
            assert any(covered(circle, np.array([x, y - 12])) for circle in circles)


def test_a_head_that_leaps_aside_is_hidden_where_it_was_too(tmp_path):
    path = tmp_path / "one.mp4"
    with write_video(path, width=160, height=120, fps=FPS) as writer:
        for number in range(20):
            writer.write(np.zeros((120, 160, 3), np.uint8), pts_seconds=number / FPS)
    initial = body(80, 60, size=24, frames=20)
    initial[10, 0] = [150, 110]
    result = result_of(person_at(initial), size=(160, 120), fps=FPS)
    heads = find_heads(app.open_video(path), result, estimator=BlobEstimator(), detector=BlobDetector())
    for place in ([80, 48], [150, 110]):
        assert any(covered(circle, np.array(place)) for circle in heads.circles[10])


# Hiding them.


def noise(side=80):
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize("how", ["blur", "black"])
def test_what_is_in_the_circle_cannot_be_seen_and_the_rest_is_as_it_was(how):
    before = noise()
    hidden = Heads([np.array([[40, 30, 15]], np.float32)]).hide(before, 0, how=how)
    ys, xs = np.mgrid[:80, :80]
    away = np.hypot(xs - 40, ys - 30)
    assert (hidden[away > 17] == before[away > 17]).all()
    inside = hidden[away < 14].astype(float)
    if how == "black":
        assert inside.max() == 0
    else:
        # Neighbouring pixels say nearly the same: no detail is left.
        rows = hidden[22:38, 32:48].astype(float)
        assert np.abs(np.diff(before.astype(float), axis=1)).mean() > 60
        assert np.abs(np.diff(rows, axis=1)).mean() < 12


def test_circles_over_the_edge_and_outside_are_no_trouble():
    circles = [[0, 0, 20], [500, 500, 9], [-300, 5, 2], [40, 40, 0.2], [5, 5, 320]]
    heads = Heads([np.array(circles, np.float32)])
    assert heads.hide(noise(), 0, how="blur").shape == (80, 80, 3)


def test_faces_are_not_shown_by_mistake(tmp_path):
    with pytest.raises(ValueError, match="Faces cannot be hidden without heads"):
        app.render(None, result_of(person_at(body(50, 50))), None, style=app.Style(hide_faces="blur"))


def patterned(path, frames=24):
    """A blob with a chequered head, whose red channel stays as the blob's."""
    centres = [(60 + i, 60) for i in range(frames)]
    with write_video(path, width=160, height=120, fps=FPS) as writer:
        for number, ((x, y), frame) in enumerate(zip(centres, blob_frames(centres, side=48), strict=True)):
            head = frame[y - 34 : y - 14, x - 10 : x + 10]
            head[..., 1:] = np.where(np.indices((20, 20)).sum(axis=0) // 2 % 2, 255, 0)[..., None]
            writer.write(frame, pts_seconds=number / FPS)
    return centres


def roughness(picture, x, y):
    """Of the head beside the joint that is drawn onto it."""
    cheek = picture[y - 28 : y - 16, x - 9 : x - 4, 1].astype(float)
    return np.abs(np.diff(cheek, axis=0)).mean()


def test_the_command_hides_faces_in_every_picture_that_it_writes(tmp_path, posefix):
    centres = patterned(tmp_path / "a.mp4")
    plain, hidden = tmp_path / "plain", tmp_path / "hidden"
    options = ("--draw", "initial", "--thickness", "1", "--radius", "1", "--frames", "every:6", "--montage")
    assert posefix(tmp_path / "a.mp4", "--output", plain, *options) == (0, [])
    assert posefix(tmp_path / "a.mp4", "--output", hidden, *options, "--anonymise", "blur") == (0, [])
    shown, gone = (
        np.concatenate([b.frames for b in app.open_video(folder / "a_posefix.mp4").batches(size=8)])
        for folder in (plain, hidden)
    )
    for before, after, (x, y) in zip(shown, gone, centres, strict=True):
        assert roughness(after, x, y) < 0.35 * roughness(before, x, y)
    still = "a_posefix_frames/a_posefix_000006.png"
    before, after = (cv2.imread(str(folder / still)) for folder in (plain, hidden))
    assert roughness(after, *centres[6]) < 0.35 * roughness(before, *centres[6])
    before, after = (cv2.imread(str(folder / "a_posefix_montage.png")) for folder in (plain, hidden))
    assert before.shape == after.shape
    assert np.abs(before.astype(int) - after).max() > 60


# Real clips: eyes, ears and noses that another estimator saw lie inside of the circles.


@pytest.mark.slow
def test_the_face_is_inside_of_the_circles_in_every_frame_of_the_squats(shared_data):
    video = app.open_video(shared_data / "videos" / "squats.mp4")
    device = torch.device("cpu")
    models = {
        "estimator": estimators.create("sfn", device=device),
        "detector": detectors.create(device=device),
    }
    result = app.estimate(video, models["estimator"], detector=models["detector"])
    heads = find_heads(video, result, **models)
    # Its first eleven points are nose, eyes, ears and mouth.
    seen = json.loads((shared_data / "videos" / "squats.keypoints.json").read_text())
    assert len(seen) == len(heads.circles) == 65
    for row, points in enumerate(np.array(seen)[:, :11, :2]):
        for point in points:
            assert any(covered(circle, point) for circle in heads.circles[row]), (row, point)
