"""Turned regions, and what a pose says of the body."""

import numpy as np
import pytest

from app.tracking.observations import same_person
from app.tracking.posture import Posture
from app.tracking.regions import Region, between, enclosing, lying, overlap, union
from estimators import boxes
from estimators.skeletons import JOINTS, POSEFIX

# Somebody who stands, 300 px tall; left is the person's.
STANDING = {
    "head": (0, -125),
    "neck": (0, -100),
    "head_top": (0, -150),
    "left_shoulder": (25, -95),
    "right_shoulder": (-25, -95),
    "left_elbow": (35, -45),
    "right_elbow": (-35, -45),
    "left_wrist": (35, 0),
    "right_wrist": (-35, 0),
    "left_hip": (15, -10),
    "right_hip": (-15, -10),
    "left_knee": (15, 70),
    "right_knee": (-15, 70),
    "left_ankle": (15, 145),
    "right_ankle": (-15, 145),
}


def pose(angle=0.0, *, at=(300.0, 250.0), unseen=(), score=0.9):
    """Joints (15, 3) of somebody turned clockwise by an angle; unseen ones have no place."""
    points = np.array([STANDING[joint] for joint in JOINTS], float)
    points = boxes.turned(points, np.zeros(2), angle) + np.array(at)
    keypoints = np.concatenate([points, np.full((len(JOINTS), 1), score)], axis=1).astype(np.float32)
    for joint in unseen:
        keypoints[JOINTS.index(joint)] = [np.nan, np.nan, 0]
    return keypoints


def parts(*names):
    return [f"{side}_{name}" for side in ("left", "right") for name in names]


@pytest.fixture
def posture():
    return Posture(POSEFIX)


def test_turning_is_clockwise_as_seen():
    np.testing.assert_allclose(boxes.turned(np.array([0.0, -10.0]), np.zeros(2), 90), [10, 0], atol=1e-5)


@pytest.mark.parametrize("angle", [0.0, 60.0, 90.0, 180.0, -120.0])
def test_a_region_lies_as_tightly_around_a_turned_body_as_around_an_upright_one(angle):
    upright = enclosing(pose()[:, :2], 0.0, pad=0.1)
    region = enclosing(pose(angle)[:, :2], angle, pad=0.1)
    np.testing.assert_allclose(
        np.ptp(region.box.reshape(2, 2), axis=0), np.ptp(upright.box.reshape(2, 2), axis=0), atol=0.01
    )
    # The body is upright in the region's own coordinates, and inside.
    own = region.own(pose(angle)[:, :2])
    box = region.own_box
    assert ((own > box[:2]) & (own < box[2:])).all()
    np.testing.assert_allclose(own - boxes.middle(box), pose()[:, :2] - upright.middle, atol=0.01)
    bounds = region.bounds
    assert ((pose(angle)[:, :2] > bounds[:2]) & (pose(angle)[:, :2] < bounds[2:])).all()


@pytest.mark.parametrize("angle", [0.0, 75.0])
def test_a_union_holds_the_region_and_the_points(angle):
    region = enclosing(pose(angle)[:, :2], angle, pad=0.0)
    far = np.array([[500.0, 20.0], [310.0, 240.0]])
    own, box = region.own(far), union(region, far).own_box
    assert (own >= box[:2] - 0.01).all()
    assert (own <= box[2:] + 0.01).all()
    assert boxes.inside(region.own_box, box) == pytest.approx(1, abs=1e-3)


def test_regions_of_one_angle_are_compared_as_they_are_turned():
    one = enclosing(pose(45)[:, :2], 45.0, pad=0.0)
    beside = one.moved(boxes.turned(np.array([80.0, 0.0]), np.zeros(2), 45))
    assert overlap(one, one) == pytest.approx(1)
    assert overlap(one, beside) == 0
    assert boxes.overlap(one.bounds, beside.bounds) > 0.3


def test_between_two_regions():
    one, other = Region(np.array([0, 0, 10, 20], np.float32)), Region(np.array([10, 0, 30, 20], np.float32))
    np.testing.assert_allclose(between(one, other, 0.5).box, [5, 0, 20, 20])
    turned = lying(other, 90.0)
    half = between(one, turned, 0.75)
    assert half.angle == 90
    np.testing.assert_allclose(half.middle, 0.25 * one.middle + 0.75 * turned.middle)


@pytest.mark.parametrize(
    ("angle", "last", "expected"),
    [
        (20, 0, 0),
        (-40, 0, 0),
        (50, 0, 45),
        (95, 0, 90),
        (-90, 0, -90),
        (40, 60, 45),
        (30, 60, 0),
        (100, 90, 90),
    ],
)
def test_the_crop_is_turned_where_the_body_lies(posture, angle, last, expected):
    assert posture.angle(pose(angle), last=last) == expected


def test_upside_down_is_half_a_turn(posture):
    assert abs(posture.angle(pose(180))) == 180
    assert posture.angle(pose(-175), last=180.0) == 180


def test_without_hips_the_body_lies_as_before(posture):
    assert posture.angle(pose(90, unseen=parts("hip")), last=0.0) == 0
    assert posture.angle(pose(0, unseen=parts("hip")), last=90.0) == 90


@pytest.mark.parametrize("angle", [0, 90])
def test_unseen_legs_and_heads_are_looked_for_where_they_should_be(posture, angle):
    whole = pose(angle)
    assert len(posture.missing(whole)) == 0
    for unseen in (parts("ankle"), parts("knee", "ankle"), ["head", "neck", "head_top"]):
        seen = pose(angle, unseen=unseen)
        region = union(enclosing(seen[np.isfinite(seen[:, 0]), :2], angle, pad=0.15), posture.missing(seen))
        own, box = region.own(whole[:, :2]), region.own_box
        assert ((own >= box[:2]) & (own <= box[2:])).all(), unseen


def test_without_hips_legs_are_looked_for_below_the_shoulders(posture):
    seen = pose(unseen=parts("hip", "knee", "ankle"))
    assert posture.missing(seen)[:, 1].max() > 250 + 60
    assert len(posture.missing(pose(unseen=parts("shoulder", "ankle")))) == 0


def test_evidence_counts_joints_by_their_scores_and_far_too_long_limbs_by_half(posture):
    assert posture.evidence(pose()) == pytest.approx(15 * 0.9, abs=1e-4)
    assert posture.evidence(pose(unseen=parts("ankle"))) == pytest.approx(13 * 0.9, abs=1e-4)
    torn = pose()
    torn[JOINTS.index("left_wrist"), 0] += 400
    assert posture.evidence(torn) == pytest.approx(14 * 0.9, abs=1e-4)


def test_a_pose_that_fills_the_place_of_another_is_of_the_same_person():
    # Head for feet, as estimators give who lies.
    assert same_person(pose(90), pose(-90), apart=0.15)
    assert same_person(pose(), pose(at=(310.0, 250.0)), apart=0.15)
    assert not same_person(pose(), pose(at=(360.0, 250.0)), apart=0.15)
    assert not same_person(pose(), pose(unseen=JOINTS), apart=0.15)
