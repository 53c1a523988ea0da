"""Puts right exchanged left and right joints, from how smoothly each joint's track would go on.

For each pair of joints the Viterbi algorithm finds when they are exchanged, so that accelerations are least
and exchanges are few. Two frames back are looked at, not one: limbs that pass each other keep their speed.
What it cannot tell (exchanges that last, one side on the other's place) is left to the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corrector.features import Window, center_and_scale
from estimators.skeletons import POSEFIX

Floats = NDArray[np.floating]

CHANGE_COST = 0.6
"""In person sizes of acceleration: what an exchange that begins or ends must save."""
EXCHANGED_COST = 0.02
"""For each step that a pair is exchanged: usually it is not."""
LONGEST_STEP = 0.13
"""Seconds. Beyond, a limb may be anywhere in the next frame, and nothing is changed."""
CHUNK = 128
"""Steps. An exchange of more than 60 costs more than it can save, so that longer chunks find no more."""


def fix_left_right_swaps(
    points: Floats, scores: Floats, seconds: Floats, joints: Sequence[str]
) -> tuple[Floats, Floats]:
    """Points (S, J, 2) in pixels, NaN where missing, and scores (S, J), with exchanged pairs changed back."""
    track = torch.from_numpy(np.concatenate((points, scores[..., None]), axis=2))
    # Single precision finds the same exchanges in half the time.
    exchanged = find_exchanges(track[..., :2].float(), torch.from_numpy(seconds), joints)
    fixed = exchange(track, exchanged, joints).numpy()
    return fixed[..., :2], fixed[..., 2]


def find_exchanges(points: Tensor, seconds: Tensor, joints: Sequence[str]) -> Tensor:
    """Which pairs are exchanged when, bool (S, P), in a track (S, J, 2) in pixels with NaN where missing.

    The track is cut into chunks that overlap by half, and the middle of each is taken. A pair of which one is
    missing stays as it is: no point that was given may get lost.
    """
    steps, pairs = len(points), POSEFIX.subset(joints).pair_indices
    if steps < 3 or float(seconds.diff().median()) > LONGEST_STEP:
        return torch.zeros(steps, len(pairs), dtype=torch.bool, device=points.device)
    starts = torch.arange(0, max(steps - CHUNK // 2, 1), CHUNK // 2, device=points.device)
    index = starts.unsqueeze(1) + torch.arange(CHUNK, device=points.device)
    inside = index < steps
    index = index.clamp(max=steps - 1)
    present = points[index][..., 0].isfinite() & inside.unsqueeze(2)
    window = Window(points[index].nan_to_num(0), present, present, seconds[index])
    _, size = center_and_scale(window, joints)
    found = _viterbi(_costs(window, pairs) / size[:, :, 0, :, None])
    result = torch.zeros(steps, len(pairs), dtype=torch.bool, device=points.device)
    # Where two chunks overlap, each decides on the half that lies further inside of it.
    inside[1:, : CHUNK // 4] = False
    inside[:-1, 3 * CHUNK // 4 :] = False
    result[index[inside]] = found[inside]
    there = points[..., 0].isfinite()
    return result & there[:, [a for a, _ in pairs]] & there[:, [b for _, b in pairs]]


def exchange(points: Tensor, exchanged: Tensor, joints: Sequence[str]) -> Tensor:
    """Values (S, J, ...) with those of the ``exchanged`` pairs (S, P) changed for each other."""
    pairs = POSEFIX.subset(joints).pair_indices
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    swap = exchanged.view(*exchanged.shape, *[1] * (points.ndim - 2))
    result = points.clone()
    result[:, left] = torch.where(swap, points[:, right], points[:, left])
    result[:, right] = torch.where(swap, points[:, left], points[:, right])
    return result


def _costs(window: Window, pairs: Sequence[tuple[int, int]]) -> Tensor:
    """Accelerations (B, L - 2, P, 4) over three steps, the first two exchanged or not against the third.

    The last axis: neither, the second, the first, both. 0 where a joint is missing in one of the steps.
    """
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    both = torch.stack((window.points[:, :, left], window.points[:, :, right]))
    there = window.present[:, :, left] & window.present[:, :, right]
    there = there[:, 2:] & there[:, 1:-1] & there[:, :-2]
    step = window.seconds.diff(dim=1)
    pace = (step[:, 1:] / step[:, :-1].clamp(min=1e-3)).clamp(0, 3).to(both.dtype)[None, :, :, None, None]
    costs = []
    for first_swapped in (False, True):
        for second_swapped in (False, True):
            first = (both.flip(0) if first_swapped else both)[:, :, :-2]
            second = (both.flip(0) if second_swapped else both)[:, :, 1:-1]
            ahead = second + pace * (second - first)
            costs.append((both[:, :, 2:] - ahead).norm(dim=4).sum(0))
    return torch.stack(costs, dim=3) * there.unsqueeze(3)


def _viterbi(costs: Tensor) -> Tensor:
    """The cheapest states (B, L, P), True where exchanged, for costs as :func:`_costs` gives them."""
    batch, steps, pairs, _ = costs.shape
    state = torch.arange(2, device=costs.device)
    begin = CHANGE_COST * (state[:, None] != state) + EXCHANGED_COST * (state[:, None] + state)
    # Of states u, v, w one after another: which of the four costs it is, and what w adds.
    u, v, w = torch.meshgrid(state, state, state, indexing="ij")
    kind = (2 * (u ^ w) + (v ^ w)).flatten()
    added = CHANGE_COST * (v != w) + EXCHANGED_COST * w
    step_costs = costs[..., kind].unflatten(3, (2, 2, 2)) + added
    total = begin.expand(batch, pairs, 2, 2)
    cheapest = []
    for step in range(steps):
        total, origin = (total.unsqueeze(4) + step_costs[:, step]).min(dim=2)
        cheapest.append(origin.flatten(2))
    last = total.flatten(2).argmin(dim=2)
    before, now = last // 2, last % 2
    states = [now, before]
    for origin in reversed(cheapest):
        before, now = origin.gather(2, (2 * before + now).unsqueeze(2)).squeeze(2), before
        states.append(before)
    return torch.stack(states[::-1], dim=1).bool()
