"""People are found whole, kept through weak poses, and followed back to where they came in."""

import numpy as np
import pytest

from app.tracking.regions import enclosing
from estimators import FramePoses, boxes
from estimators.detectors import Detections
from estimators.skeletons import JOINTS, POSEFIX
from tests.fixtures.casts import BLUE, FPS, SIZE, Actor, KnowingDetector, KnowingEstimator, film, watch

LEGS = [i for i, joint in enumerate(JOINTS) if joint.endswith(("knee", "ankle"))]
HIPS = [i for i, joint in enumerate(JOINTS) if joint.endswith("hip")]


def stands(_seconds):
    return 160


class Honest(KnowingEstimator):
    """Sees only what is in the box, and says so; gives joints where most of the body is."""

    skeleton = POSEFIX

    def _pose(self, row, people, seen, box):
        keypoints = np.full((len(JOINTS), 3), np.nan)
        keypoints[:, 2] = 0
        if not seen:
            return keypoints, 0.0
        points = people[seen[0]]
        inside = ((points >= box[:2]) & (points <= box[2:])).all(axis=1)
        if inside.sum() < 6:
            return keypoints, 0.0
        keypoints[inside, :2] = points[inside]
        keypoints[inside, 2] = self.score(row)
        return keypoints, float(np.sort(keypoints[:, 2])[-8:].mean())

    def score(self, row):
        return 0.8


class CutDetector(KnowingDetector):
    """Its boxes end at the hips."""

    def _find(self, frame):
        found = super()._find(frame)
        cut = found.boxes.copy()
        cut[:, 3] = cut[:, 1] + 0.56 * (cut[:, 3] - cut[:, 1])
        return Detections(cut, found.scores)


def test_a_box_that_ends_at_the_hips_grows_to_the_feet():
    clip = film([Actor(stands, BLUE, yaw=0.3)], seconds=2)
    (track,) = watch(clip, estimator=Honest(clip), detector=CutDetector(clip)).store.closed(sure=0.4)
    keypoints, looked, _ = track.arrays(len(clip.frames))
    assert np.isfinite(keypoints[:, LEGS, 0]).all()
    assert (looked[:, 3] > clip.truth[:, 0, LEGS, 1].max(axis=1)).all()


class Fading(Honest):
    """Is barely sure of what it sees for most of a second."""

    faint = range(30, 46)

    def score(self, row):
        return 0.12 if row in self.faint else 0.8


def test_who_is_followed_surely_is_held_through_weak_poses():
    clip = film([Actor(lambda t: 100 + 30 * t, BLUE, yaw=0.3)], seconds=4)
    (track,) = watch(clip, estimator=Fading(clip)).store.closed(sure=0.4)
    assert [o.row for o in track.observations] == list(range(len(clip.frames)))


class Blinking(Fading):
    """Sees nothing at all for a while."""

    def score(self, row):
        return 0.0 if row in self.faint else 0.8


def test_who_was_not_seen_for_a_while_is_the_same_person_afterwards():
    clip = film([Actor(lambda t: 100 + 30 * t, BLUE, yaw=0.3)], seconds=4)
    (track,) = watch(clip, estimator=Blinking(clip)).store.closed(sure=0.4)
    rows = {o.row for o in track.observations}
    assert rows == set(range(len(clip.frames))) - set(Fading.faint)


def test_who_walks_in_is_there_from_the_first_frame_with_half_a_body():
    # Somebody stands there all along, so that the detector looks now and then only.
    clip = film(
        [
            Actor(lambda t: 60, BLUE, yaw=0.3),
            Actor(lambda t: None if t < 1.7 else 300 - 40 * (t - 1.7), BLUE, yaw=0.3),
        ],
        seconds=3.5,
    )

    class Sure(KnowingDetector):
        """Does not find people before they are well in the picture."""

        def _find(self, frame):
            found = super()._find(frame)
            well = found.boxes[:, 2] < SIZE[0] - 1
            return Detections(found.boxes[well], found.scores[well])

    tracks = watch(clip, detector=Sure(clip)).store.closed(sure=0.4)
    comes = [track for track in tracks if track.first.row > 0]
    assert [track.first.row for track in comes] == [round(1.7 * FPS)]


class Lying(KnowingEstimator):
    """Knows who lies on their side only where the crop is turned upright; asked otherwise it is half sure."""

    turns_crops = True

    def __init__(self, clip):
        super().__init__(clip)
        self.asked = []

    def estimate(self, frames, *, pts_seconds, boxes=None, angles=None):
        found = super().estimate(frames, pts_seconds=pts_seconds, boxes=boxes)
        turns = [np.zeros(len(b)) for b in boxes] if angles is None else angles
        self.asked += [float(angle) for of_frame in turns for angle in of_frame]
        return [
            FramePoses(p.pts_seconds, self._seen(p, turn), p.boxes, self._scores(p, turn))
            for p, turn in zip(found, turns, strict=True)
        ]

    def _scores(self, poses, turn):
        return np.where(np.abs(turn) > 45, poses.scores, 0.6 * poses.scores).astype(np.float32)

    def _seen(self, poses, turn):
        keypoints = poses.keypoints.copy()
        keypoints[np.abs(turn) <= 45, :, 2] *= 0.6
        return keypoints


def turned(clip):
    """The clip's people lying: x and y exchanged about the middle of the frame."""
    middle = np.array(SIZE) / 2
    away = clip.truth - middle
    return type(clip)(clip.frames, np.stack([-away[..., 1], away[..., 0]], axis=-1) * 0.9 + middle)


def test_who_lies_is_looked_at_as_if_they_stood():
    clip = turned(film([Actor(stands, BLUE, yaw=0.3)], seconds=2))
    estimator = Lying(clip)
    (track,) = watch(clip, estimator=estimator).store.closed(sure=0.4)
    assert len(track.observations) == len(clip.frames)
    usual = np.array([o.angle for o in track.observations])
    assert (np.abs(usual - 90) <= 15).all()
    assert all(o.score > 0.6 for o in track.observations)
    for observation in track.observations:
        points = clip.truth[observation.row, 0]
        assert ((points > observation.box[:2]) & (points < observation.box[2:])).all()
        assert boxes.overlap(observation.box, enclosing(points, 90.0, pad=0.15).bounds) > 0.6


def test_an_estimator_that_does_not_turn_is_never_asked_to():
    clip = turned(film([Actor(stands, BLUE, yaw=0.3)], seconds=1))
    (track,) = watch(clip).store.closed(sure=0.4)
    assert {o.angle for o in track.observations} == {0.0}


@pytest.mark.parametrize("angle", [90, 180, -90])
def test_sfn_turns_crops_and_joints(angle):
    import torch

    import estimators
    from estimators.datasets.synthetic import draw_background, draw_body, place, pose_at

    rng = np.random.default_rng(4)
    frame = draw_background(rng, size=(360, 360)) // 3 + 130
    body = place(pose_at("walk", 0.1, yaw=0.2), height=220, pelvis=(180, 190))
    frame = frame.astype(np.uint8)
    draw_body(frame, body, BLUE)
    estimator = estimators.create("sfn", device=torch.device("cpu"))
    region = enclosing(body.keypoints, 0.0, pad=0.2)
    (upright,) = estimator.estimate(frame[None], pts_seconds=[0.0], boxes=[region.box[None]])
    lying = np.ascontiguousarray(np.rot90(frame, -angle // 90))
    middle = np.full(2, 179.5)
    there = region.moved(boxes.turned(region.middle, middle, angle) - region.middle)
    (turned_back,) = estimator.estimate(
        lying[None], pts_seconds=[0.0], boxes=[there.box[None]], angles=[np.array([float(angle)])]
    )
    expected = boxes.turned(upright.keypoints[0, :, :2], middle, angle)
    sure = upright.keypoints[0, :, 2] > 0.3
    assert sure.sum() >= 8
    off = np.linalg.norm(turned_back.keypoints[0, sure, :2] - expected[sure], axis=1)
    assert np.median(off) < 2
