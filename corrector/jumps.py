"""Finds joints that jump away for some frames and come back: what no limb does.

Of each joint's points those are kept that make the smoothest track together, by dynamic programming over the
last two kept ones: a point may be passed over at a price, or be kept at the cost of its distance from where
the two before it led, which counts no more than a few prices. An estimator that takes a paddle for a foot is
so told from a foot that is quick: a limb gathers speed over several frames.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

LONGEST = 0.36
"""Seconds. What is away for longer may have moved there."""
SKIP_COST, END_SKIP_COST = 75.0, 90.0
"""For each second that is passed over; at the ends of a clip only one side can tell."""
LARGEST = 8.0
"""No distance costs more: a track may go on from anywhere."""
USUAL, LEAST = 3.0, 0.05
"""Distances count in so many times the usual noise, and at least in this share of the person's height."""
GROWTH = 0.5
"""By how much more a place may be missed for each frame (of 30 a second) further ahead."""
FARTHEST = 0.07
"""Of the height: what lies nearer to the kept ones, or to the way between them, is no jump."""
LONGEST_STEP = 0.13
"""Seconds. Beyond, a limb may be anywhere in the next frame."""
FEWEST = 8
"""Points that a joint must have at least."""
USUAL_STEP = 1 / 30


def find_jumps(points: Floats, seconds: Floats, *, height: float) -> Bools:
    """Where (T, J) points (T, J, 2) in pixels, NaN where missing, have jumped away.

    Args:
        points: of one person, all frames.
        seconds: (T,), rising.
        height: of the person, in pixels.
    """
    jumped = np.zeros(points.shape[:2], dtype=bool)
    if len(points) < FEWEST or np.median(np.diff(seconds)) > LONGEST_STEP:
        return jumped
    for joint in range(points.shape[1]):
        there = np.flatnonzero(np.isfinite(points[:, joint, 0]))
        if len(there) >= FEWEST:
            away = _away(points[there, joint], seconds[there], height)
            jumped[there, joint] = away
    return jumped


def _away(points: Floats, seconds: Floats, height: float) -> Bools:
    step = float(np.median(np.diff(seconds)))
    noise = np.median(np.linalg.norm(np.diff(points, n=2, axis=0), axis=1)) / np.sqrt(6)
    unit = np.hypot(LEAST * height * max(1.0, step / USUAL_STEP), USUAL * noise)
    longest = max(2, round(LONGEST / step))
    prices = SKIP_COST * min(step, USUAL_STEP), END_SKIP_COST * min(step, USUAL_STEP)
    kept = _smoothest(points.astype(np.float64), seconds.astype(np.float64), unit, longest, *prices)
    left = np.flatnonzero(kept)
    after = np.minimum(np.searchsorted(left, np.arange(len(kept))), len(left) - 1)
    before = np.maximum(after - 1, 0)
    track = np.stack([np.interp(seconds, seconds[left], points[left, axis]) for axis in (0, 1)], axis=1)
    # What lies beside one of the two went there, or came from there: it did not jump.
    others = (track, points[left[before]], points[left[after]])
    off = np.min([np.linalg.norm(points - other, axis=1) for other in others], axis=0)
    return ~kept & (off > FARTHEST * height)


@njit(cache=True, nogil=True)
def _smoothest(
    points: Floats, seconds: Floats, unit: float, longest: int, skip: float, end_skip: float
) -> Bools:
    """Which points (T, 2) to keep, (T,).

    ``total[j, h]`` is the least cost with j and j - h the last two kept; h is 0 where j is the first.
    """
    count = len(points)
    total = np.full((count, longest + 1), np.inf)
    origin = np.zeros((count, longest + 1), np.int64)
    for j in range(count):
        if j <= longest:
            total[j, 0] = end_skip * j  # the first that is kept
        for h in range(1, min(longest, j) + 1):
            i = j - h
            ahead = seconds[j] - seconds[i]
            if h > 1 and ahead > LONGEST + USUAL_STEP:
                break
            best, back = np.inf, 0
            for g in range(min(longest, i) + 1):
                if total[i, g] == np.inf:
                    continue
                cost = total[i, g] + _missed(points, seconds, unit, i - g, i, j)
                if cost < best:
                    best, back = cost, g
            total[j, h], origin[j, h] = best + skip * (h - 1), back
    best, j, h = np.inf, count - 1, 0
    for last in range(max(0, count - 1 - longest), count):
        for gap in range(longest + 1):
            cost = total[last, gap] + end_skip * (count - 1 - last)
            if cost < best:
                best, j, h = cost, last, gap
    kept = np.zeros(count, np.bool_)
    kept[j] = True
    while h > 0:
        g = origin[j, h]
        j, h = j - h, g
        kept[j] = True
    return kept


@njit(cache=True, nogil=True)
def _missed(points: Floats, seconds: Floats, unit: float, first: int, second: int, third: int) -> float:
    """What it costs that the third point is not where the first two led; they may be one."""
    ahead, behind = seconds[third] - seconds[second], seconds[second] - seconds[first]
    share, scale = 0.0, 4 * unit * ahead / USUAL_STEP
    if behind > 0:
        share = ahead / behind
        scale = unit * (1 + GROWTH * (max(share - 1, 0.0) + 0.5 * ((ahead + behind) / USUAL_STEP - 2)))
        scale = max(scale, unit)
    missed = 0.0
    for axis in range(2):
        led = points[second, axis] + share * (points[second, axis] - points[first, axis])
        missed += (points[third, axis] - led) ** 2
    return min(missed / (2 * scale * scale), LARGEST)
