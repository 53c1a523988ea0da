"""LSTM encoder-decoder with additive attention (Bahdanau et al., 2015) over a window of poses."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corrector.configuration import CorrectorConfig
from corrector.features import Window, anchor, compress, fill_missing, observations, side_evidence, smooth
from corrector.joints import mirror_indices

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
    """Encoder e, attention a, decoder f: s_i = f(s_{i-1}, y_{i-1}, c_i), c_i = sum_j alpha_ij h_j.

    alpha_ij = softmax_j(v . tanh(W s_{i-1} + U h_j)). Nothing else is handed from encoder to decoder, but
    for ``aligned``: h_i. The answer of a step is a point, or with ``smoothing_seconds`` a blend of candidate
    tracks (given, smoothed, of the other body side) plus a residual behind a gate: to leave a good point as
    it is, the network need only open and close, not hit a number.
    """

    def __init__(self, config: CorrectorConfig) -> None:
        super().__init__()
        self.config = config
        joints, states = len(config.joints), 2 * config.encoder_size
        inputs = 6 * joints + 1 if config.observation_inputs else 2 * joints
        inputs += 2 * joints if config.side_inputs else 0
        self.candidates = 2 + len(config.smoothing_seconds) if config.smoothing_seconds else 0
        self.encoder = nn.LSTM(inputs, config.encoder_size, batch_first=True, bidirectional=True)
        # One projection of the encoder's states serves the attention (U h_j) and the decoder (h_i).
        own = 4 * config.decoder_size if config.aligned else 0
        self.encoded = nn.Linear(states, config.attention_size + own, bias=False)
        self.recurrent = nn.Linear(config.decoder_size, config.attention_size + 4 * config.decoder_size)
        self.context = nn.Linear(states + 2 * joints, 4 * config.decoder_size, bias=False)
        self.alignment = nn.Linear(config.attention_size, 1, bias=False)
        # A point, its error, and for a blend how much of the point to add and the candidates' weights.
        self._answers = 4 + self.candidates if self.candidates else 3
        self.output = nn.Linear(config.decoder_size, joints * self._answers)
        self._mirror = mirror_indices(config.joints)
        self._initialise()

    def _initialise(self) -> None:
        size, joints = self.config.decoder_size, len(self.config.joints)
        with torch.no_grad():
            for name, parameter in self.encoder.named_parameters():
                if "bias_ih" in name:  # forget gates start open
                    parameter[self.config.encoder_size : 2 * self.config.encoder_size] = 1.0
            gates = self.recurrent.bias[self.config.attention_size :]
            gates[size : 2 * size] = 1.0
            self.output.weight.mul_(0.1)
            bias = torch.zeros(self._answers, joints)
            bias[2] = FIRST_ERROR
            if self.candidates:
                bias[5] = 2.0  # starts as a light filter
            self.output.bias.copy_(bias.flatten())

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
        points, log_error = self._decode(states, self._candidates(filled, place, window))
        return Estimate(points + place, log_error.clamp(-8, 4))

    def _candidates(self, filled: Tensor, place: Tensor, window: Window) -> Tensor | None:
        if not self.candidates:
            return None
        given = filled - place
        tracks = [given]
        for width in self.config.smoothing_seconds:
            tracks.append(smooth(filled, window, width=width, twice=True) - place)
        tracks.append(given[:, :, self._mirror])
        return torch.stack(tracks, dim=2).permute(0, 1, 4, 2, 3).contiguous()

    def _decode(self, states: Tensor, candidates: Tensor | None) -> tuple[Tensor, Tensor]:
        batch, length, _ = states.shape
        joints, size, units = len(self.config.joints), self.config.decoder_size, self.config.attention_size
        encoded = self.encoded(states)
        keys, own = encoded[..., :units].contiguous(), encoded[..., units:].unbind(1)
        hidden = cell = states.new_zeros(batch, size)
        last = states.new_zeros(batch, 2 * joints)
        blends = candidates.unbind(1) if candidates is not None else None
        points, errors = [], []
        for step in range(length):
            projected = self.recurrent(hidden)
            energy = self.alignment(torch.tanh(keys + projected[:, None, :units])).squeeze(2)
            attended = torch.bmm(energy.softmax(dim=1).unsqueeze(1), states).squeeze(1)
            gates = projected[:, units:] + self.context(torch.cat((attended, last), dim=1))
            if self.config.aligned:
                gates = gates + own[step]
            opened = torch.sigmoid(gates[:, : 3 * size])
            start, forget, out = opened.chunk(3, dim=1)
            cell = forget * cell + start * torch.tanh(gates[:, 3 * size :])
            hidden = out * torch.tanh(cell)
            answer = self.output(hidden).view(batch, self._answers, joints)
            point = answer[:, :2]
            if blends is not None:
                weights = F.softmax(answer[:, 4:], dim=1).unsqueeze(1)
                point = answer[:, 3:4].sigmoid() * point + (weights * blends[step]).sum(2)
            last = compress(point).flatten(1)
            points.append(point)
            errors.append(answer[:, 2])
        return torch.stack(points, dim=1).transpose(2, 3), torch.stack(errors, dim=1)
