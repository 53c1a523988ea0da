"""Training: reproducible, resumable, learning."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from estimators.sfn.builder import restore
from estimators.sfn.training.calibration import fit_curve
from estimators.sfn.training.train import Trainer, TrainingSettings, size_at
from estimators.trainer import HISTORY, warmup_cosine
from tests.fixtures.sfn_parts import TINY, drawn_data

SETTINGS = TrainingSettings(
    samples=24, batch_size=4, sizes=((32, 0.5), (64, 1.0)), workers=0, validate_every=8
)


def trainer(folder: Path, settings: TrainingSettings = SETTINGS) -> Trainer:
    return Trainer(
        config=TINY,
        settings=settings,
        data=drawn_data(),
        folder=folder,
        device=torch.device("cpu"),
        report=lambda entry: None,
    )


def weights_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in model.state_dict().items()}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> tuple[Path, dict[str, torch.Tensor]]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, weights_of(trainer(folder).run())


def test_a_resumed_run_ends_as_an_uninterrupted_one(uninterrupted, tmp_path):
    trainer(tmp_path).run(until=0.5)
    resumed = weights_of(trainer(tmp_path).run(resume=True))
    for key, value in uninterrupted[1].items():
        torch.testing.assert_close(resumed[key], value, rtol=0, atol=0, msg=key)


def test_history_has_losses_and_validation(uninterrupted):
    lines = (uninterrupted[0] / HISTORY).read_text().splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["samples"] for entry in entries] == [8, 12, 16, 24] or entries[-1]["samples"] == 24
    assert {entry["input_size"] for entry in entries} == {32, 64}
    assert all(np.isfinite(entry["loss"]) for entry in entries)
    assert {"pck_lsp", "pck_youtube_pose"} <= set(entries[-1])


def test_export_holds_the_averaged_weights_and_their_origin(uninterrupted, tmp_path):
    run = trainer(uninterrupted[0])
    run.run(resume=True)
    run.export(tmp_path / "sfn.safetensors")
    config, model = restore(tmp_path / "sfn.safetensors")
    assert config.input_size == 64
    assert config.training is not None and config.training["samples"] == 24
    shares = [share for _, share in config.score_curve]
    assert shares == sorted(shares)
    for key, value in uninterrupted[1].items():
        torch.testing.assert_close(model.state_dict()[key], value, rtol=1e-3, atol=1e-4)


def test_a_few_steps_lower_the_loss(tmp_path):
    run = trainer(tmp_path, replace(SETTINGS, samples=10_000, warmup=0.0001, rate=0.02))
    batch = next(iter_batches(run))
    losses = [run._step(batch) for _ in range(12)]
    assert np.mean(losses[-3:]) < 0.9 * losses[0]


def iter_batches(run: Trainer):
    from estimators.sfn.training.mixture import Mixture, batches

    mixture = Mixture(run.data.sources, config=run.config, seed=0)
    return batches(mixture, start=0, batch_size=4, workers=0)


def test_the_rate_rises_and_falls_to_zero():
    rates = [warmup_cosine(progress, warmup=SETTINGS.warmup) for progress in np.linspace(0, 1, 101)]
    assert rates[0] == 0 and rates[-1] == pytest.approx(0)
    assert max(rates) > 0.99
    assert np.argmax(rates) <= 4


def test_sizes_grow_with_the_schedule():
    assert [size_at(SETTINGS, progress) for progress in (0.0, 0.49, 0.5, 1.0)] == [32, 32, 64, 64]
    with pytest.raises(ValueError, match="Invalid sizes"):
        TrainingSettings(samples=1, sizes=((128, 0.5),))


def test_the_score_curve_rises_and_gives_shares():
    rng = np.random.default_rng(0)
    peaks = rng.uniform(0, 1, 4000)
    correct = rng.uniform(0, 1, 4000) < peaks**2
    heights, shares = np.array(fit_curve(peaks, correct)).T
    assert (np.diff(heights) > 0).all() and (np.diff(shares) >= 0).all()
    assert np.abs(np.interp([0.3, 0.6, 0.9], heights, shares) - [0.09, 0.36, 0.81]).max() < 0.06
