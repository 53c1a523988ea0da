"""Joins tracks of one person who was gone and came back.

After a short while they are taken up about where they were lost; after longer, only where they left, about
as large and in the same clothes as they were, and if nobody else could be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.tracking.observations import histogram_overlap
from app.tracking.tracks import Track


@dataclass(frozen=True)
class _Return:
    """What a return must be like.

    Attributes:
        seconds: how long it may take.
        reach: how far from the place of leaving, in sizes of the person.
        alike: how alike the colours must be, 0..1.
        grown: largest factor between the sizes.
    """

    seconds: float
    reach: float
    alike: float
    grown: float


RETURNS = (
    _Return(seconds=1.5, reach=0.8, alike=0.55, grown=1.6),
    _Return(seconds=8.0, reach=0.6, alike=0.75, grown=1.35),
)


def link_tracklets(tracks: Sequence[Track]) -> list[Track]:
    """The tracks, those of one person in one; within a shot, in the order they began."""
    chains = [Track(track.number, track.shot, list(track.observations)) for track in tracks]
    while True:
        pairs = [
            (_unlikeness(one, other), i, j)
            for i, one in enumerate(chains)
            for j, other in enumerate(chains)
            if i != j and _may_be(one, other)
        ]
        sole = [(cost, i, j) for cost, i, j in pairs if not _rivalled(i, j, pairs)]
        if not sole:
            return sorted(chains, key=lambda track: (track.first.row, track.number))
        _, i, j = min(sole)
        chains[i].observations += chains[j].observations
        del chains[j]


def _may_be(one: Track, other: Track) -> bool:
    """Whether the second track may be the return of the first one's person."""
    gone = other.first.seconds - one.last.seconds
    if one.shot != other.shot or gone <= 0:
        return False
    size = max(one.last.size, other.first.size)
    away = float(np.linalg.norm(other.first.centre - one.last.centre)) / size
    grown = float(np.exp(abs(np.log(one.last.size / other.first.size))))
    alike = histogram_overlap(one.colours, other.colours)
    return any(
        gone <= rule.seconds and away <= rule.reach and alike >= rule.alike and grown <= rule.grown
        for rule in RETURNS
    )


def _unlikeness(one: Track, other: Track) -> float:
    return (other.first.seconds - one.last.seconds) + 1 - histogram_overlap(one.colours, other.colours)


def _rivalled(i: int, j: int, pairs: Sequence[tuple[float, int, int]]) -> bool:
    """Whether somebody else left or came back who could be meant as well."""
    return any((a == i) != (b == j) for _, a, b in pairs)
