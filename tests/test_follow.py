"""The follower: one person found, kept, lost and found again."""

import itertools

import numpy as np

from app import boxes
from app.follow import Chooser, Follower, FollowSettings
from app.video.types import FrameBatch
from tests.fakes import LAYOUT, BlobEstimator, blob_frames


def batch_of(frames, *, first=0, fps=10.0):
    indices = np.arange(first, first + len(frames))
    return FrameBatch(indices, indices / fps, frames)


def follow_all(follower, frames, *, size=4, fps=10.0):
    parts = [
        follower.follow(batch_of(frames[at : at + size], first=at, fps=fps))
        for at in range(0, len(frames), size)
    ]
    return np.concatenate([part.keypoints for part in parts])


def test_a_moving_person_is_found_and_followed():
    centres = [(30 + 3 * i, 40 + i) for i in range(20)]
    found = follow_all(Follower(BlobEstimator()), blob_frames(centres))
    middles = found[:, :, :2].mean(axis=1) - LAYOUT.mean(axis=0) * 24
    assert np.abs(middles - np.array(centres)).max() < 2


def test_a_small_person_in_a_big_frame_is_found():
    found = follow_all(Follower(BlobEstimator()), blob_frames([(600, 300)] * 2, side=40, size=(900, 400)))
    assert np.isfinite(found).all()


def test_frames_without_anybody_stay_empty_and_the_person_is_found_again():
    centres = [(40, 40)] * 4 + [None] * 8 + [(120, 80)] * 12
    found = follow_all(Follower(BlobEstimator()), blob_frames(centres))
    there = np.isfinite(found[:, 0, 0])
    assert there[:4].all()
    assert not there[4:12].any()
    # Found again no later than the next search.
    assert there[12 + int(FollowSettings().search_seconds * 10) :].all()


def test_an_empty_picture_is_not_searched_in_every_frame():
    estimator = BlobEstimator()
    follow_all(Follower(estimator), blob_frames([None] * 20))
    windows = sum(
        len(boxes.windows(160, 120, share=s, stride=FollowSettings().search_stride))
        for s in FollowSettings().search_shares
    )
    assert sum(estimator.calls) == (1 + windows) * 2  # 2 s, a search every second


def test_the_first_box_says_who_is_meant():
    frames = np.maximum(blob_frames([(30, 60)] * 4, side=30), blob_frames([(120, 60)] * 4, side=20))
    box = np.array([105, 45, 135, 75], np.float32)
    found = follow_all(
        Follower(BlobEstimator(), first_box=box, settings=FollowSettings(lost_score=0.1)), frames
    )
    assert np.abs(found[:, 0, 0] - 120).max() < 3


def test_a_fast_jump_within_a_batch_is_looked_at_again():
    centres = [(30, 60), (42, 60), (54, 60), (66, 60)]
    estimator = BlobEstimator()
    follower = Follower(estimator, first_box=np.array([10, 40, 80, 80], np.float32))
    found = follow_all(follower, blob_frames(centres))
    assert np.abs(found[:, 0, 0] - [30, 42, 54, 66]).max() < 2
    assert len(estimator.calls) == 2


def test_an_estimator_that_finds_people_is_not_told_where_to_look():
    estimator = BlobEstimator(finds_people=True)
    found = follow_all(Chooser(estimator), blob_frames([(40, 40), None, (44, 40), (46, 40)]))
    assert np.isfinite(found[:, 0, 0]).tolist() == [True, False, True, True]
    assert estimator.calls == [4]


def test_windows_cover_the_whole_frame():
    for share in (1.0, 0.5):
        found = boxes.windows(1768, 994, share=share, stride=0.5)
        assert np.allclose(found[:, 2:] - found[:, :2], share * 994, atol=0.01)
        assert np.allclose(found.min(axis=0)[:2], 0)
        assert np.allclose(found.max(axis=0)[2:], [1768, 994])
        assert np.diff(np.unique(found[:, 0])).max() <= 0.5 * share * 994 + 0.01


def test_a_sure_find_ends_the_search():
    estimator = BlobEstimator()
    large = blob_frames([(80, 60)], side=100)
    Follower(estimator).follow(batch_of(large))
    assert sum(estimator.calls) < 10


def test_overlap_is_that_of_areas():
    a, b = np.array([0, 0, 10, 10], np.float32), np.array([5, 0, 15, 10], np.float32)
    assert np.isclose(boxes.overlap(a, b), 50 / 150)
    assert boxes.overlap(a, b + 100) == 0


def test_the_box_around_joints_leaves_out_the_unsure_and_the_missing():
    keypoints = np.array([[10, 10, 0.9], [30, 50, 0.9], [900, 900, 0.1], [np.nan, np.nan, 0.9]])
    assert boxes.around(keypoints, min_score=0.2, pad=0.1).tolist() == [6, 6, 34, 54]
    assert boxes.around(keypoints[2:], min_score=0.2, pad=0.1) is None


def test_a_box_is_widened_about_its_middle():
    box = np.array([10, 10, 20, 40], np.float32)
    assert boxes.at_least(box, np.array([20, 20])).tolist() == [5, 10, 25, 40]


class FadingEstimator(BlobEstimator):
    """Loses sight of the lower half of a person after the first frames."""

    seen = 0

    def estimate(self, frames, *, pts_seconds, boxes=None):
        found = super().estimate(frames, pts_seconds=pts_seconds, boxes=boxes)
        for poses in found:
            self.seen += 1
            if self.seen > 60 and len(poses.keypoints):
                poses.keypoints[:, 3:, :2] = np.nan
                poses.keypoints[:, 3:, 2] = 0
        return found


def test_joints_that_fade_do_not_draw_the_box_ever_tighter():
    follower = Follower(FadingEstimator())
    frames = blob_frames([(80, 60)] * 12, side=40)
    sides = []
    for at in range(0, 12, 4):
        looked = follower.follow(batch_of(frames[at : at + 4], first=at)).boxes
        sides += (looked[:, 3] - looked[:, 1]).tolist()
    assert min(b / a for a, b in itertools.pairwise(sides)) >= FollowSettings().least - 1e-3


class DoubtfulEstimator(BlobEstimator):
    """Less sure of everybody from the third second on."""

    def estimate(self, frames, *, pts_seconds, boxes=None):
        found = super().estimate(frames, pts_seconds=pts_seconds, boxes=boxes)
        for poses in found:
            if poses.pts_seconds >= 2.0:
                poses.scores[:] = np.minimum(poses.scores, 0.4)
        return found


def test_somebody_kept_in_doubt_for_too_long_is_lost():
    found = follow_all(Follower(DoubtfulEstimator()), blob_frames([(80, 60)] * 40, side=40))
    there = np.isfinite(found[:, 0, 0])
    lost_at = 20 + int(FollowSettings().doubt_seconds * 10)
    assert there[:lost_at].all()
    assert not there[lost_at:].any()
