"""Tracks as they grow: whose sightings are whose, up to the end of the clip."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from app.tracking.observations import Sighting

# Of the median score.
AS_USUAL = 0.9
# No batch of frames has more.
LATEST = 64


@dataclass
class Track:
    """Sightings of one person, in the order of time; at least one.

    Attributes:
        number: given by the tracker.
        sightings: one a frame at most.
        shot: number of the shot, from cut to cut.
    """

    number: int
    shot: int
    sightings: list[Sighting] = field(default_factory=list)

    @property
    def first(self) -> Sighting:
        """The earliest sighting."""
        return self.sightings[0]

    @property
    def last(self) -> Sighting:
        """The latest sighting."""
        return self.sightings[-1]

    @property
    def seconds(self) -> float:
        """From the first sighting to the last."""
        return self.last.seconds - self.first.seconds

    @property
    def colours(self) -> NDArray[np.float32]:
        """Mean of the sightings' colours."""
        return np.mean([sighting.colours for sighting in self.sightings], axis=0)

    @property
    def size(self) -> float:
        """Median size, in pixels."""
        return float(np.median([sighting.size for sighting in self.sightings]))

    def arrays(self, frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Keypoints (frames, joints, 3) and boxes (frames, 4), NaN where the person is not seen."""
        keypoints = np.full((frames, *self.first.keypoints.shape), np.nan, np.float32)
        looked = np.full((frames, 4), np.nan, np.float32)
        for sighting in self.sightings:
            keypoints[sighting.row], looked[sighting.row] = sighting.keypoints, sighting.box
        return keypoints, looked


class TrackBook:
    """All tracks of a clip.

    Attributes:
        shot: number of the shot that is being written.
    """

    def __init__(self) -> None:
        self.shot = 0
        self._tracks: dict[int, Track] = {}

    def add(self, number: int, sighting: Sighting) -> None:
        """Writes a sighting down."""
        track = self._tracks.setdefault(number, Track(number, self.shot))
        track.sightings.append(sighting)

    def track(self, number: int) -> Track:
        """The track with that number."""
        return self._tracks[number]

    def begun_in(self, row: int) -> list[Track]:
        """The tracks that begin in a row."""
        return [track for track in self._tracks.values() if track.first.row == row]

    def seen_in(self, row: int) -> list[Sighting]:
        """Everybody who is seen in a row, one of the latest."""
        late = [sighting for track in self._tracks.values() for sighting in track.sightings[-LATEST:]]
        return [sighting for sighting in late if sighting.row == row]

    def closed(self, *, sure: float) -> list[Track]:
        """The tracks in the order they began, without ends at which nobody was left.

        Args:
            sure: where nothing vouched for somebody any more, poses up to the last look that said so are
                kept if their score is so high, or about what the person's was before.
        """
        tracks = [
            Track(track.number, track.shot, kept)
            for track in self._tracks.values()
            if (kept := _vouched_for(track.sightings, sure))
        ]
        return sorted(tracks, key=lambda track: (track.first.row, track.number))


def _vouched_for(sightings: list[Sighting], sure: float) -> list[Sighting]:
    vouched = [i for i, sighting in enumerate(sightings) if sighting.vouched]
    if not vouched:
        return []
    rest = sightings[vouched[-1] + 1 :]
    if all(sighting.vouched is None for sighting in rest):
        return sightings
    usual = AS_USUAL * float(np.median([sightings[i].score for i in vouched]))
    kept = takewhile(lambda one: one.vouched is None and one.score >= min(sure, usual), rest)
    return sightings[: vouched[-1] + 1] + list(kept)
