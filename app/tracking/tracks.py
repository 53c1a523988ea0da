"""Tracks as they grow: whose observations are whose, up to the end of the clip."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from app.tracking.observations import Observation

# Of the median score.
AS_USUAL = 0.9
# No batch of frames has more.
LATEST = 64


@dataclass
class Track:
    """Sightings of one person, in the order of time; at least one.

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

    def arrays(self, frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Keypoints (frames, joints, 3) and boxes (frames, 4), NaN where the person is not seen."""
        keypoints = np.full((frames, *self.first.keypoints.shape), np.nan, np.float32)
        looked = np.full((frames, 4), np.nan, np.float32)
        for observation in self.observations:
            keypoints[observation.row], looked[observation.row] = observation.keypoints, observation.box
        return keypoints, looked


class TrackStore:
    """All tracks of a clip.

    Attributes:
        shot: number of the shot that is being written.
    """

    def __init__(self) -> None:
        self.shot = 0
        self._tracks: dict[int, Track] = {}

    def add(self, number: int, observation: Observation) -> None:
        """Writes a observation down."""
        track = self._tracks.setdefault(number, Track(number, self.shot))
        track.observations.append(observation)

    def track(self, number: int) -> Track:
        """The track with that number."""
        return self._tracks[number]

    def begun_in(self, row: int) -> list[Track]:
        """The tracks that begin in a row."""
        return [track for track in self._tracks.values() if track.first.row == row]

    def seen_in(self, row: int) -> list[Observation]:
        """Everybody who is seen in a row, one of the latest."""
        late = [
            observation for track in self._tracks.values() for observation in track.observations[-LATEST:]
        ]
        return [observation for observation in late if observation.row == row]

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
