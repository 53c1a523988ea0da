"""What is done to a track before the network sees it, at the clip's own frame rate: sides and jumps.

What no body does is a matter of frames, not of the network's steps: averaged into a step, an exchange or a
jump of one frame would be neither found nor undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corrector.body import person_height
from corrector.configuration import CorrectorConfig
from corrector.jumps import find_jumps
from corrector.sides import exchange, find_exchanges

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Prepared:
    """A track of one person, ready for the network.

    Attributes:
        points: (T, J, 2), pixels, NaN where missing.
        scores: (T, J), 0..1.
        jumped: (T, J): points that were given and are left out.
    """

    points: Floats
    scores: Floats
    jumped: Bools


def prepare(
    points: Floats,
    scores: Floats,
    seconds: Floats,
    *,
    config: CorrectorConfig,
    segments: Sequence[slice],
) -> Prepared:
    """Puts sides right and leaves jumps out, segment by segment, as the ``config`` says.

    Args:
        points: (T, J, 2), pixels, NaN where missing, in the order of the configuration's joints.
        scores: (T, J), 0..1.
        seconds: (T,), rising.
        config: of the network.
        segments: stretches with somebody in them.
    """
    points, scores = points.copy(), scores.copy()
    jumped = np.zeros(scores.shape, dtype=bool)
    for part in segments:
        height = person_height(points[part], config.joints)
        if config.fix_left_right_swaps:
            found = find_exchanges(points[part], seconds[part], config.joints, height=height)
            points[part] = exchange(points[part], found, config.joints)
            scores[part] = exchange(scores[part], found, config.joints)
        if config.leave_out_jumps:
            jumped[part] = find_jumps(points[part], seconds[part], height=height)
    points[jumped], scores[jumped] = np.nan, 0.0
    return Prepared(points, scores, jumped)
