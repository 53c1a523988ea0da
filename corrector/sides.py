"""Puts right exchanged left and right joints, from how smoothly each joint's track would go on.

For arms and for legs the Viterbi algorithm finds when which joints are exchanged, so that accelerations are
least and exchanges are few. The joints of a limb are decided together, and legs with a view to where the
shoulders face. Two frames back are looked at, not one: limbs that pass each other keep their speed.
Accelerations count by how large they usually are in the clip, so that noise alone exchanges nothing.
What it cannot tell is left: exchanges that last, those that begin or end where limbs meet, one side on the
other's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numba import njit
from numpy.typing import NDArray

from estimators.skeletons import POSEFIX

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

LIMBS = (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
"""Parts of both limbs of a pair, from the body outwards."""
CHANGE_COST = 5.0
"""In usual accelerations: what an exchange that begins or ends must save."""
DULL_COST, LEAP = 10.0, 0.5
"""More, where no pair leaps onto each other's places: limbs that meet may have passed each other. It leaps
where the way there is shorter by this much than the way to their own."""
END_COST = 3.0
"""For an exchange that the clip begins or ends with."""
EXCHANGED_COST, TORN_COST = 10.0, 15.0
"""For each second of an exchange, since most joints are right, and of one that ends within a limb."""
USUAL, LEAST = 2.0, 0.012
"""An acceleration counts in so many times the median one, and at least in this share of the height."""
LARGEST = 20.0
"""No acceleration counts more."""
CROSSED_COST, SURELY = 20.0, 0.5
"""For each second that hips face the other way than shoulders, and the cosine between them that tells it."""
TELLABLE = 0.05
"""Of the height: joints of a pair nearer to each other say nothing of where the body faces."""
LONGEST_GAP = 0.5
"""Seconds. Where a joint was before a longer one tells nothing."""
LONGEST_STEP = 0.13
"""Seconds. Beyond, a limb may be anywhere in the next frame, and nothing is changed."""


def find_exchanges(points: Floats, seconds: Floats, joints: Sequence[str], *, height: float) -> Bools:
    """Which pairs are exchanged when: (T, P), in the order of :attr:`estimators.Skeleton.pair_indices`.

    A pair of which one is missing stays as it is: no point that was given may get lost.

    Args:
        points: (T, J, 2), pixels, NaN where missing.
        seconds: (T,), rising.
        joints: names of the J joints.
        height: of the person, in pixels.
    """
    pairs = POSEFIX.subset(joints).pair_indices
    exchanged = np.zeros((len(points), len(pairs)), dtype=bool)
    if len(points) < 3 or np.median(np.diff(seconds)) > LONGEST_STEP:
        return exchanged
    parts = [joints[left].removeprefix("left_") for left, _ in pairs]
    sides = np.stack([points[:, [a for a, _ in pairs]], points[:, [b for _, b in pairs]]])
    facing: Floats = np.zeros((len(points), 2))
    for limb in LIMBS:
        columns = [parts.index(part) for part in limb if part in parts]
        if columns:
            found = _find_limb(sides[:, :, columns], seconds, height, facing)
            exchanged[:, columns] = found
            innermost = sides[:, :, columns[0]]
            facing = _facing(np.where(found[None, :, :1], innermost[::-1], innermost), height)
    return exchanged & np.isfinite(sides[..., 0]).all(axis=0)


def exchange(values: Floats, exchanged: Bools, joints: Sequence[str]) -> Floats:
    """Values (T, J, ...) with those of the ``exchanged`` pairs (T, P) changed for each other."""
    pairs = POSEFIX.subset(joints).pair_indices
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    swap = exchanged.reshape(*exchanged.shape, *[1] * (values.ndim - 2))
    result = values.copy()
    result[:, left] = np.where(swap, values[:, right], values[:, left])
    result[:, right] = np.where(swap, values[:, left], values[:, right])
    return result


def _facing(pair: Floats, height: float) -> Floats:
    """The direction (T, 2) from the left to the right joint of a pair (2, T, 2); 0 where both are close."""
    across = pair[1] - pair[0]
    length = np.linalg.norm(across, axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.where(length > TELLABLE * height, across / length, 0.0)


def _find_limb(sides: Floats, seconds: Floats, height: float, other: Floats) -> Bools:
    """Which joints (T, P) of a pair of limbs ``sides`` (2, T, P, 2), from the body outwards, to exchange.

    ``other``: where the rest of the body faces, (T, 2), as :func:`_facing` gives it: a torso is not crossed.
    """
    joints = sides.shape[2]
    states = np.array(list(product((False, True), repeat=joints)))
    some, torn = states.any(axis=1), (states[:, 1:] != states[:, :-1]).sum(axis=1)
    step = float(np.median(np.diff(seconds)))
    own = step * (EXCHANGED_COST * some + TORN_COST * torn)
    alike = (_facing(sides[:, :, 0], height) * other).sum(axis=1)
    alike = np.where(np.abs(alike) > SURELY, np.sign(alike), 0.0)
    own = own + CROSSED_COST * step * (np.where(states[:, 0], 1, -1) * alike[:, None] > 0)
    there = np.asarray(np.isfinite(sides[..., 0]).all(axis=0))
    costs, beside = _accelerations(sides, there, seconds)
    costs = _relative(costs, there, height)
    sharp = _sharp(sides, there, height)
    return states[_viterbi(costs, beside, there, sharp, states, own, np.where(some, END_COST, 0.0))]


def _accelerations(sides: Floats, there: Bools, seconds: Floats) -> tuple[Floats, Bools]:
    """Of both joints of each pair together, (T, P, 4), from the two frames before in which both were there.

    The last axis: neither of these frames exchanged against this one, the nearer, the further, both. 0 where
    there are none. And whether the nearer is the frame before, (T, P).
    """
    frames, pairs = there.shape
    costs = np.zeros((frames, pairs, 4))
    beside = np.zeros((frames, pairs), dtype=bool)
    for pair in range(pairs):
        third = np.flatnonzero(there[:, pair])
        first, second, third = third[:-2], third[1:-1], third[2:]
        before, after = seconds[second] - seconds[first], seconds[third] - seconds[second]
        pace = np.clip(after / np.maximum(before, 1e-3), 0, 3)[:, None]
        kinds = []
        for first_swapped, second_swapped in product((1, -1), repeat=2):
            start, middle = sides[::first_swapped, first, pair], sides[::second_swapped, second, pair]
            ahead = middle + pace * (middle - start)
            kinds.append(np.linalg.norm(sides[:, third, pair] - ahead, axis=2).sum(axis=0))
        near = after <= LONGEST_GAP
        costs[third[near], pair] = np.stack(kinds, axis=1)[near]
        beside[third, pair] = third - second == 1
    return costs, beside


def _sharp(sides: Floats, there: Bools, height: float) -> Bools:
    """Where (T, P) both joints of a pair leap onto each other's place, too far apart to have met."""
    sharp = np.zeros(there.shape, dtype=bool)
    for pair in range(there.shape[1]):
        frames = np.flatnonzero(there[:, pair])
        before, after = sides[:, frames[:-1], pair], sides[:, frames[1:], pair]
        straight, crossed = (np.linalg.norm(after - b, axis=2).sum(axis=0) for b in (before, before[::-1]))
        apart = np.minimum(*(np.linalg.norm(pair_[0] - pair_[1], axis=1) for pair_ in (before, after)))
        sharp[frames[1:], pair] = (apart > TELLABLE * height) & (crossed < LEAP * straight)
    return sharp


def _relative(costs: Floats, there: Bools, height: float) -> Floats:
    """Costs (T, P, 4) in units of what is usual in the clip."""
    least = np.where(there, costs.min(axis=2), np.nan)
    usual = [np.nanmedian(column) if np.isfinite(column).any() else 0.0 for column in least.T]
    unit = np.hypot(LEAST * height, USUAL * np.array(usual) / 2)
    return np.minimum(costs / unit[:, None], LARGEST)


@njit(cache=True, nogil=True)
def _viterbi(
    costs: Floats, beside: Bools, there: Bools, sharp: Bools, states: Bools, own: Floats, end: Floats
) -> NDArray[np.int64]:
    """The cheapest state of each frame, (T,). A pair that is not there keeps its own.

    Args:
        costs, beside: as :func:`_accelerations` gives them.
        there, sharp: (T, P).
        states: (S, P): which pairs a state exchanges.
        own: (T, S): of each frame in a state.
        end: (S,): of beginning and of ending in a state.
    """
    frames, pairs, _ = costs.shape
    number = len(states)
    total = np.empty((number, number))
    for u in range(number):
        for v in range(number):
            total[u, v] = (
                end[u] + own[0, u] + own[1, v] + _change(states[u], states[v], there[0], there[1], sharp[1])
            )
    origin = np.zeros((frames, number, number), np.int64)
    for frame in range(2, frames):
        after = np.full((number, number), np.inf)
        for v in range(number):
            for w in range(number):
                change = _change(states[v], states[w], there[frame - 1], there[frame], sharp[frame])
                if change == np.inf:
                    continue
                for u in range(number):
                    cost = total[u, v]
                    for p in range(pairs):
                        second = states[v, p] != states[w, p]
                        first = states[u, p] != states[w, p] if beside[frame, p] else second
                        cost += costs[frame, p, 2 * first + second]
                    if cost < after[v, w]:
                        after[v, w], origin[frame, v, w] = cost, u
                after[v, w] += own[frame, w] + change
        total = after
    path = np.zeros(frames, np.int64)
    best = np.inf
    for v in range(number):
        for w in range(number):
            if total[v, w] + end[w] < best:
                best = total[v, w] + end[w]
                path[frames - 2], path[frames - 1] = v, w
    for frame in range(frames - 1, 1, -1):
        path[frame - 2] = origin[frame, path[frame - 1], path[frame]]
    return path


@njit(cache=True, nogil=True)
def _change(before: Bools, after: Bools, was_there: Bools, there: Bools, sharp: Bools) -> float:
    """What it costs to go from one state to another: nothing for a pair that comes back as others are."""
    followed = np.zeros(2, np.bool_)  # by those that were there and stay as they are
    for p in range(len(before)):
        if was_there[p] and before[p] == after[p]:
            followed[int(after[p])] = True
    cost, leap = 0.0, False
    for p in range(len(before)):
        if before[p] != after[p]:
            if not there[p]:
                return np.inf
            leap |= sharp[p]
            if was_there[p] or not followed[int(after[p])]:
                cost = CHANGE_COST
    return cost if leap or cost == 0 else cost + DULL_COST
