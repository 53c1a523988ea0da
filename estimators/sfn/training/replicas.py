"""Splits a batch over threads, one replica of the model each.

Two threads with half a batch each beat two threads inside every operation where other programs compete for
the cores: they wait for each other once a step and not a thousand times.
"""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import nn


class Replicas:
    """Computes losses and gradients of a model on parts of a batch at once.

    Args:
        model: an MMPose estimator; its parameters are shared by all replicas, and it is one of them.
        count: replicas, and threads; 1: no threads.
    """

    def __init__(self, model: nn.Module, *, count: int) -> None:
        self.models: list[Any] = [model, *(copy.deepcopy(model) for _ in range(count - 1))]
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.pool = ThreadPoolExecutor(count) if count > 1 else None

    def backward(self, batch: dict[str, list[Any]]) -> float:
        """Sets the gradients of the mean loss over a batch and returns that loss."""
        size = -(-len(batch["inputs"]) // len(self.models))
        parts = [
            {key: values[start : start + size] for key, values in batch.items()}
            for start in range(0, len(batch["inputs"]), size)
        ]
        models = self.models[: len(parts)]
        self._share()
        if self.pool is None:
            results = [_gradients(models[0], parts[0])]
        else:
            results = list(self.pool.map(_gradients_in_thread, models, parts))
        for parameter, *gradients in zip(self.parameters, *(grads for _, grads in results), strict=True):
            parameter.grad = torch.stack(gradients).mean(dim=0) if len(gradients) > 1 else gradients[0]
        self._merge_statistics(models)
        return sum(loss for loss, _ in results) / len(results)

    def _share(self) -> None:
        for replica in self.models[1:]:
            for ours, theirs in zip(self.models[0].parameters(), replica.parameters(), strict=True):
                theirs.data = ours.data
            for ours, theirs in zip(self.models[0].buffers(), replica.buffers(), strict=True):
                theirs.copy_(ours)

    def _merge_statistics(self, models: list[Any]) -> None:
        """The running means and variances of the first become those of all that took part."""
        for ours, *others in zip(*(model.buffers() for model in models), strict=True):
            if ours.is_floating_point():
                ours.copy_(torch.stack([ours, *others]).mean(dim=0))


def _gradients_in_thread(model: Any, part: dict[str, list[Any]]) -> tuple[float, list[torch.Tensor]]:
    torch.set_num_threads(1)  # of this thread only
    return _gradients(model, part)


def _gradients(model: Any, part: dict[str, list[Any]]) -> tuple[float, list[torch.Tensor]]:
    model.train()
    data = model.data_preprocessor(part, training=True)
    loss = sum(model.loss(data["inputs"], data["data_samples"]).values())
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(loss, parameters)
    return float(loss.detach()), list(gradients)
