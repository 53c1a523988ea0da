"""Tracks as they grow: whose observations are whose, up to the end of the clip."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from app.tracking.observations import Observation

# Of the median score.
AS_USUAL = 0.9


@dataclass
class Track:
    """Observations of one person, in the order of time; at least one.

    Attributes:
        number: given by the tracker.
        observations: one a frame at most.
        shot: number of the shot, from cut to cut.
    """

    number: int
    shot: int
    observations: list[Observation] = field(default_factory=list)

    @property
    def first(self) -> Observation:
        """The earliest observation."""
        return self.observations[0]

    @property
    def last(self) -> Observation:
        """The latest observation."""
        return self.observations[-1]

    @property
    def seconds(self) -> float:
        """From the first observation to the last."""
        return self.last.seconds - self.first.seconds

    @property
    def colours(self) -> NDArray[np.float32]:
        """Mean of the observations' colours."""
        return np.mean([observation.colours for observation in self.observations], axis=0)

    @property
    def size(self) -> float:
        """Median size, in pixels."""
        return float(np.median([observation.size for observation in self.observations]))

    def arrays(
        self, frames: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None]:
        """Keypoints (frames, joints, 3), boxes (frames, 4) and hypotheses (frames, joints, K, 3) or None.

        NaN where the person is not seen, and where there are fewer hypotheses than K.
        """
        joints = len(self.first.keypoints)
        keypoints = np.full((frames, joints, 3), np.nan, np.float32)
        looked = np.full((frames, 4), np.nan, np.float32)
        most = max((len(o.hypotheses[0]) for o in self.observations if o.hypotheses is not None), default=0)
        places = np.full((frames, joints, most, 3), np.nan, np.float32) if most else None
        for observation in self.observations:
            row = observation.row
            keypoints[row], looked[row] = observation.keypoints, observation.box
            if places is not None and observation.hypotheses is not None:
                places[row, :, : observation.hypotheses.shape[1]] = observation.hypotheses
        return keypoints, looked, places


class TrackStore:
    """All tracks of a clip.

    Attributes:
        shot: number of the shot that is being written.
    """

    def __init__(self) -> None:
        self.shot = 0
        self._tracks: dict[int, Track] = {}
        self._rows: dict[int, list[Observation]] = {}

    def add(self, number: int, observation: Observation) -> None:
        """Writes an observation down, unless the track has one of that frame."""
        track = self._tracks.setdefault(number, Track(number, self.shot))
        at = bisect_left(track.observations, observation.row, key=lambda other: other.row)
        if at == len(track.observations) or track.observations[at].row != observation.row:
            track.observations.insert(at, observation)
            self._rows.setdefault(observation.row, []).append(observation)

    def number_of(self, sought: int, *, since: int) -> int | None:
        """Number of the track that whoever was looked for as ``sought`` got in the rows from ``since`` on."""
        first = min(
            (
                (observation.row, number)
                for number, track in self._tracks.items()
                for observation in takewhile(lambda one: one.row >= since, reversed(track.observations))
                if observation.sought == sought
            ),
            default=None,
        )
        return first and first[1]

    def seen_in(self, row: int) -> list[Observation]:
        """Everybody who is seen in a row."""
        return self._rows.get(row, [])

    def closed(self, *, sure: float) -> list[Track]:
        """The tracks in the order they began, without ends at which nobody was left.

        Args:
            sure: where nothing confirmed somebody any more, poses up to the last look that said so are
                kept if their score is so high, or about what the person's was before.
        """
        tracks = [
            Track(track.number, track.shot, kept)
            for track in self._tracks.values()
            if (kept := _vouched_for(track.observations, sure))
        ]
        return sorted(tracks, key=lambda track: (track.first.row, track.number))


def _vouched_for(observations: list[Observation], sure: float) -> list[Observation]:
    confirmed = [i for i, observation in enumerate(observations) if observation.confirmed]
    if not confirmed:
        return []
    rest = observations[confirmed[-1] + 1 :]
    if all(observation.confirmed is None for observation in rest):
        return observations
    usual = AS_USUAL * float(np.median([observations[i].score for i in confirmed]))
    kept = takewhile(lambda one: one.confirmed is None and one.score >= min(sure, usual), rest)
    return observations[: confirmed[-1] + 1] + list(kept)
