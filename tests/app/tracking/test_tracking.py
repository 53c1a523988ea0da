"""People followed through made clips: who is who, gone and back, cuts, borders, nobody."""

import numpy as np
import pytest

from app.errors import PosefixError
from app.tracking.bottom_up import BottomUpTracker
from app.tracking.observations import histogram_overlap
from app.tracking.selection import PeopleSelection, select_people
from app.tracking.settings import TrackingSettings
from app.tracking.windows import WindowFrame, windows
from estimators import FramePoses
from tests.fixtures.casts import BLUE, FPS, RED, SIZE, Actor, KnowingDetector, film, watch
from tests.fixtures.fakes import LAYOUT, UPPER_BODY


def everybody(tracker, clip, people=None, **options):
    seconds = (len(clip.frames) - 1) / FPS
    return select_people(
        tracker.store, people or PeopleSelection(count=None), frame_size=SIZE, clip_seconds=seconds, **options
    )


def whose(track, clip):
    """For each observation, which true person it shows."""
    nearest = []
    for observation in track.observations:
        away = np.linalg.norm(clip.truth[observation.row] - observation.keypoints[None, :, :2], axis=-1).mean(
            axis=-1
        )
        nearest.append(int(np.nanargmin(away)))
    return nearest


def walk(start, end, seconds):
    return lambda t: start + (end - start) * t / seconds


@pytest.mark.parametrize("finds_people", [False, True])
@pytest.mark.parametrize("looks", [(RED, BLUE), (RED, RED)], ids=["two colours", "one colour"])
def test_two_who_cross_keep_their_ids(looks, finds_people):
    clip = film(
        [Actor(walk(50, 270, 4), looks[0], yaw=-1.2), Actor(walk(270, 50, 4), looks[1], height=125)],
        seconds=4,
    )
    chosen = everybody(watch(clip, finds_people=finds_people), clip)
    assert sorted(one.id for one in chosen) == [0, 1]
    people = [whose(one.track, clip) for one in chosen]
    assert all(len(set(shown)) == 1 for shown in people)
    assert {shown[0] for shown in people} == {0, 1}
    assert all(len(shown) > 0.7 * len(clip.frames) for shown in people)


def gone_and_back(t):
    """Walks out on the right in two seconds, and in again a second and a half later."""
    if t < 2:
        return 200 + 70 * t
    return None if t < 3.5 else 340 - 70 * (t - 3.5)


def test_who_leaves_and_comes_back_keeps_the_id():
    clip = film([Actor(gone_and_back, BLUE)], seconds=5.5)
    (one,) = everybody(watch(clip), clip)
    rows = [observation.row for observation in one.track.observations]
    assert rows[0] == 0
    assert rows[-1] == len(clip.frames) - 1
    assert not any(2.2 < row / FPS < 3.4 for row in rows)


def test_somebody_else_who_comes_in_later_gets_another_id():
    def later(t):
        return None if t < 3.5 else 340 - 70 * (t - 3.5)

    clip = film(
        [Actor(lambda t: 200 + 70 * t if t < 2 else None, BLUE), Actor(later, RED, height=150)], seconds=5.5
    )
    chosen = everybody(watch(clip), clip)
    assert {one.id: set(whose(one.track, clip)) for one in chosen} == {0: {0}, 1: {1}}


def test_nobody_is_followed_through_a_cut():
    before = film([Actor(lambda t: 150, BLUE)], seconds=2, seed=1)
    after = film([Actor(lambda t: 150, BLUE)], seconds=2, seed=2)
    clip = before + after
    tracker = watch(clip)
    assert tracker.cuts == [len(before.frames)]
    first, second = sorted(everybody(tracker, clip), key=lambda one: one.id)
    assert [s.row for s in first.track.observations] == list(range(40))
    assert [s.row for s in second.track.observations] == list(range(40, 80))
    # The one who is meant is the one of each shot.
    assert len(everybody(tracker, clip, PeopleSelection())) == 2


def test_a_flash_is_no_cut():
    clip = film([Actor(walk(100, 200, 2), BLUE)], seconds=2)
    clip.frames[20:22] = np.random.default_rng(0).integers(200, 255, clip.frames[20:22].shape)
    tracker = watch(clip)
    assert tracker.cuts == []
    (one,) = everybody(tracker, clip)
    assert len(one.track.observations) >= len(clip.frames) - 3


def test_a_person_at_the_border_is_found():
    clip = film([Actor(lambda t: 4 + 2 * np.sin(t), RED, yaw=0.3)], seconds=1)
    (one,) = everybody(watch(clip), clip)
    assert len(one.track.observations) == len(clip.frames)


def test_nobody_is_found_where_nobody_is():
    clip = film([], seconds=2)
    tracker = watch(clip)
    assert everybody(tracker, clip) == []
    with pytest.raises(PosefixError, match="nobody was found"):
        everybody(tracker, clip, PeopleSelection(person=0))


def test_an_empty_picture_is_not_searched_in_every_frame():
    clip = film([], seconds=3)
    detector = KnowingDetector(clip)
    watch(clip, detector=detector)
    assert 5 <= detector.calls <= 15


@pytest.fixture(scope="module")
def three():
    """A small one who stands, a large one who walks, and one who is seen for a moment."""
    clip = film(
        [
            Actor(lambda t: 40, RED, height=70),
            Actor(walk(120, 220, 3), BLUE, height=150),
            Actor(lambda t: 290 if 1 < t < 1.44 else None, RED, height=100),
        ],
        seconds=3,
    )
    return clip, watch(clip)


def test_the_most_prominent_is_the_one_who_is_meant(three):
    clip, tracker = three
    (one,) = everybody(tracker, clip, PeopleSelection())
    assert set(whose(one.track, clip)) == {1}


def test_a_number_of_people_and_one_by_id(three):
    clip, tracker = three
    two = everybody(tracker, clip, PeopleSelection(count=2))
    assert [set(whose(one.track, clip)) for one in two] == [{1}, {0}]
    for one in two:
        (same,) = everybody(tracker, clip, PeopleSelection(person=one.id))
        assert whose(same.track, clip) == whose(one.track, clip)
    with pytest.raises(PosefixError, match="ids are 0 to 1"):
        everybody(tracker, clip, PeopleSelection(person=2))


def test_who_is_seen_for_a_moment_is_left_out_unless_wanted(three):
    clip, tracker = three
    assert len(everybody(tracker, clip)) == 2
    assert len(everybody(tracker, clip, PeopleSelection(count=None, min_seconds=0.1))) == 3


def test_the_box_given_says_who_is_meant(three):
    clip, _ = three
    box = np.array([20, 90, 60, 180], np.float32)
    (one,) = everybody(watch(clip, first_box=box), clip, PeopleSelection(), first_box=box)
    assert set(whose(one.track, clip)) == {0}


def test_only_so_many_are_followed_at_once_the_most_prominent(three):
    clip, _ = three
    chosen = everybody(watch(clip, most=1), clip)
    assert [set(whose(one.track, clip)) for one in chosen] == [{1}]


@pytest.mark.parametrize("text", ["0", "none", "-1", "1.5", ""])
def test_people_that_make_no_sense_are_refused(text):
    with pytest.raises(ValueError, match="Supported values are one, all and 1, 2"):
        PeopleSelection.parse(text)


def test_people_are_understood():
    assert PeopleSelection.parse("one") == PeopleSelection(count=1)
    assert PeopleSelection.parse("all") == PeopleSelection(count=None)
    assert PeopleSelection.parse("3", min_seconds=1).followed == 5
    assert PeopleSelection.parse("all").several
    assert not PeopleSelection.parse("all", person=1).several


def test_clothes_tell_people_apart():
    clip = film([Actor(lambda t: 80, RED), Actor(lambda t: 240, BLUE)], seconds=0.5)
    tracker = watch(clip)
    red, blue = (one.track for one in sorted(everybody(tracker, clip), key=lambda c: c.track.first.centre[0]))
    assert histogram_overlap(red.first.colours, red.last.colours) > 0.8
    assert histogram_overlap(red.first.colours, blue.first.colours) < 0.7


def test_who_comes_in_between_two_looks_of_the_detector_is_followed_back():
    # Somebody stands there all along, so that the detector looks now and then only.
    clip = film([Actor(lambda t: 60, RED), Actor(lambda t: 240 if t >= 1.0 else None, BLUE)], seconds=2)
    chosen = everybody(watch(clip), clip)
    (second,) = [one for one in chosen if set(whose(one.track, clip)) == {1}]
    assert second.track.first.row == 20


class Guessing:
    """Finds people by itself: one it is sure of, who fades for a moment, and one it only guesses at."""

    name, skeleton, finds_people, batch_size, weights_sha256 = "guessing", UPPER_BODY, True, 8, "none"

    def estimate(self, frames, *, pts_seconds, boxes=None):
        results = []
        for row in range(len(frames)):
            poses = np.array([[50, 60], [150, 60]])[:, None] + LAYOUT * 40
            sure = 0.3 if row == 3 else 0.9
            scores = np.array([sure, 0.3], np.float32)
            keypoints = np.concatenate([poses, np.broadcast_to(scores[:, None, None], (2, 7, 1))], axis=2)
            around = np.array([[20, 20, 80, 100], [120, 20, 180, 100]], np.float32)
            results.append(FramePoses(float(pts_seconds[row]), keypoints.astype(np.float32), around, scores))
        return results


def test_who_is_only_guessed_at_is_nobody_but_who_fades_is_kept():
    tracker = BottomUpTracker(Guessing(), frame_size=(200, 120), fps=10)
    picture = np.zeros((120, 200, 3), np.uint8)
    for window in windows([WindowFrame(row, row / 10, picture) for row in range(8)], fps=10):
        for rows in window.shots():
            tracker.follow(window, rows, tracker.detect(window, rows))
    (track,) = tracker.store.closed(sure=TrackingSettings().found_score)
    keypoints, _, hypotheses = track.arrays(8)
    assert keypoints.shape == (8, 7, 3)
    assert np.isfinite(keypoints).all()
    assert keypoints[:, :, 0].max() < 100
    assert hypotheses is None
