"""Leads a joint across a gap: half as the network says, half on a cubic through its points around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

TANGENT_SECONDS = 0.13
"""How far back and ahead the speed at the ends of a gap is measured."""
TANGENT_SHARE = 0.75
"""How far a speed is trusted: at 0 the way is a straight line, at 1 it keeps the speed at both ends."""


def bridge(points: Floats, there: NDArray[np.bool_], seconds: Floats) -> Floats:
    """Points (S, J, 2) with those of gaps halfway to a cubic Hermite curve between the steps around the gap.

    The two err in different ways: the curve knows nothing of the body, the network is shy of quick motion.

    Args:
        points: of a segment, all joints in all steps.
        there: (S, J), where the joint was given. Gaps at an end of the segment stay as they are.
        seconds: (S,), rising.
    """
    steps = np.arange(len(there))[:, None]
    before = np.maximum.accumulate(np.where(there, steps, -1), axis=0)
    after = np.minimum.accumulate(np.where(there, steps, len(there))[::-1], axis=0)[::-1]
    row, joint = np.nonzero(~there & (before >= 0) & (after < len(there)))
    start, end = before[row, joint], after[row, joint]
    lasts = (seconds[end] - seconds[start])[:, None]
    share = (seconds[row] - seconds[start])[:, None] / lasts
    way = points[end, joint] - points[start, joint]
    earlier = np.searchsorted(seconds, seconds[start] - TANGENT_SECONDS - 1e-9)
    later = np.searchsorted(seconds, seconds[end] + TANGENT_SECONDS + 1e-9, side="right") - 1
    leaving = _speed(points, seconds, joint, earlier, start) * lasts - way
    arriving = _speed(points, seconds, joint, end, later) * lasts - way
    bent = share * (1 - share) * ((1 - share) * _known(leaving) - share * _known(arriving))
    result = points.copy()
    curve = points[start, joint] + share * way + TANGENT_SHARE * bent
    result[row, joint] = (points[row, joint] + curve) / 2
    return result


def _speed(
    points: Floats,
    seconds: Floats,
    joint: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> Floats:
    """Of each joint between two steps, a second; NaN where they are the same."""
    with np.errstate(invalid="ignore"):
        return (points[last, joint] - points[first, joint]) / (seconds[last] - seconds[first])[:, None]


def _known(departure: Floats) -> Floats:
    """No departure from the straight line where there is no speed to go by."""
    return np.nan_to_num(departure, nan=0.0)
