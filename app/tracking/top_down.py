"""Follows people through a clip, batch by batch: where they were tells where to look next.

A finder says now and then who is in the picture; in between, each person is looked for in the box around
their last joints, moved on as they move. :class:`app.tracking.association.Identities` says who is who.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.tracking.association import Identities
from app.tracking.crops import Look, Looker, Measure
from app.tracking.detection import FINDERS_PAD, Scout
from app.tracking.observations import Sighting, clothes, core_joints, without_doubles
from app.tracking.settings import FollowSettings
from app.tracking.tracks import TrackBook
from app.video.types import FrameBatch
from estimators import Estimator, boxes
from estimators.boxes import Boxes
from estimators.detectors import Finder, Found

# Numbers of those looked for who have none yet.
GIVEN, NEW = -1, -2


@dataclass(frozen=True)
class _Followed:
    """Somebody who is looked for in every frame.

    Attributes:
        box: around the last joints.
        last: the last sighting.
        vouched_at: when more than the pose alone last said that they are there.
        refused: how many looks of the finder since then did not.
    """

    box: Boxes
    last: Sighting
    vouched_at: float
    refused: int


class Follower:
    """Follows people with an estimator that is told where to look.

    Args:
        estimator: gives the joints.
        finder: gives boxes in whole frames.
        frame_size: width and height, in pixels.
        fps: frames a second.
        most: so many are followed at once, the most prominent.
        measure: times the work as ``find`` and ``estimate``.
        first_box: x1, y1, x2, y2 of a person in the first frame, who is taken at the user's word.
        settings: thresholds.
    """

    def __init__(
        self,
        estimator: Estimator,
        finder: Finder,
        *,
        frame_size: tuple[int, int],
        fps: float,
        most: int,
        measure: Measure,
        first_box: Boxes | None = None,
        settings: FollowSettings | None = None,
    ) -> None:
        self._settings = settings = settings or FollowSettings()
        self._looker = Looker(estimator, settings=settings, measure=measure)
        self._scout = Scout(finder, self._looker, fps=fps, settings=settings, measure=measure)
        self._identities = Identities(
            frame_size=frame_size, patience_frames=round(settings.patience_seconds * fps)
        )
        self._core = core_joints(estimator.skeleton.joints)
        self._frame_size, self._most, self._frame_seconds = frame_size, most, 1 / fps
        self._given = first_box
        self._trusted: set[int] = {GIVEN}
        self._people: dict[int, _Followed] = {}
        self._rows = 0
        self._shots: Sequence[int] = ()
        self.book = TrackBook()

    def follow(self, batch: FrameBatch, shots: Sequence[int]) -> None:
        """Goes on through the next batch.

        Args:
            batch: the frames that follow on the last batch's.
            shots: number of each frame's shot.
        """
        self._shots = shots
        at = 0
        while at < len(batch):
            if shots[at] != self.book.shot:
                self._identities.end_all()
                self._people.clear()
                self._scout.hurry()
                self.book.shot = shots[at]
            stop = self._chunk_end(batch, at, shots)
            self._follow_chunk(batch, at, stop)
            at = stop
        self._rows += len(batch)

    def _chunk_end(self, batch: FrameBatch, at: int, shots: Sequence[int]) -> int:
        """The frame up to which the boxes reach that are known at frame ``at``."""
        times, stop = batch.pts_seconds, at + 1
        empty = not self._people and self._given is None
        reach = self._settings.empty_seconds if empty else self._settings.chunk_seconds
        while stop < len(batch) and shots[stop] == shots[at] and times[stop] - times[at] < reach:
            stop += 1
        return stop

    def _follow_chunk(self, batch: FrameBatch, at: int, stop: int) -> None:
        missing = any(self._is_missing(person, self._rows + at) for person in self._people.values())
        found = self._scout.look(batch, at, people=bool(self._people), missing=missing)
        places = self._places(batch, at, found)
        moves = self._identities.velocities()
        wanted = [
            (row, number, boxes.moved(box, (row - at) * moves.get(number, np.zeros(2))))
            for row in range(at, stop)
            for number, box in places.items()
        ]
        looks = self._looker.look(batch, [(row, box) for row, _, box in wanted])
        for row in range(at, stop):
            seen = [
                self._sighting(batch, row, number, look)
                for (where, number, _), look in zip(wanted, looks, strict=True)
                if where == row and self._is_somebody(self._rows + row, number, look)
            ]
            self._register(
                without_doubles(seen, apart=self._settings.same_pose), found if row == at else None
            )
        self._look_back(batch, at)
        self._let_go(float(batch.pts_seconds[stop - 1]))

    def _look_back(self, batch: FrameBatch, at: int) -> None:
        """Follows those who were first seen in frame ``at`` back through the batch, to when they came."""
        now = self._rows + at
        for track in self.book.begun_in(now):
            box: Boxes | None = self._looker.box_around(track.first.keypoints)
            for row in range(at - 1, -1, -1):
                if box is None or self._shots[row] != track.shot:
                    break
                (look,) = self._looker.look(batch, [(row, box)])
                if look.score < self._settings.back_score:
                    break
                sighting = self._sighting(batch, row, track.number, look)
                beside = [*self.book.seen_in(self._rows + row), sighting]
                if len(without_doubles(beside, apart=self._settings.same_pose)) < len(beside):
                    break
                track.sightings.insert(0, sighting)
                box = self._looker.box_around(look.keypoints, last=look.box)

    def _places(self, batch: FrameBatch, at: int, found: Found | None) -> dict[int, Boxes]:
        """Where to look from frame ``at`` on, by the number of who is looked for."""
        known = {number: person.box for number, person in self._people.items()}
        if self._given is not None:
            known[GIVEN] = self._given
            self._given = None
        if found is None:
            return known
        newcomers = self._scout.newcomers(batch, at, found, list(known.values()))
        taken, gone = self._scout.make_room(newcomers, known, most=self._most, frame_size=self._frame_size)
        for number in gone:
            del known[number]
            self._people.pop(number, None)
        return known | {NEW - i: box for i, box in enumerate(taken)}

    def _is_somebody(self, row: int, number: int, look: Look) -> bool:
        """Whether a look shows the person; after a frame without them it takes more."""
        person = self._people.get(number)
        away = person is not None and person.last.row < row - 1
        least = self._settings.found_score if away else self._settings.lost_score
        return look.score >= least and self._looker.box_around(look.keypoints) is not None

    def _sighting(self, batch: FrameBatch, row: int, number: int, look: Look) -> Sighting:
        sure = look.score >= self._settings.sure_score
        return Sighting(
            row=self._rows + row,
            seconds=float(batch.pts_seconds[row]),
            keypoints=look.keypoints,
            box=look.box,
            score=look.score,
            core=self._core,
            colours=clothes(batch.frames[row], look.keypoints, self._core),
            vouched=True if sure or number <= NEW or number in self._trusted else None,
            sought=number,
        )

    def _register(self, seen: list[Sighting], found: Found | None) -> None:
        """Writes down the sightings of one frame; a finder's boxes vouch for some."""
        if found is not None:
            seen = [s if s.vouched else replace(s, vouched=self._vouches(found, s)) for s in seen]
        for number, sighting in zip(self._identities.update(seen), seen, strict=True):
            self.book.add(number, sighting)
            if sighting.sought == GIVEN:
                self._trusted.add(number)
            before = self._people.get(number)
            box = self._looker.box_around(sighting.keypoints, last=before.box if before else None)
            if box is not None:
                if before is None or sighting.vouched:
                    self._people[number] = _Followed(box, sighting, sighting.seconds, refused=0)
                else:
                    refused = before.refused + (sighting.vouched is False)
                    self._people[number] = replace(before, box=box, last=sighting, refused=refused)

    def _vouches(self, found: Found, sighting: Sighting) -> bool:
        settings = self._settings
        around = boxes.around(sighting.keypoints, min_score=settings.joint_score, pad=FINDERS_PAD)
        return around is not None and any(
            score >= settings.vouch_score
            and score + sighting.score >= settings.vouch_sum
            and boxes.overlap(around, box) >= settings.vouch_overlap
            for box, score in zip(found.boxes, found.scores, strict=True)
        )

    def _is_missing(self, person: _Followed, row: int) -> bool:
        return person.last.row < row - 1

    def _let_go(self, seconds: float) -> None:
        """Forgets those who are out of sight or in doubt for too long."""
        settings = self._settings
        for number, person in list(self._people.items()):
            unseen = seconds - person.last.seconds
            doubted = (
                number not in self._trusted
                and person.refused >= settings.refusals
                and seconds - person.vouched_at > settings.doubt_seconds
            )
            if doubted or unseen > settings.coast_seconds + self._frame_seconds / 2:
                del self._people[number]
                self._scout.hurry()
