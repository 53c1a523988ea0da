"""LSTM encoder-decoder with additive attention (Bahdanau et al., 2015) over a window of poses."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from corrector.configuration import CorrectorConfig
from corrector.decoders import ParallelDecoder, RecurrentDecoder, open_forget_gates
from corrector.features import Window, anchor, fill_missing, observations, side_evidence, smooth
from estimators.skeletons import POSEFIX

FIRST_ERROR = -2.0
"""Logarithm of the error expected before training, in person sizes."""


class Estimate(NamedTuple):
    """A batch of answers.

    Attributes:
        points: (B, L, J, 2), in the units of the input.
        log_error: (B, L, J), natural logarithm of the distance to the true point that is expected.
    """

    points: Tensor
    log_error: Tensor


class CorrectorNetwork(nn.Module):
    """Encoder, decoder with attention, and what becomes of the decoder's answers.

    The answer of a step is a point, or with ``smoothing_seconds`` a blend of candidate tracks (given,
    smoothed, of the other body side) plus a residual behind a gate: to leave a good point as it is, the
    network need only open and close, not hit a number.
    """

    def __init__(self, config: CorrectorConfig) -> None:
        super().__init__()
        self.config = config
        joints = len(config.joints)
        inputs = 6 * joints + 1 if config.observation_inputs else 2 * joints
        inputs += 2 * joints if config.side_inputs else 0
        self.candidates = 2 + len(config.smoothing_seconds) if config.smoothing_seconds else 0
        # A point, its error, and for a blend how much of the point to add and the candidates' weights.
        self._answers = 4 + self.candidates if self.candidates else 3
        self.encoder = nn.LSTM(inputs, config.encoder_size, batch_first=True, bidirectional=True)
        decoder = ParallelDecoder if config.parallel else RecurrentDecoder
        self.decoder = decoder(config, joints=joints, answers=self._answers)
        self._mirror = POSEFIX.subset(config.joints).flip_indices
        self._initialise()

    def _initialise(self) -> None:
        open_forget_gates(self.encoder)
        with torch.no_grad():
            self.decoder.output.weight.mul_(0.1)
            bias = torch.zeros(self._answers, len(self.config.joints))
            bias[2] = FIRST_ERROR
            if self.candidates:
                bias[5] = 2.0  # starts as a light filter
            self.decoder.output.bias.copy_(bias.flatten())

    def forward(self, window: Window) -> Estimate:
        """Corrected points of all steps of the windows."""
        filled = fill_missing(window)
        place = anchor(filled, window)
        local = filled - place
        inputs = local.flatten(2)
        if self.config.observation_inputs:
            inputs = observations(local, filled, window)
        if self.config.side_inputs:
            inputs = torch.cat((inputs, side_evidence(filled, window, self._mirror)), dim=2)
        states, _ = self.encoder(inputs)
        answers, points = self.decoder(states, self._candidates(filled, place, window))
        log_error = answers.unflatten(2, (self._answers, -1))[:, :, 2]
        return Estimate(points.transpose(2, 3) + place, log_error.clamp(-8, 4))

    def _candidates(self, filled: Tensor, place: Tensor, window: Window) -> Tensor | None:
        """Tracks to blend, (B, L, 2, C, J)."""
        if not self.candidates:
            return None
        given = filled - place
        tracks = [given]
        for width in self.config.smoothing_seconds:
            tracks.append(smooth(filled, window, width=width, twice=True) - place)
        tracks.append(given[:, :, self._mirror])
        return torch.stack(tracks, dim=2).permute(0, 1, 4, 2, 3).contiguous()
