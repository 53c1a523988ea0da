"""A filter for joints that the corrector does not know: fingers, faces, toes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from app.pipeline import stretches
from app.result import Person, Result

WINDOW_SECONDS = 0.3
SMALLEST_WINDOW = 5
DEGREE = 2


def smooth_others(result: Result) -> Result:
    """Smooths, in corrected people, each joint of which the corrector has no error to expect.

    Savitzky and Golay's filter (1964) of degree 2 over 0.3 s, between gaps and cuts. What is missing stays.
    Shorter stretches than a window are left alone. The joints are marked in ``Person.filtered``.
    """
    steps = np.diff(result.pts_seconds)
    usual = float(np.median(steps)) if len(steps) else 1.0
    window = max(SMALLEST_WINDOW, int(WINDOW_SECONDS / usual) // 2 * 2 + 1)
    people = tuple(_smoothed(person, result.cuts, window) for person in result.people)
    return replace(result, people=people)


def _smoothed(person: Person, cuts: tuple[int, ...], window: int) -> Person:
    if person.corrected is None or person.error_px is None:
        return person
    corrected = person.corrected.copy()
    filtered = np.zeros(corrected.shape[:2], bool)
    parts = stretches(person, cuts=cuts)
    for joint in np.flatnonzero(~np.isfinite(person.error_px).any(axis=0)).tolist():
        there = np.asarray(np.isfinite(corrected[:, joint]).all(axis=1))
        for rows in (rows for part in parts for rows in _runs(there, part) if len(rows) >= window):
            corrected[rows, joint] = savgol_filter(corrected[rows, joint], window, DEGREE, axis=0)
            filtered[rows, joint] = True
    return replace(person, corrected=corrected, filtered=filtered)


def _runs(there: NDArray[np.bool_], part: slice) -> list[NDArray[np.int64]]:
    """Rows of a part that follow each other without a gap."""
    rows = np.flatnonzero(there[part]) + part.start
    return np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
