"""ONNX models: against the same model in MMPose, what their outputs are taken for, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import estimators
from estimators.onnx.decoding import Heatmaps, SimCC, recognised
from estimators.onnx.preprocessing import Colours, chosen_colours, chosen_size, numbers
from tests.fixtures.onnx_models import Constant, export, rtmpose_onnx
from weights import WeightsError

CPU = torch.device("cpu")
BOXES = [
    np.array([[10, 5, 120, 170], [60, 20, 200, 150]], np.float32),
    np.array([[-20, -10, 90, 120]], np.float32),
]


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 255, (2, 180, 240, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def rtmpose(tmp_path_factory):
    return rtmpose_onnx(tmp_path_factory.mktemp("rtmpose"))


def create(path, **options):
    return estimators.create(
        f"onnx:{path}", device=CPU, options={key.replace("_", "-"): value for key, value in options.items()}
    )


def test_an_exported_rtmpose_gives_the_joints_it_gives_in_mmpose(rtmpose, frames):
    path, config, checkpoint = rtmpose
    there = estimators.create(f"mmpose:{config},{checkpoint}", device=CPU)
    here = create(path)
    assert here.skeleton.name == "coco17"
    expected = there.estimate(frames, pts_seconds=[0.0, 1.0], boxes=BOXES)
    found = here.estimate(frames, pts_seconds=[0.0, 1.0], boxes=BOXES)
    for poses, others in zip(found, expected, strict=True):
        np.testing.assert_allclose(poses.keypoints[..., :2], others.keypoints[..., :2], atol=0.01)
        np.testing.assert_allclose(poses.keypoints[..., 2], others.keypoints[..., 2], atol=2e-5)


def test_wrong_colours_give_other_scores(rtmpose, frames):
    """Else the test before would not see whether mean, std and order are heeded."""
    usual = create(rtmpose[0]).estimate(frames, pts_seconds=[0.0, 1.0], boxes=BOXES)
    for options in ({"mean": "0,0,0"}, {"std": "1,1,1"}, {"order": "bgr"}, {"padding": "1.0"}):
        other = create(rtmpose[0], **options).estimate(frames, pts_seconds=[0.0, 1.0], boxes=BOXES)
        assert np.abs(usual[0].keypoints - other[0].keypoints).max() > 1e-3, options


def simcc(places, *, width, height, ratio):
    x = np.zeros((1, len(places), width * ratio), np.float32)
    y = np.zeros((1, len(places), height * ratio), np.float32)
    for joint, (column, row) in enumerate(places):
        x[0, joint, round(column * ratio)], y[0, joint, round(row * ratio)] = 0.9, 0.7
    return x, y


def test_simcc_of_any_ratio_and_order(tmp_path, frames):
    places = np.column_stack([np.arange(17) * 2.0, np.arange(17) * 3.0])
    x, y = simcc(places, width=48, height=64, ratio=3)
    for answers in ((x, y), (y, x)):
        path = export(tmp_path / "a.onnx", Constant(*answers), size=(48, 64), outputs=("a", "b"))
        estimator = create(path, padding="1")
        box = np.array([[20, 30, 20 + 96, 30 + 128]], np.float32)  # twice the input
        (poses,) = estimator.estimate(frames[:1], pts_seconds=[0.0], boxes=[box])
        np.testing.assert_allclose(poses.keypoints[0, :, :2], [20, 30] + 2 * places, atol=1e-3)
        np.testing.assert_allclose(poses.keypoints[0, :, 2], 0.7, atol=1e-6)


def test_heatmaps_of_another_skeleton(tmp_path, frames):
    maps = np.full((1, 16, 16, 12), -1, np.float32)
    for joint in range(15):
        maps[0, joint, joint, 5] = 0.8
        maps[0, joint, joint, 6] = 0.4  # to which the peak leans
    path = export(tmp_path / "a.onnx", Constant(maps), size=(48, 64), outputs=("heatmaps",), fixed=True)
    estimator = create(path, padding="1")
    assert estimator.skeleton.name == "mpii16"
    assert estimator.batch_size == 1
    box = np.array([[0, 0, 48, 64]], np.float32)
    first, second = estimator.estimate(frames, pts_seconds=[0.0, 1.0], boxes=[box, box])
    inner = slice(1, 15)
    np.testing.assert_allclose(first.keypoints[0, inner, 0], 4 * 5.25, atol=1e-4)
    np.testing.assert_allclose(first.keypoints[0, inner, 1], 4.0 * np.arange(1, 15), atol=1e-4)
    np.testing.assert_allclose(first.keypoints, second.keypoints)
    # A map without a peak above 0 means a missing joint.
    assert np.isnan(first.keypoints[0, 15, :2]).all()
    assert first.keypoints[0, 15, 2] == 0


def test_boxes_of_another_shape_are_widened_not_stretched(tmp_path, frames):
    x, y = simcc([(24, 32)] * 17, width=48, height=64, ratio=2)
    path = export(tmp_path / "a.onnx", Constant(x, y), size=(48, 64), outputs=("x", "y"))
    for box in ([10, 20, 110, 60], [10, 20, 50, 160]):
        (poses,) = create(path).estimate(frames[:1], pts_seconds=[0.0], boxes=[np.array([box], np.float32)])
        middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
        np.testing.assert_allclose(poses.keypoints[0, :, :2], [middle] * 17, atol=1e-3)


def test_a_size_that_is_left_open_comes_from_metadata_or_option(tmp_path):
    assert chosen_size({}, width=192, height=256, option="") == (192, 256)
    assert chosen_size({"input_size": [192, 256]}, width=None, height=None, option="") == (192, 256)
    assert chosen_size({}, width=None, height=None, option="288x384") == (288, 384)
    for wrong in ({"option": ""}, {"option": "big"}, {"option": "1x2x3"}):
        with pytest.raises(ValueError, match="input-size"):
            chosen_size({}, width=None, height=None, **wrong)
    with pytest.raises(ValueError, match="Supported values are 192x256"):
        chosen_size({}, width=192, height=256, option="256x256")


def test_colours_come_from_options_before_metadata():
    assert chosen_colours({"mean": [1, 2, 3]}, mean="", std="", order="").mean == (1, 2, 3)
    assert chosen_colours({"mean": [1, 2, 3]}, mean="4,5,6", std="", order="bgr") == Colours(
        mean=(4, 5, 6), order="bgr"
    )
    for wrong in ({"mean": "1,2"}, {"std": "0,1,1"}, {"order": "gbr"}, {"mean": "a,b,c"}):
        with pytest.raises(ValueError, match="Invalid"):
            chosen_colours({}, **{"mean": "", "std": "", "order": "", **wrong})
    assert numbers("[1, 2.5]", key="a") == (1, 2.5)


def test_outputs_are_told_by_their_shapes():
    def outputs(**shapes):
        return {name: np.zeros(shape) for name, shape in shapes.items()}

    size = {"width": 192, "height": 256}
    assert recognised(outputs(a=(1, 17, 384), b=(1, 17, 512)), **size) == SimCC("a", "b", 2.0, 17)
    assert recognised(outputs(h=(1, 26, 64, 48)), **size) == Heatmaps("h", (4.0, 4.0), 26)
    for wrong in (
        {"a": (1, 17, 384), "b": (1, 17, 384)},
        {"a": (1, 17, 384), "b": (1, 16, 512)},
        {"a": (1, 17, 3)},
        {"a": (1, 17, 64, 48), "b": (1, 17, 64, 48)},
    ):
        with pytest.raises(ValueError, match="Supported values are heatmaps"):
            recognised(outputs(**wrong), **size)


def test_what_cannot_be_used_is_refused_in_a_line(tmp_path, rtmpose):
    (tmp_path / "text.onnx").write_text("no model")
    odd = export(
        tmp_path / "odd.onnx", Constant(np.zeros((1, 9, 8), np.float32)), size=(8, 8), outputs=("a",)
    )
    maps = np.zeros((1, 19, 4, 4), np.float32)
    nineteen = export(tmp_path / "nineteen.onnx", Constant(maps), size=(16, 16), outputs=("a",))
    for path, options, says in (
        (tmp_path / "none.onnx", {}, "no such ONNX file"),
        (tmp_path / "text.onnx", {}, "not a readable ONNX model"),
        (odd, {}, "Invalid outputs (a (1, 9, 8))"),
        (nineteen, {}, "Invalid number of joints (19)"),
        (nineteen, {"skeleton": "coco17"}, "Invalid skeleton (coco17)"),
        (rtmpose[0], {"skeleton": "dog"}, "Invalid skeleton (dog)"),
        (rtmpose[0], {"padding": "0"}, "Invalid padding (0.0)"),
        (rtmpose[0], {"input_size": "9x9"}, "Invalid input-size (9x9)"),
    ):
        with pytest.raises((ValueError, WeightsError)) as error:
            create(path, **options)
        assert says in str(error.value)
        assert "\n" not in str(error.value)
