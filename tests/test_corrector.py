"""The corrector around its network: missing joints, windows, gaps, times, skeletons. Weights are random."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corrector import Corrector
from corrector.api import MAX_GAP_SECONDS, load_network, save_network
from corrector.configuration import CorrectorConfig
from corrector.features import Window
from corrector.joints import ALL, UPPER_BODY
from corrector.modeling import CorrectorNetwork
from corrector.processor import Track, correct_windows, hold_back, window_weights
from corrector.timeline import Timeline, fillable, segments
from weights import WeightsError

CPU = torch.device("cpu")
SMALL = {"window": 8, "encoder_size": 6, "decoder_size": 7, "attention_size": 5}


def make_corrector(*, batch_size: int = 16, **config) -> Corrector:
    torch.manual_seed(1)
    return Corrector(CorrectorNetwork(CorrectorConfig(**(SMALL | config))), device=CPU, batch_size=batch_size)


def make_motion(frames: int, joints: int = len(ALL), seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pose = rng.uniform(-80, 80, (1, joints, 2)) + 400
    waves = 10 * np.sin(np.arange(frames)[:, None, None] / 9 + rng.uniform(0, 6, (1, joints, 2)))
    points = pose + waves + rng.normal(0, 1, (frames, joints, 2))
    return np.concatenate((points, np.full((frames, joints, 1), 0.9)), axis=2)


def times(frames: int, fps: float = 30) -> np.ndarray:
    return np.arange(frames) / fps


@pytest.mark.parametrize("frames", [0, 1, 2, 7, 8, 9, 37])
def test_every_length_gives_every_frame(frames: int) -> None:
    result = make_corrector().correct(make_motion(frames), pts_seconds=times(frames), joints=ALL)
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
    result = corrector.correct(motion, pts_seconds=times(27), joints=ALL).keypoints
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
        track = Track(given, np.ones((6, 2)), times(6, fps))
        return hold_back(points, error, track, caution=1.0)

    np.testing.assert_array_equal(held(30), points)
    np.testing.assert_allclose(held(5)[0, 0], (1.5, 2.0))  # as large as its expected error: half
    np.testing.assert_allclose(held(10)[0, 0], (1.5, 2.0))
    np.testing.assert_allclose(held(15)[0, 0], np.array((3.0, 4.0)) * 9 / 10)
    np.testing.assert_array_equal(held(5)[3, 1], (3.0, 4.0))
    np.testing.assert_array_equal(
        hold_back(points, error, Track(given, error, times(6, 5)), caution=0), points
    )


def test_batch_size_does_not_change_the_result() -> None:
    motion = make_motion(90)
    motion[10:14, 3] = np.nan
    results = [
        make_corrector(batch_size=size).correct(motion, pts_seconds=times(90), joints=ALL).keypoints
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
    one = corrector.correct(motion, pts_seconds=times(20), joints=ALL)
    other = corrector.correct(moved, pts_seconds=times(20), joints=ALL)
    np.testing.assert_allclose(other.keypoints, one.keypoints * scale + shift, atol=0.02 * scale)
    np.testing.assert_allclose(other.error_px, one.error_px * scale, rtol=1e-2)


def test_order_of_joints_does_not_matter() -> None:
    motion, corrector = make_motion(20), make_corrector()
    one = corrector.correct(motion, pts_seconds=times(20), joints=ALL)
    back = corrector.correct(motion[:, ::-1], pts_seconds=times(20), joints=ALL[::-1])
    np.testing.assert_allclose(back.keypoints[:, ::-1], one.keypoints, atol=1e-4)


def test_short_gaps_are_filled_and_marked_and_long_ones_stay_empty() -> None:
    motion = make_motion(120)
    short, long = slice(20, 28), slice(60, 60 + int(30 * MAX_GAP_SECONDS) + 2)
    motion[short, 4] = np.nan
    motion[long, 6] = np.nan
    result = make_corrector().correct(motion, pts_seconds=times(120), joints=ALL)
    assert np.isfinite(result.keypoints[short, 4]).all() and result.filled[short, 4].all()
    assert np.isnan(result.keypoints[long, 6]).all() and not result.filled[long, 6].any()
    assert np.isnan(result.error_px[long, 6]).all()
    assert result.filled.sum() == 8


def test_windows_do_not_run_through_a_long_absence() -> None:
    motion = make_motion(100)
    motion[40:70] = np.nan
    changed = motion.copy()
    changed[70:, :, :2] += np.random.default_rng(5).normal(0, 30, (30, 15, 2))
    corrector = make_corrector()
    one = corrector.correct(motion, pts_seconds=times(100), joints=ALL)
    other = corrector.correct(changed, pts_seconds=times(100), joints=ALL)
    assert np.isnan(one.keypoints[40:70]).all()
    np.testing.assert_array_equal(one.keypoints[:40], other.keypoints[:40])
    assert np.abs(one.keypoints[70:] - other.keypoints[70:]).max() > 1


def test_a_short_absence_of_everybody_is_filled_but_not_before_the_first_or_after_the_last() -> None:
    motion = make_motion(60)
    motion[:3] = motion[30:36] = motion[-4:] = np.nan
    result = make_corrector().correct(motion, pts_seconds=times(60), joints=ALL)
    assert result.filled[30:36].all() and np.isfinite(result.keypoints[30:36]).all()
    assert np.isnan(result.keypoints[:3]).all() and np.isnan(result.keypoints[-4:]).all()


def test_frames_with_nobody_stay_empty() -> None:
    result = make_corrector().correct(np.full((40, 15, 3), np.nan), pts_seconds=times(40), joints=ALL)
    assert np.isnan(result.keypoints).all() and not result.filled.any()


def test_one_joint_in_one_frame_is_enough_to_go_on() -> None:
    motion = np.full((12, 15, 3), np.nan)
    motion[5, 7] = (100, 50, 1)
    result = make_corrector().correct(motion, pts_seconds=times(12), joints=ALL)
    assert np.isfinite(result.keypoints[5, 7]).all()
    assert np.isfinite(result.keypoints).all(axis=2).sum() == 1


def test_half_a_point_is_a_missing_point() -> None:
    motion = make_motion(20)
    motion[9, 2, 1] = np.nan
    result = make_corrector().correct(motion, pts_seconds=times(20), joints=ALL)
    assert result.filled[9, 2] and np.isfinite(result.keypoints[9, 2]).all()


def test_missing_scores_count_as_full_scores() -> None:
    motion = make_motion(20)
    motion[..., 2] = 1
    unscored = motion.copy()
    unscored[..., 2] = np.nan
    corrector = make_corrector()
    np.testing.assert_array_equal(
        corrector.correct(motion, pts_seconds=times(20), joints=ALL).keypoints,
        corrector.correct(unscored, pts_seconds=times(20), joints=ALL).keypoints,
    )


@pytest.mark.parametrize("fps", [5, 12.5, 24, 29.97, 50, 60, 90, 120])
def test_any_frame_rate(fps: float) -> None:
    """A slow straight motion comes back at every rate as the network, fresh, gives it: hardly changed."""
    frames = int(4 * fps)
    seconds = times(frames, fps)
    pose = make_motion(1)
    motion = np.repeat(pose, frames, axis=0)
    motion[..., :2] += 40 * seconds[:, None, None]
    network = CorrectorNetwork(CorrectorConfig(**SMALL))
    torch.nn.init.zeros_(network.decoder.output.weight)
    network.decoder.output.bias.data.view(-1, 15)[4] = 30  # nothing but the points that were given
    result = Corrector(network, device=CPU).correct(motion, pts_seconds=seconds, joints=ALL)
    np.testing.assert_allclose(result.keypoints, motion[..., :2], atol=0.01)


def test_variable_frame_rate_keeps_its_timing() -> None:
    rng = np.random.default_rng(3)
    seconds = np.cumsum(rng.choice([1 / 120, 1 / 60, 1 / 30, 1 / 10], 200))
    motion = np.repeat(make_motion(1), 200, axis=0)
    motion[..., :2] += 50 * seconds[:, None, None]
    network = CorrectorNetwork(CorrectorConfig(**SMALL))
    torch.nn.init.zeros_(network.decoder.output.weight)
    network.decoder.output.bias.data.view(-1, 15)[4] = 30
    result = Corrector(network, device=CPU).correct(motion, pts_seconds=seconds, joints=ALL)
    np.testing.assert_allclose(result.keypoints, motion[..., :2], atol=0.05)


def test_timeline_groups_frames_of_high_rates() -> None:
    assert len(Timeline.of(times(120, 120)).seconds) == 40
    assert len(Timeline.of(times(60, 60)).seconds) == 30
    assert len(Timeline.of(times(25, 25)).seconds) == 25
    timeline = Timeline.of(np.array([0.0, 0.01, 0.02, 0.03]))
    assert timeline.step_of_frame.tolist() == [0, 0, 0, 1]
    points = np.arange(8.0).reshape(4, 1, 2)
    points[1] = np.nan
    mean, scores = timeline.gather(points, np.array([[0.2], [0.0], [0.4], [1.0]]))
    np.testing.assert_allclose(mean, [[[2, 3]], [[6, 7]]])
    np.testing.assert_allclose(scores, [[0.3], [1.0]])


def test_segments_are_cut_where_nobody_is_there_for_too_long_but_not_by_a_low_frame_rate() -> None:
    there = np.ones(30, dtype=bool)
    there[5:8] = there[15:25] = False
    assert segments(there, times(30), max_gap_seconds=0.2) == [slice(0, 15), slice(25, 30)]
    assert segments(np.ones(4, dtype=bool), times(4, 0.5), max_gap_seconds=0.2) == [slice(0, 4)]
    assert segments(np.zeros(4, dtype=bool), times(4), max_gap_seconds=0.2) == []


def test_a_gap_at_an_end_may_be_half_as_long() -> None:
    there = np.ones((30, 4), dtype=bool)
    there[:5, 0] = there[10:15, 0] = there[:3, 1] = there[26:, 2] = there[:, 3] = False
    filled = fillable(there, times(30), max_gap_seconds=6.5 / 30)
    assert filled[10:15, 0].all() and filled[:3, 1].all()
    assert filled.sum() == 8


def test_joints_that_the_corrector_does_not_know_pass_through() -> None:
    motion = make_motion(20, joints=17)
    motion[3, 16] = np.nan
    names = (*ALL, "left_big_toe", "tail")
    corrector = make_corrector()
    result = corrector.correct(motion, pts_seconds=times(20), joints=names)
    np.testing.assert_array_equal(result.keypoints[:, 15:], motion[:, 15:, :2].astype(np.float32))
    assert np.isnan(result.error_px[:, 15:]).all() and not result.filled[:, 15:].any()
    known = corrector.correct(motion[:, :15], pts_seconds=times(20), joints=ALL)
    np.testing.assert_array_equal(result.keypoints[:, :15], known.keypoints)


def test_skeletons() -> None:
    corrector, motion = make_corrector(), make_motion(10)
    upper = corrector.correct(motion[:, :7], pts_seconds=times(10), joints=UPPER_BODY)
    assert np.isfinite(upper.keypoints).all()
    lsp = ALL[1:]  # neck and head top stand for the head
    assert np.isfinite(corrector.correct(motion[:, 1:], pts_seconds=times(10), joints=lsp).keypoints).all()
    few = make_corrector(joints=UPPER_BODY)
    fixed = few.correct(motion[:, 1:], pts_seconds=times(10), joints=lsp)
    np.testing.assert_array_equal(fixed.keypoints[:, :2], motion[:, 1:3, :2].astype(np.float32))
    assert (np.abs(fixed.keypoints[:, 2:8] - motion[:, 3:9, :2]) > 1e-3).any()
    with pytest.raises(ValueError, match="no head, left_wrist among"):
        corrector.correct(
            motion[:, :5], pts_seconds=times(10), joints=[j for j in UPPER_BODY[1:] if j != "left_wrist"]
        )
    with pytest.raises(ValueError, match="named twice"):
        corrector.correct(motion[:, :2], pts_seconds=times(10), joints=["head", "head"])


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
        make_corrector().correct(keypoints, pts_seconds=seconds, joints=ALL, max_gap_seconds=gap)


def test_progress_rises_to_the_number_of_frames() -> None:
    told: list[int] = []
    corrector = make_corrector(batch_size=2)
    corrector.correct(make_motion(120), pts_seconds=times(120, 60), joints=ALL, progress=told.append)
    assert told == sorted(told) and told[-1] == 120 and len(told) > 3


def test_weights_come_back_as_they_were(tmp_path) -> None:
    corrector, path = make_corrector(), tmp_path / "mine.safetensors"
    digest = save_network(path, corrector._network)
    again = Corrector.from_weights(path, device=CPU)
    assert (again.name, again.weights_sha256, again.joints) == ("mine", digest, ALL)
    motion = make_motion(20)
    np.testing.assert_array_equal(
        again.correct(motion, pts_seconds=times(20), joints=ALL).keypoints,
        corrector.correct(motion, pts_seconds=times(20), joints=ALL).keypoints,
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
    one = make_corrector().correct(motion, pts_seconds=times(100), joints=ALL)
    network = make_corrector()._network
    other = Corrector(network, device=torch.device("cuda")).correct(
        motion, pts_seconds=times(100), joints=ALL
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
        unsure = corrector.correct(clip, pts_seconds=times(40), joints=ALL).unsure
        assert unsure[:, 4].all() and unsure.sum() == 40
    motion[:, 4] = np.nan
    assert not corrector.correct(motion, pts_seconds=times(40), joints=ALL).unsure.any()
