"""Whom a user means: the large, the central, those who stay long, and who move."""

from __future__ import annotations

import numpy as np

from app.tracking.tracks import Track
from estimators.boxes import Boxes

ASIDE = 0.5  # what somebody in a corner of the frame counts
MOVING = 1.0  # what is added for somebody who gets about by their own size


def standing_out(box: Boxes, frame_size: tuple[int, int]) -> float:
    """How much a box catches the eye in one frame, 0..1.

    Args:
        box: x1, y1, x2, y2.
        frame_size: width and height.
    """
    size = np.array(frame_size, float)
    inside = np.clip(box, 0, np.tile(size, 2))
    extent = (inside[2:] - inside[:2]).max() / size.max()
    away = np.linalg.norm((inside[:2] + inside[2:]) / size - 1) / np.sqrt(2)
    return float(extent * (1 - (1 - ASIDE) * away))


def prominence(track: Track, *, frame_size: tuple[int, int]) -> float:
    """How much a track catches the eye over all its observations."""
    shown = sum(
        observation.score * standing_out(observation.outline, frame_size)
        for observation in track.observations
    )
    centres = np.array([observation.centre for observation in track.observations])
    reach = float(np.linalg.norm(np.percentile(centres, 95, axis=0) - np.percentile(centres, 5, axis=0)))
    return shown * (1 + MOVING * min(1.0, reach / track.size))
