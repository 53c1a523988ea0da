"""Decoders with additive attention over the states of an encoder (Bahdanau et al., 2015).

Shapes: B windows, L steps, J joints, H units of the encoder's states, A answers a joint.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corrector.configuration import CorrectorConfig
from corrector.features import compress

CACHED_WINDOWS = 16
"""Windows whose pairs of steps are attended to at once: as many as a CPU's cache holds."""


def open_forget_gates(lstm: nn.LSTM) -> None:
    """Lets an LSTM remember at the start of training."""
    size = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias_ih" in name:
                parameter[size : 2 * size] = 1.0


def blend(answer: Tensor, candidates: Tensor | None) -> Tensor:
    """Points (..., 2, J) of answers (..., A, J): x, y, log error, and for a blend a gate and weights.

    With ``candidates`` (..., 2, C, J): those, weighted by a softmax, plus x and y behind the gate.
    """
    point = answer[..., :2, :]
    if candidates is None:
        return point
    weights = F.softmax(answer[..., 4:, :], dim=-2).unsqueeze(-3)
    return answer[..., 3:4, :].sigmoid() * point + (weights * candidates).sum(-2)


class RecurrentDecoder(nn.Module):
    """One step after another: s_i = f(s_{i-1}, y_{i-1}, c_i), c_i = sum_j alpha_ij h_j.

    alpha_ij = softmax_j(v . tanh(W s_{i-1} + U h_j)), y_{i-1} its own last point. Nothing else is handed from
    encoder to decoder, but for ``aligned``: h_i.
    """

    def __init__(self, config: CorrectorConfig, *, joints: int, answers: int) -> None:
        super().__init__()
        self._units, self._size = config.attention_size, config.decoder_size
        self._aligned = config.aligned
        states, gates = 2 * config.encoder_size, 4 * config.decoder_size
        # One projection of the encoder's states serves the attention (U h_j) and the decoder (h_i).
        own = gates if config.aligned else 0
        self.encoded = nn.Linear(states, self._units + own, bias=False)
        self.recurrent = nn.Linear(self._size, self._units + gates)
        self.context = nn.Linear(states + 2 * joints, gates, bias=False)
        self.alignment = nn.Linear(self._units, 1, bias=False)
        self.output = nn.Linear(self._size, joints * answers)
        with torch.no_grad():
            bias = self.recurrent.bias[self._units :]
            bias[self._size : 2 * self._size] = 1.0  # forget gates start open

    def forward(self, states: Tensor, candidates: Tensor | None) -> tuple[Tensor, Tensor]:
        """Answers (B, L, A J) and points (B, L, 2, J) for states (B, L, H)."""
        batch, length, _ = states.shape
        size, units = self._size, self._units
        joints = (self.context.in_features - states.shape[2]) // 2
        encoded = self.encoded(states)
        keys, own = encoded[..., :units].contiguous(), encoded[..., units:].unbind(1)
        hidden = cell = states.new_zeros(batch, size)
        last = states.new_zeros(batch, 2 * joints)
        blends = candidates.unbind(1) if candidates is not None else [None] * length
        points, answers = [], []
        for step in range(length):
            projected = self.recurrent(hidden)
            energy = self.alignment(torch.tanh(keys + projected[:, None, :units])).squeeze(2)
            attended = torch.bmm(energy.softmax(dim=1).unsqueeze(1), states).squeeze(1)
            gates = projected[:, units:] + self.context(torch.cat((attended, last), dim=1))
            if self._aligned:
                gates = gates + own[step]
            opened = torch.sigmoid(gates[:, : 3 * size])
            start, forget, out = opened.chunk(3, dim=1)
            cell = forget * cell + start * torch.tanh(gates[:, 3 * size :])
            hidden = out * torch.tanh(cell)
            answer = self.output(hidden)
            point = blend(answer.view(batch, -1, joints), blends[step])
            last = compress(point).flatten(1)
            points.append(point)
            answers.append(answer)
        return torch.stack(answers, dim=1), torch.stack(points, dim=1)


class ParallelDecoder(nn.Module):
    """All steps at once: a bidirectional LSTM over h_i and c_i = sum_j alpha_ij V h_j.

    alpha_ij = softmax_j(v . tanh(W h_i + U h_j)): the query is the encoder's state of the step, not the
    decoder's last one, so that no step waits for another one's answer.
    """

    def __init__(self, config: CorrectorConfig, *, joints: int, answers: int) -> None:
        super().__init__()
        self._units, self._size, self._joints = config.attention_size, config.decoder_size, joints
        states = 2 * config.encoder_size
        # One projection of the encoder's states serves W h_i, U h_j and V h_j.
        self.encoded = nn.Linear(states, 2 * self._units + self._size)
        self.alignment = nn.Linear(self._units, 1, bias=False)
        self.lstm = nn.LSTM(states + self._size, self._size, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * self._size, joints * answers)
        open_forget_gates(self.lstm)

    def forward(self, states: Tensor, candidates: Tensor | None) -> tuple[Tensor, Tensor]:
        """Answers (B, L, A J) and points (B, L, 2, J) for states (B, L, H)."""
        queries, keys, values = self.encoded(states).split((self._units, self._units, self._size), dim=2)
        parts = zip(*(part.split(CACHED_WINDOWS) for part in (queries, keys, values)), strict=True)
        context = torch.cat([self._attend(*part) for part in parts])
        hidden, _ = self.lstm(torch.cat((states, context), dim=2))
        answers = self.output(hidden)
        return answers, blend(answers.unflatten(2, (-1, self._joints)), candidates)

    def _attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Contexts (B, L, V) of queries and keys (B, L, U) and values (B, L, V).

        tanh(z) = 2 sigmoid(2 z) - 1, and the softmax does not see what is the same for all keys: the sigmoid
        gives the same weights in a third of the tanh's time on a CPU.
        """
        sums = (2 * queries).unsqueeze(2) + (2 * keys).unsqueeze(1)
        energy = sums.sigmoid_() @ (2 * self.alignment.weight[0])
        return energy.softmax(dim=2) @ values
