"""Models of MMPose against MMPose's own call, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import estimators
from estimators.mmpose.zoo import find_model, hash_prefix
from estimators.sfn.quiet import import_mmpose
from tests.fixtures.mmpose_models import TINY, random_model, tiny_rtmpose
from weights import WeightsError

CPU = torch.device("cpu")
FAMILIES = {
    "HRNet": "td-hm_hrnet-w32_8xb64-210e_coco-256x192",
    "ViTPose": "td-hm_ViTPose-small_8xb64-210e_coco-256x192",
    "SimCC": "simcc_mobilenetv2_wo-deconv-8xb64-210e_coco-256x192",
    "RLE": "td-reg_res50_rle-8xb64-210e_coco-256x192",
    "Hourglass": "td-hm_hourglass52_8xb32-210e_coco-256x256",
    "RTMPose": "rtmpose-s_8xb256-420e_coco-256x192",
}
BOXES = [
    np.array([[10, 5, 120, 170], [60, 20, 200, 150]], np.float32),
    np.array([[-20, -10, 90, 120]], np.float32),
]


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).integers(0, 255, (2, 180, 240, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_rtmpose(tmp_path_factory.mktemp("tiny"))


def assert_equal_to_mmpose(estimator, model, frames, *, flip_test):
    from mmpose.apis import inference_topdown

    model.test_cfg["flip_test"] = flip_test
    found = estimator.estimate(frames, pts_seconds=[0.0, 0.1], boxes=BOXES)
    for frame, boxes, poses in zip(frames, BOXES, found, strict=True):
        samples = inference_topdown(model, np.ascontiguousarray(frame[..., ::-1]), boxes)
        points = np.concatenate([sample.pred_instances.keypoints for sample in samples])
        scores = np.concatenate([sample.pred_instances.keypoint_scores for sample in samples])
        there = scores > 0
        assert there.any()
        assert np.array_equal(np.isfinite(poses.keypoints[..., 0]), there)
        np.testing.assert_allclose(poses.keypoints[there][:, :2], points[there], atol=0.01)
        np.testing.assert_allclose(poses.keypoints[..., 2], np.clip(scores, 0, 1), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_joints_are_those_of_mmpose_s_own_call(family, frames, tmp_path):
    if family == "ViTPose":
        pytest.importorskip("mmpretrain", reason="needs posefix[vitpose]")
    import_mmpose()
    name, checkpoint = FAMILIES[family], tmp_path / "a.pth"
    model = random_model(find_model(name).config, checkpoint)
    estimator = estimators.create(f"mmpose:{name},{checkpoint}", device=CPU)
    assert_equal_to_mmpose(estimator, model, frames, flip_test=False)
    assert estimator.skeleton.joints[0] == "nose"
    assert len(estimator.skeleton.pairs) == 8


@pytest.mark.parametrize("flip_test", [False, True])
def test_with_and_without_the_flip_test(flip_test, tiny, frames):
    config, checkpoint = tiny
    model = random_model(config, checkpoint)
    estimator = estimators.create(
        f"mmpose:{config}", device=CPU, weights=checkpoint, options={"flip-test": str(flip_test)}
    )
    assert_equal_to_mmpose(estimator, model, frames, flip_test=flip_test)


def test_a_mirrored_picture_gives_the_mirrored_pose_with_the_flip_test(tiny, frames):
    config, checkpoint = tiny
    estimator = estimators.create(f"mmpose:{config},{checkpoint}", device=CPU, options={"flip-test": "yes"})
    box = np.array([[20, 10, 200, 170]], np.float32)
    width = frames.shape[2]
    mirrored = np.ascontiguousarray(frames[:1, :, ::-1])
    there = np.array([[width - 1 - 200, 10, width - 1 - 20, 170]], np.float32)
    (one,) = estimator.estimate(frames[:1], pts_seconds=[0.0], boxes=[box])
    (other,) = estimator.estimate(mirrored, pts_seconds=[0.0], boxes=[there])
    back = other.keypoints[0, list(estimator.skeleton.flip_indices)]
    expected = width - 1 - back[:, 0]
    # SimCC's cells are read from the left, so that a mirrored answer lies a cell further.
    assert np.median(np.abs(one.keypoints[0, :, 0] - expected)) < 6


def test_names_and_aliases_of_the_zoo():
    import_mmpose()
    model = find_model("vitpose-b")
    assert "td-hm_ViTPose-base-simple_8xb64-210e_coco-256x192" in model.names
    assert model.config.is_file()
    assert len(hash_prefix(model.url)) == 8
    assert hash_prefix("https://a/b-81c58e40_20220909.pth") == "81c58e40"
    with pytest.raises(ValueError, match="no hash in its name"):
        hash_prefix("https://a/b.pth")


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("hrnet-w32", "Invalid model of MMPose (hrnet-w32). Supported values are a CONFIG.py and names"),
        ("{folder}/none.py,{checkpoint}", "none.py: no such config"),
        ("{config}", "a config alone has no weights. Write mmpose:"),
        ("{config},{folder}/none.pth", "none.pth: no such checkpoint"),
        ("{folder}/syntax.py,{checkpoint}", "syntax.py: no config of MMPose"),
        ("{folder}/missing.py,{checkpoint}", "missing.py: no config of MMPose"),
        ("{folder}/bottom_up.py,{checkpoint}", "Invalid model (BottomupPoseEstimator)"),
        ("{folder}/unknown.py,{checkpoint}", "unknown.py: cannot be built"),
        ("{folder}/wider.py,{checkpoint}", "does not fit the config: "),
        ("{folder}/nameless.py,{nameless}", "its joints have no names"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_line(argument, says, tiny):
    config, checkpoint = tiny
    folder = config.parent
    (folder / "syntax.py").write_text("model = dict(")
    (folder / "missing.py").write_text("_base_ = ['nowhere.py']")
    (folder / "bottom_up.py").write_text("model = dict(type='BottomupPoseEstimator')")
    (folder / "unknown.py").write_text(TINY.replace("RTMCCHead", "NoHead"))
    (folder / "wider.py").write_text(TINY.replace("hidden_dims=32", "hidden_dims=64"))
    (folder / "nameless.py").write_text(TINY.replace("type='CocoDataset',", ""))
    nameless = folder / "nameless.pth"
    torch.save({"state_dict": torch.load(checkpoint, weights_only=False)["state_dict"]}, nameless)
    argument = argument.format(folder=folder, config=config, checkpoint=checkpoint, nameless=nameless)
    with pytest.raises((ValueError, WeightsError)) as error:
        estimators.create(f"mmpose:{argument}", device=CPU)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
