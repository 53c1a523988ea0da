"""The estimator: coordinates from crops to frames, missing joints, batches, quiet imports."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from estimators.datasets.records import draw_figures
from estimators.score_curves import calibrated
from estimators.sfn import create
from estimators.sfn.builder import build
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.estimator import FAINTEST_PEAK, SFNEstimator, fused
from estimators.top_down import person_scores
from tests.fixtures.sfn_parts import TINY, gaussians

FRAME = (90, 160, 3)


class PlantedHead(torch.nn.Module):
    """Gives the same heatmaps for every crop."""

    def __init__(self, head: torch.nn.Module, heatmaps: np.ndarray) -> None:
        super().__init__()
        self.head, self.heatmaps = head, torch.from_numpy(heatmaps)

    def predict(self, feats, batch_data_samples, test_cfg):
        return self.head.decode(self.heatmaps[None].repeat(len(batch_data_samples), 1, 1, 1))


def planted(heatmaps: np.ndarray, config: SFNConfig = TINY, *, flip_test: bool = False) -> SFNEstimator:
    model = build(config).eval()
    estimator = SFNEstimator(
        name="sfn",
        config=config,
        model=model,
        device=torch.device("cpu"),
        weights_sha256="none",
        flip_test=flip_test,
    )
    estimator.model.head = PlantedHead(estimator.model.head, heatmaps)
    return estimator


def test_heatmap_peaks_come_back_in_the_frame_s_pixels():
    centres = np.random.default_rng(0).uniform(4, 11, (15, 2))
    estimator = planted(gaussians(centres, 16, sigma=1.5))
    boxes = [np.array([[20, 10, 80, 70], [30, 5, 50, 85]], np.float32), np.zeros((0, 4), np.float32)]
    first, second = estimator.estimate(np.zeros((2, *FRAME), np.uint8), pts_seconds=[0, 1], boxes=boxes)
    assert second.keypoints.shape == (0, 15, 3)
    # A box is made square about its centre; the heatmap's first and last pixel lie on its edges.
    np.testing.assert_allclose(first.keypoints[0, :, :2], [20, 10] + centres / 15 * 60, atol=0.6)
    np.testing.assert_allclose(first.keypoints[1, :, :2], [0, 5] + centres / 15 * 80, atol=0.8)
    assert first.boxes.tolist() == boxes[0].tolist()


@pytest.mark.parametrize("flip_test", [False, True])
def test_with_the_flip_test_a_mirrored_picture_gives_the_mirrored_pose(flip_test: bool):
    torch.manual_seed(0)
    model = build(TINY).eval()
    for layer in (model.head.first, model.head.final_layer):  # peaks at random places, none of them level
        torch.nn.init.normal_(layer.weight, std=0.3)
    estimator = SFNEstimator(
        name="sfn",
        config=TINY,
        model=model,
        device=torch.device("cpu"),
        weights_sha256="none",
        flip_test=flip_test,
    )
    frame = draw_figures(1, seed=4)[0].image
    poses = estimator.estimate(np.stack((frame, frame[:, ::-1])), pts_seconds=[0.0, 1.0])
    seen, mirrored = (pose.keypoints[0] for pose in poses)
    back = mirrored[list(estimator.flip_indices)] * [-1, 1, 1] + [frame.shape[1] - 1, 0, 0]
    same = np.abs(seen - back)[:, :2].max(axis=1) < 4  # a heatmap pixel is 15
    assert same.all() if flip_test else not same.all()


def test_the_flip_test_has_scores_of_its_own():
    config = replace(TINY, score_curve=((0.0, 0.0), (1.0, 0.5)), flip_score_curve=((0.0, 0.0), (1.0, 0.9)))
    assert SFNConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    centres = np.full((15, 2), 8.0)
    for flip_test, score in ((False, 0.5), (True, 0.9)):
        estimator = planted(gaussians(centres, 16), config, flip_test=flip_test)
        (pose,) = estimator.estimate(np.zeros((1, *FRAME), np.uint8), pts_seconds=[0.0])
        np.testing.assert_allclose(pose.keypoints[0, :, 2], score, atol=0.02)


def test_joints_without_response_are_missing_and_nobody_scores_low():
    heatmaps = gaussians(np.full((15, 2), 8.0), 16)
    heatmaps[3:] *= FAINTEST_PEAK / 2
    (result,) = planted(heatmaps).estimate(np.zeros((1, *FRAME), np.uint8), pts_seconds=[0.0])
    assert np.isnan(result.keypoints[0, 3:, :2]).all()
    assert (result.keypoints[0, 3:, 2] == 0).all()
    assert np.isfinite(result.keypoints[0, :3]).all()
    assert result.scores[0] < 0.5


def test_without_boxes_the_whole_frame_is_looked_at():
    (result,) = planted(gaussians(np.full((15, 2), 7.5), 16)).estimate(
        np.zeros((1, *FRAME), np.uint8), pts_seconds=[2.5]
    )
    assert result.boxes.tolist() == [[0, 0, 159, 89]]
    assert result.pts_seconds == 2.5
    np.testing.assert_allclose(result.keypoints[0, :, :2], np.tile([79.5, 44.5], (15, 1)), atol=0.5)


@pytest.mark.parametrize(
    ("frames", "seconds", "boxes"),
    [
        (np.zeros((1, 9, 9), np.uint8), [0], None),
        (np.zeros((1, 9, 9, 3), np.float32), [0], None),
        (np.zeros((1, 9, 9, 3), np.uint8), [0, 1], None),
        (np.zeros((1, 9, 9, 3), np.uint8), [0], []),
        (np.zeros((1, 9, 9, 3), np.uint8), [0], [np.array([[5, 5, 5, 9]])]),
        (np.zeros((1, 9, 9, 3), np.uint8), [0], [np.array([[0, 0, np.nan, 9]])]),
    ],
)
def test_inputs_that_do_not_fit_are_refused(frames, seconds, boxes):
    with pytest.raises(ValueError, match="Invalid"):
        planted(np.zeros((15, 16, 16), np.float32)).estimate(frames, pts_seconds=seconds, boxes=boxes)


def test_folding_the_norms_changes_nothing():
    torch.manual_seed(1)
    model = build(TINY).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.weight)
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before = model.backbone(image)[1]
        after = fused(model).backbone(image)[1]
    assert before.abs().max() > 0
    torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-4)


def test_scores_follow_the_curve():
    peaks = np.array([0.0, 0.25, 0.5, 2.0])
    curve = ((0.0, 0.0), (0.5, 0.8), (1.0, 0.9))
    np.testing.assert_allclose(calibrated(peaks, curve), [0, 0.4, 0.8, 0.9])
    np.testing.assert_allclose(calibrated(peaks, ()), [0, 0.25, 0.5, 1])


def test_a_person_seen_to_the_waist_scores_in_full():
    pose = np.zeros((1, 15, 3))
    pose[0, :8, 2] = 0.9
    assert person_scores(pose)[0] == pytest.approx(0.9)


@pytest.fixture(scope="module")
def shipped():
    return create(device=torch.device("cpu"))


def test_one_by_one_and_in_batches_alike(shipped):
    frames = np.random.default_rng(0).integers(0, 255, (3, 120, 100, 3), dtype=np.uint8)
    together = shipped.estimate(frames, pts_seconds=[0, 1, 2])
    for index, result in enumerate(together):
        (alone,) = shipped.estimate(frames[index : index + 1], pts_seconds=[index])
        np.testing.assert_allclose(alone.keypoints, result.keypoints, atol=0.05)


def test_importing_and_building_is_quiet():
    code = "import torch; from estimators.sfn import create; create(device=torch.device('cpu'))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("", "")


def test_drawn_people_are_found(shipped):
    errors = []
    for figure in draw_figures(8, seed=99):  # the training's have other seeds
        seen = figure.keypoints
        low, high = seen.min(axis=0), seen.max(axis=0)
        box = np.concatenate([low - 15, high + 15])[None]
        (result,) = shipped.estimate(figure.image[None], pts_seconds=[0], boxes=[box])
        distance = np.linalg.norm(result.keypoints[0, :, :2] - seen, axis=1)
        errors.append(distance / (high - low).max())
    # Sides may be exchanged, but most joints lie on the figure.
    assert np.nanmedian(errors) < 0.12
