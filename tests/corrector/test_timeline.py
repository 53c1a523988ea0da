"""Times, gaps and absences in a clip. Weights are random."""

import numpy as np
import pytest
import torch

from corrector import Corrector
from corrector.api import MAX_GAP_SECONDS
from corrector.configuration import CorrectorConfig
from corrector.modeling import CorrectorNetwork
from corrector.timeline import Timeline, fillable, segments
from estimators.skeletons import JOINTS
from tests.fixtures.corrector_parts import CPU, SMALL, make_corrector, make_motion, times


def test_short_gaps_are_filled_and_marked_and_long_ones_stay_empty() -> None:
    motion = make_motion(120)
    short, long = slice(20, 28), slice(60, 60 + int(30 * MAX_GAP_SECONDS) + 2)
    motion[short, 4] = np.nan
    motion[long, 6] = np.nan
    result = make_corrector().correct(motion, pts_seconds=times(120), joints=JOINTS)
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
    one = corrector.correct(motion, pts_seconds=times(100), joints=JOINTS)
    other = corrector.correct(changed, pts_seconds=times(100), joints=JOINTS)
    assert np.isnan(one.keypoints[40:70]).all()
    np.testing.assert_array_equal(one.keypoints[:40], other.keypoints[:40])
    assert np.abs(one.keypoints[70:] - other.keypoints[70:]).max() > 1


def test_a_short_absence_of_everybody_is_filled_but_not_before_the_first_or_after_the_last() -> None:
    motion = make_motion(60)
    motion[:3] = motion[30:36] = motion[-4:] = np.nan
    result = make_corrector().correct(motion, pts_seconds=times(60), joints=JOINTS)
    assert result.filled[30:36].all() and np.isfinite(result.keypoints[30:36]).all()
    assert np.isnan(result.keypoints[:3]).all() and np.isnan(result.keypoints[-4:]).all()


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
    result = Corrector(network, device=CPU).correct(motion, pts_seconds=seconds, joints=JOINTS)
    np.testing.assert_allclose(result.keypoints, motion[..., :2], atol=0.01)


def test_variable_frame_rate_keeps_its_timing() -> None:
    rng = np.random.default_rng(3)
    seconds = np.cumsum(rng.choice([1 / 120, 1 / 60, 1 / 30, 1 / 10], 200))
    motion = np.repeat(make_motion(1), 200, axis=0)
    motion[..., :2] += 50 * seconds[:, None, None]
    network = CorrectorNetwork(CorrectorConfig(**SMALL))
    torch.nn.init.zeros_(network.decoder.output.weight)
    network.decoder.output.bias.data.view(-1, 15)[4] = 30
    result = Corrector(network, device=CPU).correct(motion, pts_seconds=seconds, joints=JOINTS)
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
