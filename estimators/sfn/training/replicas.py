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

from estimators.sfn.training.targets import Prepared
from estimators.trainer import mixed_precision


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

    def backward(self, batch: Prepared) -> torch.Tensor:
        """Sets the gradients of the mean loss over a batch and returns that loss."""
        size = -(-len(batch.images) // len(self.models))
        parts = [
            Prepared(*(values[start : start + size] for values in batch))
            for start in range(0, len(batch.images), size)
        ]
        models = self.models[: len(parts)]
        self._share()
        if self.pool is None:
            results = [_gradients(models[0], parts[0])]
        else:
            results = list(self.pool.map(_gradients_in_thread, models, parts))
        for parameter, *gradients in zip(self.parameters, *(grads for _, grads in results), strict=True):
            parameter.grad = torch.stack(gradients).mean(dim=0) if len(gradients) > 1 else gradients[0]
        if len(models) > 1:
            self._merge_statistics(models)
        return torch.stack([loss for loss, _ in results]).mean()

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


def _gradients_in_thread(model: Any, part: Prepared) -> tuple[torch.Tensor, list[torch.Tensor]]:
    torch.set_num_threads(1)  # of this thread only
    return _gradients(model, part)


def _gradients(model: Any, part: Prepared) -> tuple[torch.Tensor, list[torch.Tensor]]:
    model.train()
    with mixed_precision(part.images.device):
        losses = model.head.losses(model.extract_feat(part.images), part.heatmaps, part.weights)
    loss = sum(losses.values())
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    gradients = torch.autograd.grad(loss, parameters)
    return loss.detach(), list(gradients)
