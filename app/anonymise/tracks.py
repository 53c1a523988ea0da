"""Heads through time: sightings linked, gaps bridged, ends held."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.anonymise.search import Sighting

Floats = NDArray[np.floating]

# A head that is gone for no longer is taken to be on its way from where it was lost to where it came back.
GAP_SECONDS = 1.0
# So far, in radii, a head gets on in a second beyond what its speed says, and to begin with.
STRAY, NEAR = 6.0, 1.0
# Before the first and after the last frame with it, a head goes on as it did, and may be ever farther away:
# so many radii more after a second.
HOLD_SECONDS, GROWTH = 0.7, 2.0
# The speed at an end is that of so many seconds.
SPEED_SECONDS = 0.3
# A head is taken to be as large as it was seen to be within so many seconds.
SIZE_SECONDS = 0.5
# In a gap, the circle is larger by so much in the middle.
GAP_GROWTH = 0.5


def link(sightings: Sequence[Sighting], times: Floats, *, cuts: Sequence[int]) -> list[Floats]:
    """Tracks (N, 4) of row, x, y and radius: each sighting goes on with the nearest head that can be it.

    Args:
        sightings: in order.
        times: (T,): seconds of each row.
        cuts: rows with which a new shot begins; nothing is linked across.
    """
    done: list[list[Floats]] = []
    active: list[list[Floats]] = []
    for sighting in sightings:
        alive: list[list[Floats]] = []
        for track in active:
            over = times[sighting.row] - times[int(track[-1][0])] > GAP_SECONDS or _parted(
                int(track[-1][0]), sighting.row, cuts
            )
            (done if over else alive).append(track)
        active = alive
        _extend(active, sighting, times)
    return [_widened(np.stack(track), times) for track in done + active]


def _widened(track: Floats, times: Floats) -> Floats:
    """The track with the largest radius around each sighting: a head that is bent looks small."""
    seconds = times[track[:, 0].astype(np.int64)]
    near = np.abs(seconds[:, None] - seconds) <= SIZE_SECONDS
    wide = track.copy()
    wide[:, 3] = np.where(near, track[:, 3], 0.0).max(axis=1)
    return wide


def _extend(active: list[list[Floats]], sighting: Sighting, times: Floats) -> None:
    """Adds each circle to the track it fits best, or starts one."""
    fits = sorted(
        (misfit, number, index)
        for number, track in enumerate(active)
        for index, circle in enumerate(sighting.circles)
        if (misfit := _misfit(track, sighting.row, circle, times)) <= 1
    )
    taken, used = set(), set()
    for _, number, index in fits:
        if number not in taken and index not in used:
            active[number].append(np.array([sighting.row, *sighting.circles[index]]))
            taken.add(number)
            used.add(index)
    for index, circle in enumerate(sighting.circles):
        if index not in used:
            active.append([np.array([sighting.row, *circle])])


def _misfit(track: list[Floats], row: int, circle: Floats, times: Floats) -> float:
    """Distance from where the track's head is expected, 1 being the farthest that it may be."""
    last = track[-1]
    gone = float(times[row] - times[int(last[0])])
    recent = np.stack(track[-4:])
    expected = last[1:3] + _speed(recent[:, 0].astype(int), recent[:, 1:3], times) * gone
    reach = (NEAR + STRAY * gone) * max(last[3], circle[2])
    return float(np.hypot(*(circle[:2] - expected))) / reach


def _speed(rows: NDArray[np.int64], places: Floats, times: Floats) -> Floats:
    """x, y in pixels a second; 0 of fewer than three places."""
    if len(rows) < 3:
        return np.zeros(2)
    return np.polyfit(times[rows] - times[rows[-1]], places, 1)[0]


def _parted(row: int, later: int, cuts: Sequence[int]) -> bool:
    return any(row < cut <= later for cut in cuts)


def runs(track: Floats, times: Floats) -> list[Floats]:
    """The parts (N, 4) of a track between gaps that are too long to be bridged."""
    gaps = np.diff(times[track[:, 0].astype(np.int64)])
    return np.split(track, np.flatnonzero(gaps > GAP_SECONDS) + 1)


def held(track: Floats, times: Floats, *, cuts: Sequence[int] = ()) -> tuple[int, Floats]:
    """First row and circles (N, 3) of every row of a track, with gaps bridged and both ends held.

    Args:
        track: (N, 4): rising rows, x, y, radius.
        times: (T,): seconds of each row.
        cuts: rows with which a new shot begins; nothing is held across.
    """
    rows = track[:, 0].astype(np.int64)
    edges = [0, *cuts, len(times)]
    begin = max(edge for edge in edges if edge <= rows[0])
    stop = min(edge for edge in edges if edge > rows[-1])
    first = max(begin, int(np.searchsorted(times, times[rows[0]] - HOLD_SECONDS)))
    last = min(stop, int(np.searchsorted(times, times[rows[-1]] + HOLD_SECONDS, side="right")))
    circles = np.full((last - first, 3), np.nan)
    inside = np.arange(rows[0], rows[-1] + 1)
    for axis in range(3):
        circles[inside - first, axis] = np.interp(times[inside], times[rows], track[:, 1 + axis])
    for a, b in pairwise(rows.tolist()):
        between = np.arange(a + 1, b)
        part = (times[between] - times[a]) / (times[b] - times[a])
        wide = 1 + GAP_GROWTH * (times[b] - times[a]) / GAP_SECONDS * 4 * part * (1 - part)
        circles[between - first, 2] *= wide
    for ahead, end in ((np.arange(rows[-1] + 1, last), rows[-1]), (np.arange(first, rows[0]), rows[0])):
        near = np.abs(times[rows] - times[end]) <= SPEED_SECONDS
        order = near.nonzero()[0] if end == rows[-1] else near.nonzero()[0][::-1]
        speed = _speed(rows[order], track[order, 1:3], times)
        gone = times[ahead] - times[end]
        start = circles[end - first]
        circles[ahead - first, :2] = start[:2] + speed * gone[:, None]
        circles[ahead - first, 2] = start[2] * (1 + GROWTH * np.abs(gone))
    return first, circles
