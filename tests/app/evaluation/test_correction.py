"""Metrics of a correction on points whose answers are known."""

import json

import numpy as np
import pytest
from scipy.io import loadmat

from app.commands.main import main
from app.errors import FileError, UsageError
from app.evaluation.correction_metrics import Case, compare, measure
from app.evaluation.correction_report import parts_of
from app.evaluation.evaluator import Evaluator
from app.evaluation.pairs import Pairs, load_pairs
from app.evaluation.youtube_pairs import SECONDS_APART, is_youtube_pose, youtube_pairs
from corrector.training.pairs_file import Take, read_pairs
from estimators import FramePoses
from estimators.known_skeletons import of_joints
from estimators.skeletons import POSEFIX
from tests.estimators.sfn.test_data import make_youtube_pose
from tests.fixtures.fakes import BlobEstimator

JOINTS = ("head", "left_wrist", "right_wrist", "left_ankle", "right_ankle")
POSE = np.array([[100.0, 0], [60, 100], [140, 100], [80, 200], [120, 200]])


def still(frames: int) -> np.ndarray:
    return np.repeat(POSE[None], frames, axis=0)


def test_figures_of_known_points() -> None:
    points = still(100)
    points[:50, 0, 0] += 21  # half of the heads: outside of 20 px, inside of 0.2 x 200
    points[:, 1, 1] += 11  # outside of 0.05 x 200
    points[7, 3] = np.nan  # a missing joint is wrong, and has no error in pixels
    figures = measure([points[:40], points[40:]], [still(40), still(60)], joints=JOINTS)
    assert figures.per_joint["pck20"] == pytest.approx(dict(zip(JOINTS, (0.5, 1, 1, 0.99, 1), strict=True)))
    assert figures.per_joint["error_px"] == pytest.approx(dict(zip(JOINTS, (10.5, 11, 0, 0, 0), strict=True)))
    assert figures.mean["pck20"] == pytest.approx((50 + 100 + 100 + 99 + 100) / 500)
    assert figures.mean["pck_0.2"] == pytest.approx(499 / 500)
    assert figures.mean["pck_0.05"] == pytest.approx((50 + 0 + 100 + 99 + 100) / 500)
    assert figures.mean["error_px"] == pytest.approx((50 * 21 + 100 * 11) / 499)
    assert figures.per_joint["pck_0.05"]["left_wrist"] == 0
    assert figures.curve["head"][20:22] == [0.5, 1] and figures.curve["left_wrist"][10:12] == [0, 1]
    assert figures.curve["left_ankle"] == pytest.approx([0.99] * 41)
    # The mean error of the worst one of a hundred frames is that with a joint missing: (21 + 11) / 4.
    assert figures.mean["worst_px"] == pytest.approx(8)
    low, high = figures.intervals["error_px"]
    assert low < figures.mean["error_px"] < high


def test_acceleration_error_is_of_second_differences() -> None:
    points = still(11)
    points[5, 0, 1] += 4  # second differences 4, -8, 4 at one joint
    figures = measure([points], [still(11)], joints=JOINTS)
    assert figures.mean["acceleration_px"] == pytest.approx(16 / (9 * 5))


def test_unknown_truth_is_not_judged() -> None:
    true = still(10)
    true[:, 4] = np.nan
    points = still(10)
    points[:, 4] += 100
    figures = measure([points], [true], joints=JOINTS)
    assert figures.mean["pck20"] == 1 and figures.mean["error_px"] == 0
    assert np.isnan(figures.per_joint["pck20"]["right_ankle"])


def test_swaps_are_counted_where_they_can_be_told() -> None:
    initial, corrected = still(10), still(10)
    initial[:4, [1, 2]] = initial[:4, [2, 1]]
    corrected[3:4, [1, 2]] = corrected[3:4, [2, 1]]  # one is left
    corrected[9:, [3, 4]] = corrected[9:, [4, 3]]  # one is made
    changes = compare([Case("a", still(10), initial, corrected)], joints=JOINTS)
    assert changes["swaps_repaired"] == pytest.approx(3 / 4)
    assert changes["swaps_made"] == pytest.approx(1 / 16)
    assert changes["made_better"] == pytest.approx(6 / 50)
    assert changes["made_worse"] == pytest.approx(2 / 50)
    assert of_joints(JOINTS).pair_indices == ((1, 2), (3, 4))
    near = still(10)
    near[:, 2] = near[:, 1] + (5, 0)
    swapped = near.copy()
    swapped[:, [1, 2]] = swapped[:, [2, 1]]
    assert np.isnan(compare([Case("b", near, swapped, near)], joints=JOINTS)["swaps_repaired"])


@pytest.mark.parametrize(("other_side", "repaired"), [(0.7, 1.0), (0.6, np.nan)])
def test_a_swap_brings_both_nearer_to_the_other_side_by_half(other_side: float, repaired: float) -> None:
    """At 0.7 of the way to each other's place, what is left is 0.43 of what was gone; at 0.6 it is 0.67."""
    initial = still(4)
    way = initial[:, 2] - initial[:, 1]
    initial[:, 1] += other_side * way
    initial[:, 2] -= other_side * way
    changes = compare([Case("a", still(4), initial, still(4))], joints=JOINTS)
    assert changes["swaps_repaired"] == pytest.approx(repaired, nan_ok=True)


def test_cases_must_fit() -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        Case("a", still(3), still(4), still(3))


def test_a_difference_of_convention_is_neither_error_nor_gain() -> None:
    rng = np.random.default_rng(0)

    def take(name: str) -> Take:
        true = POSE + rng.normal(0, 15, (300, 5, 2))
        found = true.copy()
        found[:, 0] += 0.3 * (true[:, 1] + true[:, 2] - 2 * true[:, 0])  # its head lies lower
        return Take(name, np.pad(found, ((0, 0), (0, 0), (0, 1)), constant_values=1.0), true, 25)

    pairs = Pairs(JOINTS, [take("test")], [take("fit")])
    result = Evaluator(pairs).compare(lambda take: take.detected[..., :2])
    assert result.figures["true"][0].mean["error_px"] > 5
    assert result.figures["own"][0].mean["error_px"] < 0.1
    assert result.figures["true_carried"][1].mean["error_px"] < 0.1
    written = json.loads(json.dumps(result.to_dict()))
    assert written["initial"].keys() == written["corrected"].keys() == {"own", "true", "true_carried"}


def test_pairs_files(tmp_path) -> None:
    path = tmp_path / "pairs.npz"
    detected = np.pad(still(30), ((0, 0), (0, 0), (0, 1)), constant_values=0.5)
    values = {"joints": np.array(JOINTS), "detected": detected, "true": still(30), "fps": 30.0}
    np.savez(path, **values, lengths=[10, 20])
    pairs = load_pairs(path)
    assert [len(take.true) for take in pairs.takes] == [10, 20] and pairs.joints == JOINTS
    assert list(Evaluator(pairs).compare(lambda take: take.true).figures) == ["true"]
    np.savez(path, **values, lengths=[10, 10])
    with pytest.raises(FileError, match="do not fit"):
        load_pairs(path)
    np.savez(path, joints=np.array(JOINTS))
    with pytest.raises(FileError, match="not a pairs file"):
        load_pairs(path)
    with pytest.raises(FileError, match="no such pairs"):
        load_pairs(tmp_path / "none.npz")
    with pytest.raises(FileError, match=r"meta\.json"):
        load_pairs(tmp_path)


def test_joints_are_reported_by_part_of_the_body() -> None:
    parts = parts_of(JOINTS)
    assert parts == {"head": ["head"], "wrists": list(JOINTS[1:3]), "ankles": list(JOINTS[3:])}
    assert parts_of(("head_top",)) == {"head top": ["head_top"]}


def write_pairs(path, takes: int = 2, frames: int = 40) -> None:
    """People who walk to the right and swing a wrist, with noise on them and a gap."""
    rng = np.random.default_rng(0)
    time = np.arange(takes * frames)[:, None] / 25
    true = np.stack([100 + 12 * np.arange(15) + 40 * time, 50 + 20 * np.arange(15) % 170 + 0 * time], axis=2)
    true[:, POSEFIX.joints.index("left_wrist"), 1] += 30 * np.sin(4 * time[:, 0])
    detected = np.concatenate((true + rng.normal(0, 3, true.shape), np.ones((len(true), 15, 1))), axis=2)
    detected[10:13, 5] = np.nan
    np.savez(path, joints=POSEFIX.joints, detected=detected, true=true, fps=25.0, lengths=[frames] * takes)


def test_the_command_measures_filters_beside_the_corrector(tmp_path, capsys) -> None:
    pairs, figures, curves = tmp_path / "pairs.npz", tmp_path / "figures.json", tmp_path / "curves.svg"
    write_pairs(pairs)
    arguments = ["--json", str(figures), "--plot", str(curves), "--threads", "1", "--device", "cpu"]
    assert main(["evaluate", "correction", str(pairs), *arguments]) == 0
    shown = capsys.readouterr().out
    written = json.loads(figures.read_text())
    assert written["initial"]["true"].keys() == written["corrected"]["true"].keys()
    assert [name.split()[0] for name in written["baselines"]] == [
        "One-Euro",
        "Savitzky-Golay",
        "Gaussian",
        "median",
        "Butterworth",
    ]
    assert all(name in shown for name in written["baselines"])
    for name in ("error_px", "pck20", "pck_0.2", "pck_0.05"):
        assert set(written["corrected"]["true"][f"{name}_per_joint"]) == set(POSEFIX.joints)
    initial = written["initial"]["true"]["error_px"]
    for method in written["baselines"].values():
        assert method["corrected"]["true"]["error_px"] < initial
        assert method["changes"].keys() == written["changes"].keys()
    assert written["changes"]["swaps_repaired"] is None  # nothing was exchanged
    assert curves.read_text().count("<svg") == 1
    again = tmp_path / "again.npz"
    options = ["--no-filters", "--json", str(figures), "--save-pairs", str(again)]
    assert main(["evaluate", "correction", str(pairs), *options]) == 0
    assert json.loads(figures.read_text())["baselines"] == {}
    joints, takes = read_pairs(again)
    assert joints == POSEFIX.joints and [take.fps for take in takes] == [25.0, 25.0]
    np.testing.assert_array_equal(
        np.concatenate([take.detected for take in takes]), np.load(pairs)["detected"]
    )


class MiddleEstimator(BlobEstimator):
    """Puts every joint into the middle of the frame."""

    def estimate(self, frames, *, pts_seconds, boxes=None):
        middle = np.array([frames.shape[2] / 2, frames.shape[1] / 2, 0.5], dtype=np.float32)
        keypoints = np.tile(middle, (1, len(self.skeleton.joints), 1))
        return [FramePoses(t, keypoints, np.ones((1, 4)), np.ones(1)) for t in pts_seconds]


def test_youtube_pose_is_taken_in_released_order_as_single_photographs(shared_data) -> None:
    folder = shared_data / "youtube_pose"
    assert is_youtube_pose(folder) and not is_youtube_pose(shared_data)
    pairs = youtube_pairs(folder, MiddleEstimator())
    assert len(pairs.takes) == 5 and pairs.tuning == pairs.fitting == ()
    first = pairs.takes[0]
    assert first.detected.shape == (100, 7, 3) and np.isfinite(first.true).all()
    assert np.diff(first.pts_seconds) == pytest.approx(SECONDS_APART)
    data = loadmat(folder / "YouTube_Pose_dataset.mat", squeeze_me=True, struct_as_record=False)["data"]
    video = next(video for video in data if video.videoname == first.name)
    np.testing.assert_allclose(first.true[:, 0], video.locs[:, 0].T - 0.5)  # the head, frames as in the file


def test_the_other_videos_of_youtube_pose_give_pairs_to_train_on(tmp_path) -> None:
    make_youtube_pose(tmp_path / "yt", {"one": 0, "two": 1, "three": 0})
    pairs = youtube_pairs(tmp_path / "yt", MiddleEstimator(), videos="others")
    assert sorted(take.name for take in pairs.takes) == ["one", "three"]
    some = youtube_pairs(tmp_path / "yt", MiddleEstimator(), videos="others", every=2)
    both = [np.concatenate([take.true for take in chosen.takes]) for chosen in (pairs, some)]
    np.testing.assert_array_equal(both[0][::2], both[1])
    assert [take.name for take in youtube_pairs(tmp_path / "yt", MiddleEstimator()).takes] == ["two"]
    with pytest.raises(UsageError, match=r"Invalid videos \(all\). Supported values are test, others"):
        youtube_pairs(tmp_path / "yt", MiddleEstimator(), videos="all")
