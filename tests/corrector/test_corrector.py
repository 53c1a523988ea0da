"""The corrector around its network: missing joints, windows, skeletons, weights. Weights are random."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corrector import Corrector
from corrector.api import load_network, save_network
from corrector.configuration import CorrectorConfig
from corrector.features import Window
from corrector.processor import PoseSequence, correct_windows, shrink_corrections, window_weights
from estimators.known_skeletons import COCO, HALPE
from estimators.skeletons import JOINTS, UPPER_BODY
from tests.fixtures.corrector_parts import CPU, make_corrector, make_motion, times
from weights import WeightsError


@pytest.mark.parametrize("frames", [0, 1, 2, 7, 8, 9, 37])
def test_every_length_gives_every_frame(frames: int) -> None:
    result = make_corrector().correct(make_motion(frames), pts_seconds=times(frames), joints=JOINTS)
    assert result.keypoints.shape == (frames, 15, 2) and result.keypoints.dtype == np.float32
    assert result.error_px.shape == (frames, 15) and (result.error_px > 0).all()
    assert np.isfinite(result.keypoints).all()
    assert not result.filled.any()


def test_windows_are_averaged_as_a_slow_direct_version_does() -> None:
    corrector, motion = make_corrector(), make_motion(27)
    config = corrector._network.config
    total, weight = np.zeros((27, 15, 2)), np.zeros((27, 1, 1))
    for start in (0, 4, 8, 12, 16, 19):  # half overlapping; the last one ends with the clip
        steps = slice(start, start + 8)
        points = torch.from_numpy(motion[steps, :, :2])[None]
        scores = torch.from_numpy(motion[steps, :, 2])[None]
        window = Window(points, torch.ones_like(scores), scores, torch.from_numpy(times(27)[steps])[None])
        with torch.inference_mode():
            answer = correct_windows(corrector._network, window)[0, :, :, :2].numpy()
        share = window_weights(config)[:, None, None]
        total[steps] += share * answer
        weight[steps] += share
    result = corrector.correct(motion, pts_seconds=times(27), joints=JOINTS).keypoints
    np.testing.assert_allclose(result, total / weight, atol=1e-3)


@pytest.mark.parametrize("tapered", [True, False])
def test_window_weights(tapered: bool) -> None:
    weights = window_weights(CorrectorConfig(window=8, tapered=tapered))
    assert weights.tolist() == ([0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25] if tapered else [1] * 8)


def test_small_corrections_are_held_back_where_frames_lie_far_apart() -> None:
    given = np.zeros((6, 2, 2))
    given[3, 1] = np.nan
    points = np.full((6, 2, 2), (3.0, 4.0))
    error = np.full((6, 2), 5.0)

    def held(fps: float) -> np.ndarray:
        track = PoseSequence(given, np.ones((6, 2)), times(6, fps))
        return shrink_corrections(points, error, track, low_fps_shrinkage=1.0)

    np.testing.assert_array_equal(held(30), points)
    np.testing.assert_allclose(held(10)[0, 0], (1.5, 2.0))  # as large as its expected error: half
    np.testing.assert_allclose(held(5)[0, 0], (0.3, 0.4))  # three times as cautious
    np.testing.assert_allclose(held(2)[0, 0], held(1)[0, 0])  # no more than four times
    np.testing.assert_allclose(held(15)[0, 0], np.array((3.0, 4.0)) * 9 / 10)
    np.testing.assert_array_equal(held(5)[3, 1], (3.0, 4.0))
    np.testing.assert_array_equal(
        shrink_corrections(points, error, PoseSequence(given, error, times(6, 5)), low_fps_shrinkage=0),
        points,
    )


def test_only_the_trusted_share_of_a_correction_is_carried_out() -> None:
    given = np.zeros((3, 2, 2))
    given[1, 0] = np.nan
    track = PoseSequence(given, np.ones((3, 2)), times(3, 30))
    held = shrink_corrections(
        np.full((3, 2, 2), 4.0), np.ones((3, 2)), track, low_fps_shrinkage=1.0, joint_gain=(0.25, 1.0)
    )
    np.testing.assert_array_equal(held[:, 0, 0], [1.0, 4.0, 1.0])  # what was missing is filled all the same
    np.testing.assert_array_equal(held[:, 1], 4.0)


def test_batch_size_does_not_change_the_result() -> None:
    motion = make_motion(90)
    motion[10:14, 3] = np.nan
    results = [
        make_corrector(batch_size=size).correct(motion, pts_seconds=times(90), joints=JOINTS).keypoints
        for size in (1, 5, 64)
    ]
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(shift=st.tuples(*[st.floats(-500, 500)] * 2), scale=st.floats(0.3, 8))
def test_place_and_size_in_the_picture_do_not_matter(shift: tuple[float, float], scale: float) -> None:
    motion = make_motion(20)
    motion[4:6, 5] = np.nan
    moved = motion.copy()
    moved[..., :2] = motion[..., :2] * scale + shift
    corrector = make_corrector()
    one = corrector.correct(motion, pts_seconds=times(20), joints=JOINTS)
    other = corrector.correct(moved, pts_seconds=times(20), joints=JOINTS)
    np.testing.assert_allclose(other.keypoints, one.keypoints * scale + shift, atol=0.02 * scale)
    np.testing.assert_allclose(other.error_px, one.error_px * scale, rtol=1e-2)


def test_order_of_joints_does_not_matter() -> None:
    motion, corrector = make_motion(20), make_corrector()
    one = corrector.correct(motion, pts_seconds=times(20), joints=JOINTS)
    back = corrector.correct(motion[:, ::-1], pts_seconds=times(20), joints=JOINTS[::-1])
    np.testing.assert_allclose(back.keypoints[:, ::-1], one.keypoints, atol=1e-4)


def test_frames_with_nobody_stay_empty() -> None:
    result = make_corrector().correct(np.full((40, 15, 3), np.nan), pts_seconds=times(40), joints=JOINTS)
    assert np.isnan(result.keypoints).all() and not result.filled.any()


def test_one_joint_in_one_frame_is_enough_to_go_on() -> None:
    motion = np.full((12, 15, 3), np.nan)
    motion[5, 7] = (100, 50, 1)
    result = make_corrector().correct(motion, pts_seconds=times(12), joints=JOINTS)
    assert np.isfinite(result.keypoints[5, 7]).all()
    assert np.isfinite(result.keypoints).all(axis=2).sum() == 1


def test_half_a_point_is_a_missing_point() -> None:
    motion = make_motion(20)
    motion[9, 2, 1] = np.nan
    result = make_corrector().correct(motion, pts_seconds=times(20), joints=JOINTS)
    assert result.filled[9, 2] and np.isfinite(result.keypoints[9, 2]).all()


def test_missing_scores_count_as_full_scores() -> None:
    motion = make_motion(20)
    motion[..., 2] = 1
    unscored = motion.copy()
    unscored[..., 2] = np.nan
    corrector = make_corrector()
    np.testing.assert_array_equal(
        corrector.correct(motion, pts_seconds=times(20), joints=JOINTS).keypoints,
        corrector.correct(unscored, pts_seconds=times(20), joints=JOINTS).keypoints,
    )


def test_joints_that_the_corrector_does_not_know_pass_through() -> None:
    motion = make_motion(20, joints=17)
    motion[3, 16] = np.nan
    names = (*JOINTS, "left_big_toe", "tail")
    corrector = make_corrector()
    result = corrector.correct(motion, pts_seconds=times(20), joints=names)
    np.testing.assert_array_equal(result.keypoints[:, 15:], motion[:, 15:, :2].astype(np.float32))
    assert np.isnan(result.error_px[:, 15:]).all() and not result.filled[:, 15:].any()
    known = corrector.correct(motion[:, :15], pts_seconds=times(20), joints=JOINTS)
    np.testing.assert_array_equal(result.keypoints[:, :15], known.keypoints)


def test_skeletons() -> None:
    corrector, motion = make_corrector(), make_motion(10)
    upper = corrector.correct(motion[:, :7], pts_seconds=times(10), joints=UPPER_BODY)
    assert np.isfinite(upper.keypoints).all()
    lsp = JOINTS[1:]  # neck and head top stand for the head
    assert np.isfinite(corrector.correct(motion[:, 1:], pts_seconds=times(10), joints=lsp).keypoints).all()
    few = make_corrector(joints=UPPER_BODY)
    fixed = few.correct(motion[:, 1:], pts_seconds=times(10), joints=lsp)
    np.testing.assert_array_equal(fixed.keypoints[:, :2], motion[:, 1:3, :2].astype(np.float32))
    assert (np.abs(fixed.keypoints[:, 2:8] - motion[:, 3:9, :2]) > 1e-3).any()
    with pytest.raises(ValueError, match=r"Invalid joints \(tail, left_ear\): the corrector knows none"):
        corrector.correct(motion[:, :2], pts_seconds=times(10), joints=["tail", "left_ear"])
    with pytest.raises(ValueError, match="named twice"):
        corrector.correct(motion[:, :2], pts_seconds=times(10), joints=["head", "head"])


def test_joints_that_a_skeleton_lacks_are_missing_to_the_corrector() -> None:
    corrector, motion = make_corrector(), make_motion(10)
    lacking = ("head", "neck", "left_wrist")
    names = [joint for joint in JOINTS if joint not in lacking]
    kept = [JOINTS.index(joint) for joint in names]
    result = corrector.correct(motion[:, kept], pts_seconds=times(10), joints=names)
    missing = motion.copy()
    missing[:, [JOINTS.index(joint) for joint in lacking]] = np.nan
    whole = corrector.correct(missing, pts_seconds=times(10), joints=JOINTS)
    np.testing.assert_array_equal(result.keypoints, whole.keypoints[:, kept])
    assert np.isfinite(result.error_px).all() and not result.filled.any()


def test_coco_is_corrected_with_a_head_between_nose_and_ears() -> None:
    corrector, motion = make_corrector(), make_motion(10, joints=17)
    result = corrector.correct(motion, pts_seconds=times(10), joints=COCO)
    ours = np.full((10, 15, 3), np.nan)
    for index, joint in enumerate(JOINTS):
        if joint in COCO.joints:
            ours[:, index] = motion[:, COCO.joints.index(joint)]
    ours[:, 0] = motion[:, [0, 3, 4]].mean(axis=1)
    whole = corrector.correct(ours, pts_seconds=times(10), joints=JOINTS)
    np.testing.assert_array_equal(result.keypoints[:, 5:], whole.keypoints[:, 3:])
    np.testing.assert_array_equal(result.keypoints[:, :5], motion[:, :5, :2].astype(np.float32))


def test_the_top_of_halpes_head_is_no_head() -> None:
    corrector, motion = make_corrector(), make_motion(10, joints=26)
    result = corrector.correct(motion, pts_seconds=times(10), joints=HALPE)
    moved = motion.copy()
    moved[:, 17, :2] += 40  # its "head", and so our head top
    other = corrector.correct(moved, pts_seconds=times(10), joints=HALPE)
    assert (np.abs(result.keypoints[:, 17] - motion[:, 17, :2]) > 1e-3).any()
    np.testing.assert_allclose(other.keypoints[:, 17] - result.keypoints[:, 17], 40, atol=25)


@pytest.mark.parametrize(
    ("keypoints", "seconds", "gap", "message"),
    [
        (np.zeros((5, 14, 3)), times(5), 0.5, "keypoints shape"),
        (np.zeros((5, 15, 2)), times(5), 0.5, "keypoints shape"),
        (np.zeros((5, 15, 3)), times(4), 0.5, "pts_seconds shape"),
        (np.zeros((5, 15, 3)), np.zeros(5), 0.5, "strictly rising"),
        (np.zeros((5, 15, 3)), times(5), -1.0, "max_gap_seconds"),
    ],
)
def test_input_that_does_not_fit(
    keypoints: np.ndarray, seconds: np.ndarray, gap: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make_corrector().correct(keypoints, pts_seconds=seconds, joints=JOINTS, max_gap_seconds=gap)


def test_progress_rises_to_the_number_of_frames() -> None:
    told: list[int] = []
    corrector = make_corrector(batch_size=2)
    corrector.correct(make_motion(120), pts_seconds=times(120, 60), joints=JOINTS, progress=told.append)
    assert told == sorted(told) and told[-1] == 120 and len(told) > 3


def test_weights_come_back_as_they_were(tmp_path) -> None:
    corrector, path = make_corrector(), tmp_path / "mine.safetensors"
    digest = save_network(path, corrector._network)
    again = Corrector.from_weights(path, device=CPU)
    assert (again.name, again.weights_sha256, again.joints) == ("mine", digest, JOINTS)
    motion = make_motion(20)
    np.testing.assert_array_equal(
        again.correct(motion, pts_seconds=times(20), joints=JOINTS).keypoints,
        corrector.correct(motion, pts_seconds=times(20), joints=JOINTS).keypoints,
    )


def test_damaged_or_missing_weights(tmp_path) -> None:
    path = tmp_path / "mine.safetensors"
    with pytest.raises(WeightsError, match="no such weights"):
        load_network(path)
    save_network(path, make_corrector()._network)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="damaged"):
        load_network(path)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_gives_what_the_processor_gives() -> None:
    motion = make_motion(100)
    one = make_corrector().correct(motion, pts_seconds=times(100), joints=JOINTS)
    network = make_corrector()._network
    other = Corrector(network, device=torch.device("cuda")).correct(
        motion, pts_seconds=times(100), joints=JOINTS
    )
    np.testing.assert_allclose(other.keypoints, one.keypoints, atol=0.05)


def test_a_joint_is_unsure_where_the_error_to_be_expected_is_large_for_the_person() -> None:
    motion, corrector = make_motion(40), make_corrector()
    with torch.no_grad():  # expects more error of some joints than of others
        bias = corrector._network.decoder.output.bias.view(-1, 15)
        bias[2] = np.log(0.1)
        bias[2, 4] = np.log(0.5)
        corrector._network.decoder.output.weight.zero_()
    large = motion.copy()
    large[..., :2] *= 10
    for clip in (motion, large):
        unsure = corrector.correct(clip, pts_seconds=times(40), joints=JOINTS).unsure
        assert unsure[:, 4].all() and unsure.sum() == 40
    motion[:, 4] = np.nan
    assert not corrector.correct(motion, pts_seconds=times(40), joints=JOINTS).unsure.any()
