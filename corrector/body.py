"""How tall a person is, from the joints, however the body is turned in the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

# Limbs as shares of a person's height: medians over real clips, each at its 80th percentile over time.
_SEGMENTS = (
    ("shoulder", "hip", 0.34),
    ("hip", "knee", 0.25),
    ("knee", "ankle", 0.25),
    ("shoulder", "elbow", 0.19),
    ("elbow", "wrist", 0.16),
)
STRETCHED = 80
"""Percentile of a limb's length in the picture that stands for its own: it is often foreshortened."""
SMALLEST = 4.0
"""Pixels. A person is taken to be at least this tall, where there is too little to measure by."""


def person_height(points: Floats, joints: Sequence[str]) -> float:
    """Height in pixels of a person standing upright, from points (T, J, 2), NaN where missing.

    The median of what each kind of limb says. Exchanged sides hardly change it, turning the picture does not.
    """
    heights = []
    for inner, outer, share in _SEGMENTS:
        names = [(f"{side}_{inner}", f"{side}_{outer}") for side in ("left", "right")]
        known = [(joints.index(a), joints.index(b)) for a, b in names if a in joints and b in joints]
        lengths = [np.linalg.norm(points[:, a] - points[:, b], axis=1) for a, b in known]
        seen = np.concatenate(lengths) if lengths else np.empty(0)
        seen = seen[np.isfinite(seen)]
        if len(seen):
            heights.append(float(np.percentile(seen, STRETCHED)) / share)
    if heights:
        return max(SMALLEST, float(np.median(heights)))
    whole = points[np.isfinite(points[..., 0])]
    spread = float(np.linalg.norm(whole - np.median(whole, axis=0), axis=1).max()) if len(whole) else 0.0
    return max(SMALLEST, 2 * spread)
