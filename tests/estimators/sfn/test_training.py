"""Training: reproducible, resumable, learning."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from estimators.score_curves import fit_curve
from estimators.sfn.builder import restore
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.training.train import Trainer, TrainingSettings, size_at
from estimators.trainer import HISTORY, warmup_cosine
from tests.fixtures.sfn_parts import TINY, drawn_data

SETTINGS = TrainingSettings(
    samples=24, batch_size=4, sizes=((32, 0.5), (64, 1.0)), workers=0, validate_every=8
)


def trainer(
    folder: Path, settings: TrainingSettings = SETTINGS, *, config: SFNConfig = TINY, **more
) -> Trainer:
    return Trainer(
        configs=[config],
        settings=settings,
        data=drawn_data(),
        folder=folder,
        device=torch.device("cpu"),
        report=lambda entry: None,
        **more,
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
    batch = next(run.batches())
    losses = []
    for _ in range(12):
        losses.append(float(run.replicas[""].backward(batch)))
        run.learners[""].step(0.02)
    assert np.mean(losses[-3:]) < 0.9 * losses[0]


# Of the loop before batches were stacked: one of MMPose's objects a sample, targets made by the workers.
RECORDED = {
    1: "9.851093 9.531019 12.493641 13.004359 13.411315 12.838394 "
    "11.767544 13.978222 13.668205 13.195096 8.918211 12.83577",
    2: "9.851195 9.531005 12.492 13.001351 13.409096 12.850169 "
    "11.758608 13.978407 13.670389 13.166434 8.909016 12.82802",
}


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_first_steps_have_the_losses_that_they_always_had(tmp_path, monkeypatch, replicas):
    torch.set_num_threads(1)
    run = trainer(tmp_path, replace(SETTINGS, samples=48, replicas=replicas, validate_every=1000))
    losses = watch_losses(run, monkeypatch)[""]
    run.run()
    np.testing.assert_allclose(losses, [float(loss) for loss in RECORDED[replicas].split()], rtol=1e-4)


def watch_losses(run: Trainer, monkeypatch) -> dict[str, list[float]]:
    """Losses of each step, by network, as the run makes them."""
    losses: dict[str, list[float]] = {name: [] for name in run.replicas}
    for name, replicas in run.replicas.items():
        original = replicas.backward

        def backward(batch, name=name, original=original):
            loss = original(batch)
            losses[name].append(float(loss))
            return loss

        monkeypatch.setattr(replicas, "backward", backward)
    return losses


def test_several_widths_train_as_each_would_alone(tmp_path, monkeypatch):
    settings = replace(SETTINGS, samples=16, replicas=1)
    wide = replace(TINY, width=0.2)

    def run(folder: Path, *configs: SFNConfig) -> tuple[Trainer, dict[str, list[float]]]:
        made = Trainer(
            configs=configs,
            settings=settings,
            data=drawn_data(),
            folder=folder,
            device=torch.device("cpu"),
            report=lambda entry: None,
        )
        losses = watch_losses(made, monkeypatch)
        made.run()
        return made, losses

    both, losses = run(tmp_path / "both", TINY, wide)
    for config in (TINY, wide):
        name = f"{config.width:g}"
        alone, expected = run(tmp_path / name, config)
        np.testing.assert_allclose(losses[name], expected[""], rtol=1e-6)
        for key, value in weights_of(alone.averaged()).items():
            torch.testing.assert_close(weights_of(both.averaged(name))[key], value, msg=key)
    last = json.loads((tmp_path / "both" / HISTORY).read_text().splitlines()[-1])
    assert {"loss_0.1", "loss_0.2", "pck_lsp_0.1", "pck_lsp_0.2"} <= set(last)
    both.export(tmp_path / "wide.safetensors", "0.2")
    assert restore(tmp_path / "wide.safetensors")[0].width == 0.2


def test_workers_give_the_same_batches(tmp_path):
    batches = []
    for workers in (0, 2):
        run = trainer(tmp_path, replace(SETTINGS, workers=workers))
        stream = run.batches()
        batches.append([next(stream) for _ in range(5)])
    for one, other in zip(*batches, strict=True):
        for ours, theirs in zip(one, other, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_what_a_run_cannot_start_from(tmp_path):
    with pytest.raises(ValueError, match="no checkpoint to resume from"):
        trainer(tmp_path).run(resume=True)
    trainer(tmp_path).run(until=0.3)
    with pytest.raises(ValueError, match="a checkpoint of another network"):
        trainer(tmp_path, config=replace(TINY, width=0.2)).run(resume=True)
    path = tmp_path / "tiny.safetensors"
    trainer(tmp_path).export(path)
    with pytest.raises(ValueError, match=r"tiny\.safetensors: weights of another variant"):
        trainer(tmp_path, config=replace(TINY, width=0.2), initial=[path])
    with pytest.raises(ValueError, match="2 files for 1 networks"):
        trainer(tmp_path, initial=[path, path])


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
