"""Which of the people found are meant: ``--people``, ``--person`` and ``--min-track``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.errors import PosefixError
from app.tracking.linking import link_tracklets
from app.tracking.prominence import prominence
from app.tracking.settings import TrackingSettings
from app.tracking.tracks import Track, TrackStore
from estimators import boxes
from estimators.boxes import Boxes

MOST_FOLLOWED = 12
RIVALS = 2  # followed beside those who are wanted: who is most prominent shows in the end


@dataclass(frozen=True)
class PeopleSelection:
    """Who is meant.

    Attributes:
        count: the so many most prominent of each shot; None: all.
        person: the one with this id among all, instead.
        min_seconds: who is in view for less is left out.
    """

    count: int | None = 1
    person: int | None = None
    min_seconds: float = 0.5

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise ValueError(f"Invalid people ({self.count}). Supported values are one, all and 1, 2, ...")
        if self.person is not None and self.person < 0:
            raise ValueError(f"Invalid person ({self.person}). Ids begin at 0.")
        if not 0 <= self.min_seconds < float("inf"):
            raise ValueError(f"Invalid min_seconds ({self.min_seconds}). A number from 0 up is wanted.")

    @classmethod
    def parse(cls, text: str, *, person: int | None = None, min_seconds: float = 0.5) -> PeopleSelection:
        """From ``one``, ``all`` or a number.

        Raises:
            ValueError: it is none of them.
        """
        if text not in ("one", "all") and not (text.isdecimal() and int(text) > 0):
            raise ValueError(f"Invalid people ({text}). Supported values are one, all and 1, 2, ...")
        count = {"one": 1, "all": None}.get(text, int(text) if text.isdecimal() else None)
        return cls(count=count, person=person, min_seconds=min_seconds)

    @property
    def followed(self) -> int:
        """How many to follow at once."""
        if self.count is None or self.person is not None:
            return MOST_FOLLOWED
        return self.count + RIVALS

    @property
    def options(self) -> dict[str, Any]:
        """As plain values by name, for the record."""
        return {
            "people": "all" if self.count is None else self.count,
            "person": self.person,
            "min_track": self.min_seconds,
        }

    @property
    def several(self) -> bool:
        """Whether more than one may be shown at once."""
        return self.person is None and self.count != 1


@dataclass(frozen=True)
class SelectedPerson:
    """A person to show.

    Attributes:
        id: among all people of the clip, by when they first appear.
        track: all their observations.
        prominence: see :func:`app.tracking.prominence.prominence`.
    """

    id: int
    track: Track
    prominence: float


def select_people(
    store: TrackStore,
    people: PeopleSelection,
    *,
    frame_size: tuple[int, int],
    clip_seconds: float,
    first_box: Boxes | None = None,
) -> list[SelectedPerson]:
    """Those who are meant, the most prominent first.

    Args:
        store: of the whole clip.
        people: who is meant.
        frame_size: width and height, in pixels.
        clip_seconds: in a short clip a short track is enough.
        first_box: of a person in the first frame, who comes before all others.

    Raises:
        PosefixError: nobody has the id that is wanted.
    """
    least = min(people.min_seconds, clip_seconds / 2)
    tracks = [
        track
        for track in link_tracklets(store.closed(sure=TrackingSettings().found_score))
        if track.seconds >= least
    ]
    everybody = [
        SelectedPerson(number, track, prominence(track, frame_size=frame_size))
        for number, track in enumerate(tracks)
    ]
    if people.person is not None:
        if people.person >= len(everybody):
            last = len(everybody) - 1
            ids = "nobody was found" if last < 0 else f"ids are 0 to {last}" if last else "the only id is 0"
            raise PosefixError(f"no person with id {people.person}: {ids}. --people all shows them.")
        return [everybody[people.person]]
    ranked = sorted(everybody, key=lambda chosen: -_rank(chosen, first_box))
    if people.count is None:
        return ranked
    shots = {chosen.track.shot for chosen in ranked}
    kept = [[c for c in ranked if c.track.shot == shot][: people.count] for shot in sorted(shots)]
    return sorted((chosen for shot in kept for chosen in shot), key=lambda chosen: -_rank(chosen, first_box))


def _rank(chosen: SelectedPerson, first_box: Boxes | None) -> float:
    first = chosen.track.first
    meant = first_box is not None and first.row == 0 and boxes.overlap(first.box, first_box) > 0.3
    return float("inf") if meant else chosen.prominence
