"""What the weights that come with posefix do to the motion of a drawn walker: never worse than before."""

import numpy as np
import pytest
import torch

from corrector import Corrector
from estimators.skeletons import JOINTS, UPPER_BODY

LEFT = [JOINTS.index(f"left_{part}") for part in ("knee", "ankle")]
RIGHT = [JOINTS.index(f"right_{part}") for part in ("knee", "ankle")]
WRISTS = [JOINTS.index(f"{side}_wrist") for side in ("left", "right")]


@pytest.fixture(scope="module")
def corrector() -> Corrector:
    return Corrector.from_weights(device=torch.device("cpu"))


def walk(seconds: np.ndarray, *, height: float = 120.0, turned: float = 0.6) -> np.ndarray:
    """A walker seen from the side and a little from the front, (T, 15, 2) in pixels: arms and legs swing."""
    phase = 2 * np.pi * 0.9 * seconds
    joints: dict[str, tuple[np.ndarray, ...]] = {}
    bob = 0.01 * np.sin(2 * phase)
    zero = np.zeros_like(seconds)
    for name, up, ahead in (("neck", 0.83, 0.0), ("head", 0.91, 0.04), ("head_top", 1.0, 0.02)):
        joints[name] = (zero + ahead, up + bob, zero)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        swing = 0.5 * np.sin(phase) * sign
        shoulder = (zero, 0.8 + bob, zero + 0.11 * sign)
        joints[f"{side}_shoulder"] = shoulder
        elbow = _hang(shoulder, -swing, 0.17)
        joints[f"{side}_elbow"] = elbow
        joints[f"{side}_wrist"] = _hang(elbow, -swing + 0.5, 0.15)
        hip = (zero, 0.52 + bob, zero + 0.07 * sign)
        joints[f"{side}_hip"] = hip
        knee = _hang(hip, swing, 0.24)
        joints[f"{side}_knee"] = knee
        bend = 0.5 * np.clip(np.sin(phase + (0 if sign > 0 else np.pi) - 1.2), 0, None)
        joints[f"{side}_ankle"] = _hang(knee, swing - bend, 0.24)
    ahead, up, aside = (np.stack([joints[name][axis] for name in JOINTS], axis=1) for axis in range(3))
    across = ahead * np.cos(turned) + aside * np.sin(turned)
    return np.stack((200 + height * (across + 0.25 * seconds[:, None]), 400 - height * up), axis=2)


def _hang(from_joint: tuple[np.ndarray, ...], angle: np.ndarray, length: float) -> tuple[np.ndarray, ...]:
    ahead, up, aside = from_joint
    return ahead + length * np.sin(angle), up - length * np.cos(angle), aside


def scored(points: np.ndarray) -> np.ndarray:
    return np.concatenate((points, np.where(np.isnan(points[..., :1]), np.nan, 1.0)), axis=2)


def distance(points: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points - true, axis=2)


@pytest.mark.parametrize("fps", [5, 10, 25, 30, 60, 120])
@pytest.mark.parametrize("joints", [JOINTS, UPPER_BODY], ids=["15 joints", "upper body"])
def test_good_input_comes_out_at_least_as_good(
    corrector: Corrector, fps: int, joints: tuple[str, ...]
) -> None:
    rng = np.random.default_rng(0)
    seconds = np.arange(8 * fps) / fps
    true = walk(seconds)[:, [JOINTS.index(joint) for joint in joints]]
    given = true + rng.normal(0, 1, true.shape)
    fixed = corrector.correct(scored(given), pts_seconds=seconds, joints=joints).keypoints
    assert distance(fixed, true).mean() <= distance(given, true).mean()
    wrists = [joints.index("left_wrist"), joints.index("right_wrist")]
    assert distance(fixed, true)[:, wrists].mean() <= 1.25 * distance(given, true)[:, wrists].mean()


def test_jitter_is_taken_away(corrector: Corrector) -> None:
    seconds = np.arange(240) / 30
    true = walk(seconds)
    given = true + np.random.default_rng(1).normal(0, 3, true.shape)
    fixed = corrector.correct(scored(given), pts_seconds=seconds, joints=JOINTS).keypoints
    assert distance(fixed, true).mean() < 0.75 * distance(given, true).mean()
    assert (
        np.abs(np.diff(fixed - true, n=2, axis=0)).mean()
        < 0.2 * np.abs(np.diff(given - true, n=2, axis=0)).mean()
    )


def test_exchanged_legs_are_put_right(corrector: Corrector) -> None:
    seconds = np.arange(300) / 30
    true = walk(seconds, height=300)
    given = true + np.random.default_rng(2).normal(0, 1.5, true.shape)
    spans = [slice(start, start + 3 + start % 7) for start in range(20, 280, 30)]
    for span in spans:
        given[span, LEFT + RIGHT] = given[span, RIGHT + LEFT]
    fixed = corrector.correct(scored(given), pts_seconds=seconds, joints=JOINTS).keypoints
    before, after = (distance(points, true)[:, LEFT + RIGHT] for points in (given, fixed))
    wrong = before > 20  # where the legs pass each other there is nothing to put right
    assert wrong.sum() > 50
    assert (after[wrong] < 0.5 * before[wrong]).mean() > 0.8
    assert (after > before + 12).mean() < 0.05


def test_gaps_are_filled_where_the_joints_are(corrector: Corrector) -> None:
    seconds = np.arange(240) / 30
    true = walk(seconds)
    given = true + np.random.default_rng(3).normal(0, 2, true.shape)
    for start in range(25, 220, 30):
        given[start : start + 10, WRISTS[start % 2]] = np.nan
    result = corrector.correct(scored(given), pts_seconds=seconds, joints=JOINTS)
    apart = distance(result.keypoints, true)
    assert result.filled.sum() == 70
    assert apart[result.filled].mean() < 0.06 * 120
    assert result.error_px[result.filled].mean() > 1.5 * result.error_px[~result.filled].mean()


def test_expected_errors_tell_good_input_from_bad(corrector: Corrector) -> None:
    seconds = np.arange(240) / 30
    true = walk(seconds)
    rng = np.random.default_rng(4)
    expected = []
    for noise in (1, 4, 12):
        given = true + rng.normal(0, noise, true.shape)
        result = corrector.correct(scored(given), pts_seconds=seconds, joints=JOINTS)
        expected.append(result.error_px.mean())
    assert expected[0] < expected[1] < expected[2]
