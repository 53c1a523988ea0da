"""The loop that all networks are trained with."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import Dataset

from estimators import trainer
from estimators.trainer import CHECKPOINT, HISTORY, Learner, MovingAverage, Run, moved, numbered_batches

CPU = torch.device("cpu")


def learner(seed: int = 0) -> Learner:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0)
    return Learner(model, optimizer, MovingAverage(model, decay=0.9), clip=1.0)


def run(folder: Path, networks: dict[str, Learner], **more) -> Run:
    return Run(
        learners=networks,
        folder=folder,
        samples=40,
        rate=lambda progress: 0.05 * (1 - progress),
        every=16,
        **more,
    )


def train(made: Run, **more) -> list[float]:
    """Fits a plane; gives the losses."""
    losses = []

    def batches():
        for number in count(made.done // 4):
            points = torch.randn(4, 3, generator=torch.Generator().manual_seed(number))
            yield points, points.sum(dim=1, keepdim=True)

    def backward(name: str, batch: tuple[Tensor, Tensor]) -> Tensor:
        one = made.learners[name]
        one.model.train()
        loss = one.backward((one.model(batch[0]) - batch[1]).square().mean())
        losses.append(float(loss))
        return loss

    made.advance(
        batches(),
        batch_size=4,
        backward=backward,
        validate=lambda found: {
            f"loss{name}": float(torch.stack(list(one)).mean()) for name, one in found.items()
        },
        **more,
    )
    return losses


def test_the_history_has_a_line_a_validation_and_the_last(tmp_path):
    reports: list[dict] = []
    steps: list[float] = []
    made = run(tmp_path, {"": learner()}, report=reports.append, on_step=steps.append)
    losses = train(made)
    assert [line["samples"] for line in reports] == [16, 32, 40]
    assert [json.loads(line) for line in (tmp_path / HISTORY).read_text().splitlines()] == reports
    assert reports[0]["loss"] == pytest.approx(np.mean(losses[:4]))
    assert reports[-1]["loss"] == pytest.approx(np.mean(losses[8:]))
    assert steps == pytest.approx([(n + 1) / 10 for n in range(10)])


def test_a_run_that_was_cut_goes_on_as_if_it_was_not(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = {"one": learner(), "two": learner(1)}
    train(run(tmp_path / "a", whole))
    train(run(tmp_path / "b", {"one": learner(), "two": learner(1)}), until=0.5)
    cut = {"one": learner(7), "two": learner(8)}
    resumed = run(tmp_path / "b", cut)
    resumed.load()
    assert resumed.done == 20
    train(resumed)
    for name, one in whole.items():
        for ours, theirs in zip(one.averaged().parameters(), cut[name].averaged().parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_minutes_end_the_schedule(tmp_path, monkeypatch):
    clock = count(0.0, 30.0)
    monkeypatch.setattr(trainer.time, "monotonic", lambda: next(clock))
    made = run(tmp_path, {"": learner()}, minutes=2.0)
    train(made)
    assert made.done == 16  # four steps of half a minute


def test_a_checkpoint_is_written_between_rare_validations(tmp_path, monkeypatch):
    clock = count(0.0, 400.0)
    monkeypatch.setattr(trainer.time, "monotonic", lambda: next(clock))
    made = run(tmp_path, {"": learner()})
    train(made, going=lambda: made.done < 12)
    assert torch.load(tmp_path / CHECKPOINT, weights_only=True)["done"] == 8
    assert not (tmp_path / HISTORY).exists()


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"last\.pt: no checkpoint to resume from"):
        run(tmp_path, {"": learner()}).load()
    train(run(tmp_path, {"": learner()}))
    with pytest.raises(ValueError, match=r"last\.pt: a checkpoint of another network"):
        run(tmp_path, {"two": learner()}).load()


@pytest.mark.parametrize("buffers", [False, True])
def test_the_average_is_torch_s(buffers):
    """Without its waiting for a GPU; a constant decay is its own function."""
    one = learner()
    ours = MovingAverage(one.model, decay=0.8, buffers=buffers)
    theirs = AveragedModel(one.model, multi_avg_fn=get_ema_multi_avg_fn(0.8), use_buffers=buffers)
    one.model.train()
    for step in range(5):
        one.backward(one.model(torch.randn(8, 3, generator=torch.Generator().manual_seed(step))).sum())
        one.step(0.1)
        ours.update(one.model)
        theirs.update_parameters(one.model)
    found = ours.synchronise(one.model).state_dict()
    assert not ours.module.training
    for name, value in theirs.module.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(found[name], value, msg=name)


def test_a_growing_average_forgets_its_start(tmp_path):
    one = learner()
    slow = MovingAverage(one.model, decay=0.999)
    quick = MovingAverage(one.model, decay=0.999, growing=True)
    for step in range(30):
        one.model[0].weight.data.fill_(float(step))
        slow.update(one.model)
        quick.update(one.model)
    assert slow.module[0].weight.mean() < 2
    assert quick.module[0].weight.mean() > 20


class Pair(NamedTuple):
    number: Tensor
    square: Tensor


class Squares(Dataset):
    def __getitem__(self, number: int) -> Pair:
        return Pair(np.float32(number), np.array([number**2]))


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_numbered_and_stacked(workers):
    stream = numbered_batches(Squares(), start=6, batch_size=3, workers=workers, device=CPU)
    first, second = next(stream), next(stream)
    assert first.number.tolist() == [6, 7, 8]
    assert second.square.tolist() == [[81], [100], [121]]
    assert isinstance(moved(first, CPU), Pair)
