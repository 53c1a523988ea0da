"""Watches a training: the corrector's error on takes that are not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from corrector.api import Corrector
from corrector.modeling import CorrectorNetwork
from corrector.training.pairs_file import Floats, Take


@dataclass(frozen=True)
class Report:
    """Where training stands.

    Attributes:
        step: batches done.
        loss: mean since the last report.
        error_px: mean error on validation takes, against what is trained towards.
        detector_px: the same of the detector.
        acceleration_px: mean error of second differences, in pixels a squared frame.
    """

    step: int
    loss: float
    error_px: float
    detector_px: float
    acceleration_px: float


@dataclass(frozen=True)
class Validation:
    """Takes to watch.

    Attributes:
        joints: names of the J joints.
        takes: with the truth as labelled.
        targets: what is trained towards of each, (T, J, 2) in pixels.
    """

    joints: Sequence[str]
    takes: Sequence[Take]
    targets: Sequence[Floats]

    def report(
        self, network: CorrectorNetwork, step: int, losses: Sequence[Tensor], device: torch.device
    ) -> Report:
        """Validates the network and reports."""
        corrector = Corrector(network, device=device)
        known = [i for i, joint in enumerate(self.joints) if joint in corrector.joints]
        fixed, before, bends = [], [], []
        for take, target in zip(self.takes, self.targets, strict=True):
            given = take.detected
            points = corrector.correct(given, pts_seconds=take.pts_seconds, joints=self.joints).keypoints
            apart = (points - target)[:, known]
            fixed.append(np.linalg.norm(apart, axis=2))
            before.append(np.linalg.norm((given[..., :2] - target)[:, known], axis=2))
            bends.append(np.linalg.norm(np.diff((points - take.true)[:, known], n=2, axis=0), axis=2))
        network.train()
        mean = [float(np.nanmean(np.concatenate(values))) for values in (fixed, before, bends)]
        return Report(step, float(torch.stack(list(losses)).mean()), *mean)
