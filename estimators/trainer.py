"""The loop that trains posefix's networks: schedule, precision, moving average, checkpoints and history.

A training says how it makes batches, how a batch gives gradients and how it validates; everything else is
here. Nothing in the loop waits for the device: losses stay there until a line of the history is due.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler

from weights.files import FileError, written_whole

CHECKPOINT = "last.pt"
HISTORY = "history.jsonl"
SAVE_MINUTES = 10.0  # between checkpoints, where validations are rarer
PREFETCHED = 2  # batches a worker makes ahead

Batch = TypeVar("Batch")
Losses = Mapping[str, Sequence[Tensor]]  # of the steps since the last validation, by learner


def warmup_cosine(progress: float, *, warmup: float) -> float:
    """Factor on the learning rate at a share of the schedule: linear up, then a cosine to zero at the end."""
    if progress < warmup:
        return progress / warmup
    rest = (progress - warmup) / (1 - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(rest, 1.0)))


def mixed_precision(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 where it is quicker: on a GPU."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


class MovingAverage(nn.Module):
    """Exponential moving average of a network's weights; torch's own waits for a GPU at each step.

    Args:
        model: on its device.
        decay: a step.
        growing: begin with a smaller decay, so that the start is soon forgotten.
        buffers: average running statistics, too; otherwise :meth:`synchronise` takes those of the model.
    """

    n_averaged: Tensor

    def __init__(
        self, model: nn.Module, *, decay: float, growing: bool = False, buffers: bool = False
    ) -> None:
        super().__init__()
        self.module = copy.deepcopy(model).requires_grad_(False)
        self.register_buffer("n_averaged", torch.tensor(0))  # stays on the CPU
        self.decay, self.growing, self.averages_buffers = decay, growing, buffers

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Takes in the weights after a step."""
        steps = int(self.n_averaged)
        decay = min(self.decay, (1 + steps) / (10 + steps)) if self.growing else self.decay
        ours = _floating(self.module, buffers=self.averages_buffers)
        theirs = _floating(model, buffers=self.averages_buffers)
        torch._foreach_lerp_(ours, theirs, 1 - decay if steps else 1.0)
        self.n_averaged += 1

    @torch.no_grad()
    def synchronise(self, model: nn.Module) -> nn.Module:
        """The network with averaged weights, in evaluation mode, with what is not averaged of the model."""
        for ours, trained in zip(self.module.buffers(), model.buffers(), strict=True):
            if not (self.averages_buffers and ours.is_floating_point()):
                ours.copy_(trained)
        return self.module.eval()


def _floating(model: nn.Module, *, buffers: bool) -> list[Tensor]:
    tensors = [parameter.detach() for parameter in model.parameters()]
    if buffers:
        tensors += [buffer for buffer in model.buffers() if buffer.is_floating_point()]
    return tensors


class Learner:
    """A network in training, with its optimizer and the moving average of its weights.

    Args:
        model: the network, on its device.
        optimizer: of its parameters.
        average: of the model.
        clip: largest norm of the gradients.
    """

    def __init__(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, average: MovingAverage, *, clip: float
    ) -> None:
        self.model, self.optimizer, self.average = model, optimizer, average
        self._clip = clip

    def backward(self, loss: Tensor) -> Tensor:
        """Sets the gradients of a loss; gives the loss without its history."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        return loss.detach()

    def step(self, rate: float) -> None:
        """One step down the gradients that are set."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        nn.utils.clip_grad_norm_(self.model.parameters(), self._clip)
        self.optimizer.step()
        self.average.update(self.model)

    def averaged(self) -> nn.Module:
        """The network with averaged weights, in evaluation mode."""
        return self.average.synchronise(self.model)

    def parts(self, name: str) -> dict[str, Any]:
        """What a checkpoint holds of it, by keys that end in its name, if it has one."""
        end = f"_{name}" if name else ""
        return {
            f"model{end}": self.model,
            f"average{end}": self.average,
            f"optimizer{end}": self.optimizer,
        }


@dataclass
class Run:
    """One run in one folder: steps, validations, checkpoints.

    Attributes:
        learners: networks that are trained on the same batches, by name; "" where there is one.
        folder: gets ``last.pt`` and ``history.jsonl``.
        samples: how many the schedule spans.
        minutes: end the schedule at this time if the samples would take longer; None: never.
        rate: learning rate at a share of the schedule.
        every: samples between validations.
        report: called with each line of the history.
        on_step: called after each step with the share of the schedule that is done.
        extra: plain values that go into the checkpoint.
        done: samples so far.
        seconds: of training so far; validations do not count.
    """

    learners: Mapping[str, Learner]
    folder: Path
    samples: int
    rate: Callable[[float], float]
    every: int
    report: Callable[[dict[str, Any]], None] | None = None
    minutes: float | None = None
    on_step: Callable[[float], None] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    done: int = 0
    seconds: float = 0.0

    @property
    def progress(self) -> float:
        """Share of the schedule that is done, by samples or by time, whichever is further."""
        samples = self.done / self.samples
        return samples if self.minutes is None else max(samples, self.seconds / (60 * self.minutes))

    def advance(
        self,
        batches: Iterator[Batch],
        *,
        batch_size: int,
        backward: Callable[[str, Batch], Tensor],
        validate: Callable[[Losses], Mapping[str, Any]],
        until: float = 1.0,
        going: Callable[[], bool] = lambda: True,
    ) -> None:
        """Trains up to a share of the schedule, or as long as it is ``going``.

        Args:
            batches: of ``batch_size`` samples.
            batch_size: samples a step.
            backward: sets the gradients of a learner, given by name, and gives its loss, detached.
            validate: called with the losses since the last time when a validation is due; gives what the
                history's line holds besides samples and minutes.
            until: share of the schedule.
            going: asked before each step.
        """
        losses: dict[str, list[Tensor]] = {name: [] for name in self.learners}
        clock = saved = time.monotonic()
        while self.progress < until and going():
            for name, loss in self.step(next(batches), batch_size=batch_size, backward=backward).items():
                losses[name].append(loss)
            now = time.monotonic()
            self.seconds, clock = self.seconds + now - clock, now
            if self.on_step is not None:
                self.on_step(min(self.progress, 1.0))
            if self.done % self.every < batch_size or self.progress >= until:
                self._note(validate(losses))
                losses = {name: [] for name in self.learners}
                clock = saved = time.monotonic()  # validation is not training time
            elif now - saved > 60 * SAVE_MINUTES:
                self.save()
                saved = now

    def step(
        self, batch: Batch, *, batch_size: int, backward: Callable[[str, Batch], Tensor]
    ) -> dict[str, Tensor]:
        """One step of every learner on a batch; gives their losses. See :meth:`advance`."""
        rate, losses = self.rate(self.progress), {}
        for name, learner in self.learners.items():
            losses[name] = backward(name, batch)
            learner.step(rate)
        self.done += batch_size
        return losses

    def _note(self, figures: Mapping[str, Any]) -> None:
        entry = {"samples": self.done, "minutes": round(self.seconds / 60, 2), **figures}
        with (self.folder / HISTORY).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        self.save()
        if self.report is not None:
            self.report(entry)

    def save(self) -> None:
        """Writes the state of all learners; the last checkpoint is replaced whole."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        with written_whole(self.folder / CHECKPOINT) as partial:
            torch.save({**state, "done": self.done, "seconds": self.seconds, **self.extra}, partial)

    def load(self) -> None:
        """Goes back to the last checkpoint.

        Raises:
            ValueError: there is none, or it is another network's.
        """
        path = self.folder / CHECKPOINT
        if not path.is_file():
            raise FileError(f"{path}: no checkpoint to resume from. Train without --resume first.")
        parts = self._parts()
        state = torch.load(path, map_location="cpu", weights_only=True)
        try:
            for name, part in parts.items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise FileError(f"{path}: a checkpoint of another network. Give another --output.") from error
        self.done, self.seconds = int(state["done"]), float(state["seconds"])

    def _parts(self) -> dict[str, Any]:
        return {key: part for name, one in self.learners.items() for key, part in one.parts(name).items()}


class _Counting(Sampler[list[int]]):
    """Numbers of the samples of each batch, from the one where a run stands."""

    def __init__(self, start: int, batch_size: int) -> None:
        self.start, self.batch_size = start, batch_size

    def __iter__(self) -> Iterator[list[int]]:
        start = self.start
        while True:
            yield list(range(start, start + self.batch_size))
            start += self.batch_size


def numbered_batches(
    dataset: Dataset[Any],
    *,
    start: int,
    batch_size: int,
    workers: int,
    device: torch.device,
    collate: Callable[[list[Any]], Any] | None = None,
) -> Iterator[Any]:
    """Endless batches of samples ``start``, ``start`` + 1 and so on, whoever makes them.

    Args:
        dataset: gives sample n, always the same.
        start: the first sample.
        batch_size: samples a batch.
        workers: processes that make whole batches; 0: this one.
        device: for a GPU, batches come in pinned memory, so that they can be moved while it computes.
        collate: samples -> batch; None: arrays are stacked.
    """
    return iter(
        DataLoader(
            dataset,
            batch_sampler=_Counting(start, batch_size),
            num_workers=workers,
            collate_fn=collate,
            pin_memory=device.type == "cuda",
            prefetch_factor=PREFETCHED if workers else None,
        )
    )


def moved(batch: Batch, device: torch.device) -> Batch:
    """A named tuple of tensors on a device; from pinned memory, the move runs beside the computation."""
    parts = (part.to(device, non_blocking=True) for part in batch)  # type: ignore[attr-defined]
    return type(batch)(*parts)
