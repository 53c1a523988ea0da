"""What the corrector does before its network: at every frame rate, whichever way the person is turned."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corrector import Corrector
from corrector.body import person_height
from corrector.configuration import CorrectorConfig
from corrector.modeling import CorrectorNetwork
from estimators.skeletons import JOINTS, POSEFIX, UPPER_BODY
from tests.corrector.test_sides import swinging
from tests.fixtures.corrector_parts import CPU, SMALL, make_corrector, make_motion, times


def keeps_what_it_is_given(**config) -> Corrector:
    """A corrector whose network changes nothing, so that what is done before it can be seen."""
    network = CorrectorNetwork(CorrectorConfig(**(SMALL | config)))
    torch.nn.init.zeros_(network.decoder.output.weight)
    network.decoder.output.bias.data.view(-1, 15)[4] = 30
    return Corrector(network, device=CPU)


def scored(points: np.ndarray) -> np.ndarray:
    return np.concatenate((points, np.ones((*points.shape[:2], 1))), axis=2)


@pytest.mark.parametrize("lasts", [3, 4])
@pytest.mark.parametrize("fps", [30, 60, 120])
def test_exchanged_sides_are_put_right_before_frames_are_grouped(fps: int, lasts: int) -> None:
    points, seconds = swinging(3 * fps, fps=fps)
    exchanged = points.copy()
    exchanged[20 : 20 + lasts] = points[20 : 20 + lasts][:, POSEFIX.flip_indices]
    corrector = keeps_what_it_is_given()
    fixed, clean = (
        corrector.correct(scored(track), pts_seconds=seconds, joints=JOINTS).keypoints
        for track in (exchanged, points)
    )
    np.testing.assert_allclose(fixed, clean, atol=6)


def test_a_jump_is_taken_for_missing_but_never_comes_out_so() -> None:
    points, seconds = swinging(90)
    wrist = JOINTS.index("left_wrist")
    jumped = points.copy()
    jumped[40:43, wrist] += (0, -250)
    for gap in (0.5, 0.0):
        result = keeps_what_it_is_given().correct(
            scored(jumped), pts_seconds=seconds, joints=JOINTS, max_gap_seconds=gap
        )
        apart = np.linalg.norm(result.keypoints - points, axis=2)
        assert np.isfinite(result.keypoints).all() and not result.filled.any()
        assert apart[40:43, wrist].max() < 20 and np.delete(apart, range(40, 43), axis=0).max() < 0.01
    left_in = keeps_what_it_is_given(leave_out_jumps=False)
    kept = left_in.correct(scored(jumped), pts_seconds=seconds, joints=JOINTS).keypoints
    assert np.linalg.norm(kept - points, axis=2)[40:43, wrist].min() > 200


@settings(max_examples=12, deadline=None)
@given(angle=st.floats(0, 2 * np.pi), joints=st.sampled_from([JOINTS, UPPER_BODY]))
def test_turning_the_picture_turns_the_answer(angle: float, joints: tuple[str, ...]) -> None:
    motion = make_motion(40, len(joints))
    motion[4:6, 5] = np.nan
    motion[20:23, 3, :2] += 90
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = motion.copy()
    turned[..., :2] = (motion[..., :2] - 400) @ turn.T + 400
    corrector = make_corrector()
    one = corrector.correct(motion, pts_seconds=times(40), joints=joints)
    other = corrector.correct(turned, pts_seconds=times(40), joints=joints)
    height = person_height(motion[..., :2], joints)
    difference = np.linalg.norm((one.keypoints - 400) @ turn.T + 400 - other.keypoints, axis=2)
    assert difference.max() < 0.01 * height
    np.testing.assert_allclose(one.error_px, other.error_px, rtol=1e-2)


def test_the_height_of_a_person_in_any_pose() -> None:
    points, _ = swinging(40)
    assert person_height(points, JOINTS) == pytest.approx(400, rel=0.15)
    folded = points.copy()
    folded[:, [JOINTS.index(f"{side}_ankle") for side in ("left", "right")]] += (0, -180)
    assert person_height(folded, JOINTS) == pytest.approx(400, rel=0.15)
    upper = [JOINTS.index(joint) for joint in UPPER_BODY]
    assert person_height(points[:, upper], UPPER_BODY) == pytest.approx(400, rel=0.3)  # arms swing wide
    assert person_height(points[:, :1], JOINTS[:1]) > 0
    assert person_height(np.full((3, 15, 2), np.nan), JOINTS) > 0
