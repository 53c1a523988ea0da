"""What is found does not hang on how the work is cut up; estimators get the frames that they ask for."""

import numpy as np
import pytest

from app.tracking.selection import PeopleSelection, select_people
from estimators import FramePoses
from estimators.interface import context_frames
from tests.fixtures.casts import BLUE, FPS, RED, SIZE, Actor, KnowingEstimator, film, watch


@pytest.fixture(scope="module")
def clip():
    """Somebody stands there, and somebody walks in."""
    return film(
        [Actor(lambda t: 60, RED), Actor(lambda t: 330 - 60 * (t - 0.8) if t > 0.8 else None, BLUE)],
        seconds=2.5,
    )


def arrays(clip, estimator):
    people = select_people(
        watch(clip, estimator=estimator).store,
        PeopleSelection(count=None, min_seconds=0.1),
        frame_size=SIZE,
        clip_seconds=2.5,
    )
    return [one.track.arrays(len(clip.frames)) for one in people]


class Sized(KnowingEstimator):
    """Likes so many frames a call."""

    def __init__(self, clip, batch_size, *, finds_people=False):
        super().__init__(clip, finds_people=finds_people)
        self.batch_size = batch_size
        self.calls = []

    def estimate(self, frames, *, pts_seconds, boxes=None):
        self.calls.append(len(frames))
        return super().estimate(frames, pts_seconds=pts_seconds, boxes=boxes)


@pytest.mark.parametrize("batch_size", [1, 3, 80])
def test_the_batch_size_changes_nothing(clip, batch_size):
    usual, other = Sized(clip, 8), Sized(clip, batch_size)
    found, again = arrays(clip, usual), arrays(clip, other)
    assert len(found) == len(again) == 2
    for one, same in zip(found, again, strict=True):
        np.testing.assert_array_equal(one[0], same[0])
        np.testing.assert_array_equal(one[1], same[1])
    assert max(other.calls) <= batch_size
    assert max(other.calls) > 8 or batch_size < 80


@pytest.mark.parametrize("batch_size", [1, 80])
def test_nor_where_the_estimator_finds_people(clip, batch_size):
    found = arrays(clip, Sized(clip, 8, finds_people=True))
    again = arrays(clip, Sized(clip, batch_size, finds_people=True))
    for one, same in zip(found, again, strict=True):
        np.testing.assert_array_equal(one[0], same[0])


class Neighbourly(KnowingEstimator):
    """Asks for two frames on either side."""

    context_frames = 2

    def __init__(self, clip, **options):
        super().__init__(clip, **options)
        self.calls = []

    def estimate(self, frames, *, pts_seconds, boxes=None):
        rows = [round(seconds * FPS) for seconds in pts_seconds]
        wanted = rows if boxes is None else [r for r, b in zip(rows, boxes, strict=True) if len(b)]
        self.calls.append((rows, wanted))
        return super().estimate(frames, pts_seconds=pts_seconds, boxes=boxes)


@pytest.mark.parametrize("finds_people", [False, True])
def test_frames_come_with_their_neighbours_up_to_the_cut(finds_people):
    cut = film([Actor(lambda t: 150, RED)], seconds=1.3, seed=1)
    both = cut + film([Actor(lambda t: 150, BLUE)], seconds=1.3, seed=2)
    estimator = Neighbourly(both, finds_people=finds_people)
    assert context_frames(estimator) == 2
    tracks = watch(both, estimator=estimator, finds_people=finds_people).store.closed(sure=0.4)
    assert [len(track.observations) for track in tracks] == [26, 26]
    assert all(rows == sorted(rows) for rows, _ in estimator.calls)
    for row in range(52):
        shot = range(26) if row < 26 else range(26, 52)
        near = {other for other in range(row - 2, row + 3) if other in shot}
        assert any(near <= set(rows) for rows, wanted in estimator.calls if row in wanted), row


class Imaginative(KnowingEstimator):
    """Gives two places for each joint; only one in every third frame."""

    def estimate(self, frames, *, pts_seconds, boxes=None):
        found = super().estimate(frames, pts_seconds=pts_seconds, boxes=boxes)
        return [self._with_places(poses) for poses in found]

    def _with_places(self, poses):
        count = 1 if round(poses.pts_seconds * FPS) % 3 == 0 else 2
        places = np.repeat(poses.keypoints[:, :, None], count, axis=2)
        places[..., 0] += np.arange(count)
        return FramePoses(poses.pts_seconds, poses.keypoints, poses.boxes, poses.scores, places)


@pytest.mark.parametrize("finds_people", [False, True])
def test_hypotheses_stay_with_their_pose(clip, finds_people):
    for keypoints, _, places in arrays(clip, Imaginative(clip, finds_people=finds_people)):
        rows = np.flatnonzero(np.isfinite(keypoints[:, 0, 0]))
        assert places.shape == (*keypoints.shape[:2], 2, 3)
        np.testing.assert_array_equal(places[rows, :, 0], keypoints[rows])
        second = places[rows, :, 1, 0] - keypoints[rows, :, 0]
        assert (np.isnan(second).all(axis=1) == (rows % 3 == 0)).all()
        np.testing.assert_allclose(second[rows % 3 != 0], 1, atol=1e-4)
        assert np.isnan(places[np.setdiff1d(np.arange(len(keypoints)), rows)]).all()
