"""Who is followed at the moment: whose observations are whose, who is confirmed, and who is given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.tracking.association import Associator
from app.tracking.box_tracks import BoxTrack
from app.tracking.crops import CropEstimator
from app.tracking.observations import GIVEN, Observation, pose_nms
from app.tracking.regions import Region
from app.tracking.settings import DETECTION_PAD, TrackingSettings
from app.tracking.tracks import TrackStore
from app.tracking.windows import Window
from estimators import boxes
from estimators.detectors import Detections

STILL = np.zeros(2)


@dataclass(frozen=True)
class _Followed:
    """Somebody who is looked for.

    Attributes:
        region: around the last joints.
        last: the last observation.
        since: when they were first seen.
        confirmed_at: when more than the pose alone last said that they are there.
        refused: how many looks of the detector since then did not.
        trusted: at the user's word, whatever the detector says.
    """

    region: Region
    last: Observation
    since: float
    confirmed_at: float
    refused: int = 0
    trusted: bool = False


class FollowedPeople:
    """Those who are looked for in the next window, and the tracks that they leave.

    Args:
        frame_size: width and height, in pixels.
        fps: frames a second.
        crops: says which region a pose asks for.
        settings: thresholds.

    Attributes:
        store: all tracks up to here.
    """

    def __init__(
        self, *, frame_size: tuple[int, int], fps: float, crops: CropEstimator, settings: TrackingSettings
    ) -> None:
        self._crops, self._settings, self._frame_seconds = crops, settings, 1 / fps
        self._associator = Associator(
            frame_size=frame_size, max_age_frames=round(settings.max_age_seconds * fps)
        )
        self._people: dict[int, _Followed] = {}
        self.store = TrackStore()

    def __len__(self) -> int:
        return len(self._people)

    def begin_shot(self, shot: int) -> None:
        """Forgets everybody, as after a cut."""
        self._associator.end_all()
        self._people.clear()
        self.store.shot = shot

    def unseen_at(self, row: int) -> bool:
        """Whether somebody was not seen in a row."""
        return any(person.last.row < row for person in self._people.values())

    def away(self, number: int, row: int) -> bool:
        """Whether somebody who is followed was not seen in the row before."""
        return number in self._people and self._people[number].last.row < row - 1

    def is_sure(self, number: int) -> bool:
        """Whether somebody has been followed for a while, and more than their pose said so."""
        person = self._people.get(number)
        if person is None:
            return False
        followed = min(person.last.seconds, person.confirmed_at) - person.since
        return person.trusted or followed >= self._settings.sure_seconds

    def trusts(self, number: int) -> bool:
        """Whether the user said that somebody is there."""
        return number == GIVEN or (number in self._people and self._people[number].trusted)

    def box_tracks(self, window: Window, row: int) -> dict[int, BoxTrack]:
        """Where everybody should be in a row that was worked on, for going on from there."""
        moves = self._associator.velocities()
        tracks = {}
        for number, person in self._people.items():
            move = moves.get(number, STILL)
            way = (row - person.last.row) * move
            region = person.region.moved(way)
            tracks[number] = BoxTrack(
                row=row,
                region=region,
                velocity=move,
                unseen=window[row].seconds - person.last.seconds,
                centre=person.last.centre + way,
                anchors={row: region},
                sure=self.is_sure(number),
            )
        return tracks

    def register(self, seen: Sequence[Observation], found: Detections | None) -> None:
        """Writes down the observations of one frame; boxes that a detector found in it confirm some."""
        if found is not None:
            seen = [s if s.confirmed else replace(s, confirmed=self._confirms(found, s)) for s in seen]
        for number, observation in zip(self._associator.update(seen), seen, strict=True):
            self.store.add(number, observation)
            before = self._people.get(number)
            last = None if before is None else before.region
            region = self._crops.around(observation.keypoints, angle=observation.angle, last=last)
            if region is None:
                continue
            if before is None:
                trusted = observation.sought == GIVEN
                now = observation.seconds
                self._people[number] = _Followed(region, observation, now, now, trusted=trusted)
                continue
            person = replace(before, region=region, last=observation)
            if observation.confirmed:
                person = replace(person, confirmed_at=observation.seconds, refused=0)
            else:
                person = replace(person, refused=person.refused + (observation.confirmed is False))
            trusted = person.trusted or observation.sought == GIVEN
            self._people[number] = replace(person, trusted=trusted)

    def add_earlier(self, observations: Sequence[Observation], *, since: int) -> None:
        """Adds what was seen of somebody new in frames before row ``since``, from the latest back."""
        number = self.store.number_of(observations[0].sought, since=since) if observations else None
        if number is None:
            return
        for observation in observations:
            beside = [*self.store.seen_in(observation.row), observation]
            if len(pose_nms(beside, apart=self._settings.same_pose)) < len(beside):
                return
            self.store.add(number, observation)

    def let_go(self, seconds: float, displaced: Mapping[int, int]) -> bool:
        """Forgets who is out of sight or in doubt for too long; says whether there was somebody like that.

        Args:
            seconds: now.
            displaced: rows from which on somebody else was followed in place of a number.
        """
        settings, gone = self._settings, False
        for number, person in list(self._people.items()):
            sure = self.is_sure(number)
            doubt = settings.sure_unconfirmed_seconds if sure else settings.unconfirmed_seconds
            patience = settings.hold_seconds if sure else settings.coast_seconds
            refused = not person.trusted and person.refused >= settings.refusals
            unconfirmed = refused and seconds - person.confirmed_at > doubt
            unseen = seconds - person.last.seconds > patience + self._frame_seconds / 2
            gone |= unconfirmed or unseen
            if unconfirmed or unseen or person.last.row < displaced.get(number, 0):
                del self._people[number]
        return gone

    def _confirms(self, found: Detections, observation: Observation) -> bool:
        settings = self._settings
        around = boxes.around(observation.keypoints, min_score=settings.joint_score, pad=DETECTION_PAD)
        return around is not None and any(
            score >= settings.confirm_score
            and score + observation.score >= settings.confirm_sum
            and boxes.overlap(around, box) >= settings.confirm_iou
            for box, score in zip(found.boxes, found.scores, strict=True)
        )
