"""The networks: the published one layer by layer, the small one, their losses and files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample
from torch import nn

from estimators.sfn.builder import build, export, restore
from estimators.sfn.configuration import SFNConfig, paper_config
from estimators.sfn.head import HeatmapBCELoss
from tests.fixtures.sfn_parts import TINY
from weights import WeightsError, save

SEVEN = ("head", "r_wrist", "l_wrist", "r_elbow", "l_elbow", "r_shoulder", "l_shoulder")
PUBLISHED = [  # in, out, kernel; conv1 to conv7, the four fusion layers, then conv8 and conv5_fusion
    (3, 128, 5),
    (128, 128, 5),
    (128, 128, 5),
    (128, 256, 9),
    (256, 512, 9),
    (512, 256, 1),
    (256, 256, 1),
    (384, 64, 7),
    (64, 64, 13),
    (64, 128, 13),
    (128, 256, 1),
    (256, 7, 1),
    (256, 7, 1),
]


def convolutions(model: nn.Module) -> list[nn.Conv2d]:
    return [module for module in model.modules() if isinstance(module, nn.Conv2d)]


def test_paper_network_is_the_published_one():
    model = build(paper_config(joints=SEVEN))
    layers = convolutions(model)
    assert sorted((c.in_channels, c.out_channels, c.kernel_size[0]) for c in layers) == sorted(PUBLISHED)
    assert all(c.stride == (1, 1) and c.padding[0] == c.kernel_size[0] // 2 for c in layers)
    assert sum(parameter.numel() for parameter in model.parameters()) == 17_615_886


def test_paper_network_sees_96_and_216_pixels():
    model = build(paper_config(width=1 / 64, joints=SEVEN)).eval()
    for layer in convolutions(model):
        nn.init.ones_(layer.weight)
        nn.init.zeros_(layer.bias)
    spans = []
    for output in (0, 1):
        reach = torch.zeros(256, dtype=torch.bool)
        for _ in range(6):  # a pool passes one gradient a cell: several pictures fill the cells at the edge
            image = torch.rand(1, 3, 256, 256).requires_grad_()
            (gradient,) = torch.autograd.grad(model.backbone(image)[output][0, :, 32, 32].sum(), image)
            reach |= gradient[0].abs().sum(dim=(0, 1)) > 0
        touched = reach.nonzero()
        spans.append(int(touched.max() - touched.min()) + 1)
    assert spans == [96, 216]


SQUARED = replace(TINY, loss="squared_error")


@pytest.mark.parametrize("config", [TINY, SQUARED, paper_config(width=1 / 16)])
def test_heatmaps_are_a_quarter_of_the_input(config: SFNConfig):
    model = build(config).eval()
    image = torch.zeros(2, 3, config.input_size, config.input_size)
    with torch.inference_mode():
        heatmaps = model.head(model.backbone(image))
    assert heatmaps.shape == (2, 15, config.input_size // 4, config.input_size // 4)


def test_small_network_is_lean():
    assert sum(parameter.numel() for parameter in build(SFNConfig()).parameters()) <= 3_000_000


def sample(config: SFNConfig, weights: np.ndarray) -> PoseDataSample:
    size = config.heatmap_size
    result = PoseDataSample()
    result.gt_fields = PixelData(heatmaps=torch.rand(15, size, size))
    result.gt_instance_labels = InstanceData(keypoint_weights=torch.from_numpy(weights[None]).float())
    return result


@pytest.mark.parametrize("config", [TINY, paper_config(width=1 / 16)])
def test_joints_without_label_give_no_gradient(config: SFNConfig):
    torch.manual_seed(0)
    model = build(config)
    weights = np.ones(15)
    weights[4] = 0
    images = torch.rand(2, 3, config.input_size, config.input_size)
    losses = model.loss(images, [sample(config, weights) for _ in range(2)])
    assert set(losses) == {"loss_first", "loss_kpt"}
    (losses["loss_first"] + losses["loss_kpt"]).backward()
    for layer in (model.head.first, model.head.final_layer):
        by_joint = layer.weight.grad.reshape(15, -1).abs().sum(dim=1)
        assert by_joint[4] == 0
    final = model.head.final_layer.weight.grad.reshape(15, -1).abs().sum(dim=1)
    assert (np.delete(final.numpy(), 4) > 0).all()


def test_the_loss_is_the_config_s_and_older_files_keep_theirs():
    assert (SFNConfig().loss, paper_config().loss) == ("cross_entropy", "squared_error")
    older = {key: value for key, value in paper_config().to_dict().items() if key != "loss"}
    assert SFNConfig.from_dict(older) == paper_config()
    model = build(SQUARED)
    images, targets = torch.rand(1, 3, 64, 64), sample(SQUARED, np.ones(15))
    heatmaps = model.head(model.backbone(images))
    squared = (heatmaps - targets.gt_fields.heatmaps).square().mean()
    torch.testing.assert_close(model.loss(images, [targets])["loss_kpt"], squared)


def test_losses_are_those_of_single_precision_in_half_precision():
    torch.manual_seed(0)
    model = build(TINY)
    images, samples = torch.rand(2, 3, 64, 64), [sample(TINY, np.ones(15)) for _ in range(2)]
    single = model.loss(images, samples)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = model.loss(images, samples)
    for name, loss in single.items():
        assert half[name].dtype == torch.float32
        torch.testing.assert_close(half[name], loss, rtol=0.02, atol=0)


def test_the_loss_is_zero_for_perfect_heatmaps():
    targets = torch.rand(2, 15, 16, 16) * 0.98 + 0.01
    loss = HeatmapBCELoss()(torch.logit(targets), targets, torch.ones(2, 15))
    assert loss.abs() < 1e-4


def test_weights_file_brings_back_config_and_outputs(tmp_path):
    model = build(TINY).eval()
    export(tmp_path / "a.safetensors", config=TINY, model=model)
    config, again = restore(tmp_path / "a.safetensors")
    assert config == TINY
    image = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before, after = (m.head(m.backbone(image)) for m in (model, again))
    torch.testing.assert_close(before, after, atol=1e-3, rtol=0)


def test_weights_of_another_kind_are_refused(tmp_path):
    save(tmp_path / "b.safetensors", kind="corrector", config={}, tensors={"a": torch.zeros(1)})
    with pytest.raises(WeightsError, match="not of sfn"):
        restore(tmp_path / "b.safetensors")


@pytest.mark.parametrize(
    "wrong",
    [
        {"variant": "large"},
        {"input_size": 100},
        {"width": 0},
        {"sigma": -1},
        {"joints": ()},
        {"loss": "hinge"},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match="Invalid"):
        SFNConfig(**wrong)
