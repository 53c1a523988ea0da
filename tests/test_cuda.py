"""That nothing is left on the wrong device: with tensors that pretend to be on a GPU, and on a real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.device import choose_device
from corrector import Corrector
from corrector.configuration import PRESETS, CorrectorConfig
from corrector.features import Window
from corrector.modeling import CorrectorNetwork
from corrector.processor import correct_windows
from estimators import detectors
from estimators.datasets.records import draw_figures
from estimators.detectors.small.configuration import DetectorConfig
from estimators.detectors.small.modeling import build as build_detector
from estimators.detectors.small.training.targets import Targets, loss_of
from estimators.sfn.builder import build, export
from estimators.sfn.configuration import SFNConfig, paper_config
from estimators.sfn.training.replicas import Replicas
from estimators.sfn.training.targets import Samples, prepare
from estimators.sfn.training.train import Trainer, TrainingSettings
from estimators.skeletons import JOINTS
from estimators.trainer import Learner, MovingAverage, numbered_batches
from tests.fixtures.sfn_parts import TINY, drawn_data

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
META = torch.device("meta")  # tensors without values; an operation that has others, too, is refused
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_what_pretends_refuses_other_devices():
    assert (torch.empty(3, device=META) + 1).device.type == "meta"
    with pytest.raises(RuntimeError, match="device"):
        torch.empty(3, device=META) + torch.empty(3)


@pytest.mark.parametrize("config", [TINY, paper_config(width=0.02)], ids=["small", "paper"])
def test_a_training_step_of_sfn_stays_on_its_device(config: SFNConfig):
    model = build(config).to(META)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    learner = Learner(model, optimizer, MovingAverage(model, decay=0.9, growing=True), clip=1.0)
    size = config.input_size
    samples = Samples(
        torch.empty(2, size, size, 3, dtype=torch.uint8, device=META),
        torch.empty(2, len(JOINTS), 2, device=META),
        torch.empty(2, len(JOINTS), device=META),
    )
    batch = prepare(samples, config=config, preprocessor=model.data_preprocessor)
    assert {part.device.type for part in batch} == {"meta"}
    loss = Replicas(model, count=1).backward(batch)
    learner.step(0.1)
    assert loss.device.type == "meta"
    assert {value.device.type for value in learner.averaged().state_dict().values()} == {"meta"}


def test_a_training_step_of_the_detector_stays_on_its_device():
    model = build_detector(DetectorConfig(longer_side=64, channels=(4, 4, 4, 4), neck=4)).to(META)
    logits, edges = model(torch.empty(2, 3, 64, 64, device=META))
    maps = torch.empty(2, 8, 8, device=META)
    known = torch.empty(2, 4, 8, 8, device=META)
    assert loss_of(logits, edges, Targets(maps, maps, known)).device.type == "meta"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_corrector_stays_on_its_device(preset: str):
    network = CorrectorNetwork(CorrectorConfig.preset_named(preset)).to(META)
    joints = len(network.config.joints)
    shape = (2, network.config.window, joints)

    def empty(*more: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.empty(*shape, *more, dtype=dtype, device=META)

    window = Window(empty(2), empty(dtype=torch.bool), empty(), empty()[..., 0])
    assert correct_windows(network, window).device.type == "meta"


def on_both(run: Callable[[torch.device], Any]) -> tuple[Any, Any]:
    return run(CPU), run(choose_device("cuda"))


@needs_cuda
@pytest.mark.parametrize("flip_test", [False, True])
def test_sfn_finds_the_same_joints(flip_test):
    from estimators.sfn import create, create_flip

    figures = draw_figures(40, seed=5)
    frames = np.stack([figure.image for figure in figures])

    def found(device: torch.device) -> np.ndarray:
        estimator = (create_flip if flip_test else create)(device=device)
        poses = estimator.estimate(frames, pts_seconds=[0.0] * len(frames))
        return np.stack([pose.keypoints[0] for pose in poses])

    cpu, cuda = on_both(found)
    sure = (cpu[..., 2] > 0.5) & (cuda[..., 2] > 0.5)
    assert sure.mean() > 0.5
    assert np.abs(cpu - cuda)[sure][:, :2].max() < 1.0
    assert np.median(np.abs(cpu - cuda)[sure][:, :2]) < 0.05
    assert np.abs(cpu - cuda)[..., 2].max() < 0.05


@needs_cuda
def test_the_detector_finds_the_same_boxes():
    frames = np.stack([figure.image for figure in draw_figures(8, seed=6)])
    cpu, cuda = on_both(lambda device: detectors.create(device=device).detect(frames))
    for one, other in zip(cpu, cuda, strict=True):
        sure = one.scores > 0.3
        np.testing.assert_allclose(other.boxes[: sure.sum()], one.boxes[sure], atol=1.0)
        np.testing.assert_allclose(other.scores[: sure.sum()], one.scores[sure], atol=0.02)


@needs_cuda
def test_yr_scores_parts_the_same():
    import weights
    from estimators.yr.scores import PartScorer
    from estimators.yr.store import load_any

    model, _ = load_any(weights.find("yr-upper"))
    features = np.random.default_rng(0).uniform(0, 0.4, (60, 80, 32))
    cpu, cuda = on_both(lambda device: PartScorer(model, device=device, dtype=torch.float32)(features))
    np.testing.assert_allclose(cuda, cpu, atol=1e-4)


@needs_cuda
def test_the_corrector_corrects_the_same():
    rng = np.random.default_rng(0)
    keypoints = np.concatenate(
        [np.cumsum(rng.normal(0, 2, (400, len(JOINTS), 2)), axis=0) + 500, np.ones((400, len(JOINTS), 1))],
        axis=2,
    )
    times = np.arange(400) / 25

    def corrected(device: torch.device) -> np.ndarray:
        corrector = Corrector.from_weights(device=device)
        return corrector.correct(keypoints, pts_seconds=times, joints=JOINTS).keypoints

    cpu, cuda = on_both(corrected)
    np.testing.assert_allclose(cuda, cpu, atol=0.05)


@needs_cuda
def test_sfn_trains_as_on_a_cpu(tmp_path):
    settings = TrainingSettings(samples=48, batch_size=4, sizes=((64, 1.0),), workers=2, validate_every=24)

    def losses(device: torch.device) -> list[float]:
        reports: list[dict[str, Any]] = []
        trainer = Trainer(
            configs=[TINY, replace(TINY, width=0.2)],
            settings=settings,
            data=drawn_data(),
            folder=tmp_path / device.type,
            device=device,
            report=reports.append,
        )
        trainer.run(until=0.5)
        trainer.run(resume=True)
        trainer.export(tmp_path / f"{device.type}.safetensors", "0.2")
        return [report["loss_0.1"] for report in reports]

    cpu, cuda = on_both(losses)
    assert len(cpu) == len(cuda) >= 2
    np.testing.assert_allclose(cuda, cpu, rtol=0.05)


@needs_cuda
def test_batches_for_a_gpu_are_pinned():
    numbers = torch.utils.data.TensorDataset(torch.arange(8.0))
    stream = numbered_batches(numbers, start=0, batch_size=2, workers=1, device=CUDA)
    assert all(part.is_pinned() for part in next(stream))


@needs_cuda
def test_weights_made_on_a_gpu_are_read_anywhere(tmp_path: Path):
    model = build(TINY).to(CUDA)
    export(tmp_path / "tiny.safetensors", config=TINY, model=model)
    from estimators.sfn.builder import restore

    restored = restore(tmp_path / "tiny.safetensors")[1]
    assert {value.device.type for value in restored.state_dict().values()} == {"cpu"}
