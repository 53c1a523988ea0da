"""Follows people through a clip, batch by batch: where they were tells where to look next.

A detector says now and then who is in the picture; in between, each person is looked for in the box around
their last joints, moved on as they move. :class:`app.tracking.association.Associator` says who is who.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.tracking.association import Associator
from app.tracking.crops import CropEstimate, CropEstimator, Measure
from app.tracking.detection import DETECTION_PAD, DetectionScheduler
from app.tracking.observations import Observation, colour_histogram, core_joints, pose_nms
from app.tracking.settings import TrackingSettings
from app.tracking.tracks import TrackStore
from app.video.types import FrameBatch
from estimators import Estimator, boxes
from estimators.boxes import Boxes
from estimators.detectors import Detections, Detector

# Numbers of those looked for who have none yet.
GIVEN, NEW = -1, -2


@dataclass(frozen=True)
class _Followed:
    """Somebody who is looked for in every frame.

    Attributes:
        box: around the last joints.
        last: the last observation.
        confirmed_at: when more than the pose alone last said that they are there.
        refused: how many looks of the detector since then did not.
    """

    box: Boxes
    last: Observation
    confirmed_at: float
    refused: int


class TopDownTracker:
    """Follows people with an estimator that is told where to look.

    Args:
        estimator: gives the joints.
        detector: gives boxes in whole frames.
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
        detector: Detector,
        *,
        frame_size: tuple[int, int],
        fps: float,
        most: int,
        measure: Measure,
        first_box: Boxes | None = None,
        settings: TrackingSettings | None = None,
    ) -> None:
        self._settings = settings = settings or TrackingSettings()
        self._crops = CropEstimator(estimator, settings=settings, measure=measure)
        self._scheduler = DetectionScheduler(
            detector, self._crops, fps=fps, settings=settings, measure=measure
        )
        self._associator = Associator(
            frame_size=frame_size, max_age_frames=round(settings.max_age_seconds * fps)
        )
        self._core = core_joints(estimator.skeleton.joints)
        self._frame_size, self._most, self._frame_seconds = frame_size, most, 1 / fps
        self._given = first_box
        self._trusted: set[int] = {GIVEN}
        self._people: dict[int, _Followed] = {}
        self._rows = 0
        self._shots: Sequence[int] = ()
        self.store = TrackStore()

    def follow(self, batch: FrameBatch, shots: Sequence[int]) -> None:
        """Goes on through the next batch.

        Args:
            batch: the frames that follow on the last batch's.
            shots: number of each frame's shot.
        """
        self._shots = shots
        at = 0
        while at < len(batch):
            if shots[at] != self.store.shot:
                self._associator.end_all()
                self._people.clear()
                self._scheduler.hurry()
                self.store.shot = shots[at]
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
        found = self._scheduler.look(batch, at, people=bool(self._people), missing=missing)
        places = self._places(batch, at, found)
        moves = self._associator.velocities()
        wanted = [
            (row, number, boxes.moved(box, (row - at) * moves.get(number, np.zeros(2))))
            for row in range(at, stop)
            for number, box in places.items()
        ]
        looks = self._crops.look(batch, [(row, box) for row, _, box in wanted])
        for row in range(at, stop):
            seen = [
                self._observation(batch, row, number, look)
                for (where, number, _), look in zip(wanted, looks, strict=True)
                if where == row and self._is_somebody(self._rows + row, number, look)
            ]
            self._register(pose_nms(seen, apart=self._settings.same_pose), found if row == at else None)
        self._look_back(batch, at)
        self._let_go(float(batch.pts_seconds[stop - 1]))

    def _look_back(self, batch: FrameBatch, at: int) -> None:
        """Follows those who were first seen in frame ``at`` back through the batch, to when they came."""
        now = self._rows + at
        for track in self.store.begun_in(now):
            box: Boxes | None = self._crops.box_around(track.first.keypoints)
            for row in range(at - 1, -1, -1):
                if box is None or self._shots[row] != track.shot:
                    break
                (look,) = self._crops.look(batch, [(row, box)])
                if look.score < self._settings.back_score:
                    break
                observation = self._observation(batch, row, track.number, look)
                beside = [*self.store.seen_in(self._rows + row), observation]
                if len(pose_nms(beside, apart=self._settings.same_pose)) < len(beside):
                    break
                track.observations.insert(0, observation)
                box = self._crops.box_around(look.keypoints, last=look.box)

    def _places(self, batch: FrameBatch, at: int, found: Detections | None) -> dict[int, Boxes]:
        """Where to look from frame ``at`` on, by the number of who is looked for."""
        known = {number: person.box for number, person in self._people.items()}
        if self._given is not None:
            known[GIVEN] = self._given
            self._given = None
        if found is None:
            return known
        newcomers = self._scheduler.newcomers(batch, at, found, list(known.values()))
        taken, gone = self._scheduler.make_room(
            newcomers, known, most=self._most, frame_size=self._frame_size
        )
        for number in gone:
            del known[number]
            self._people.pop(number, None)
        return known | {NEW - i: box for i, box in enumerate(taken)}

    def _is_somebody(self, row: int, number: int, look: CropEstimate) -> bool:
        """Whether a look shows the person; after a frame without them it takes more."""
        person = self._people.get(number)
        away = person is not None and person.last.row < row - 1
        least = self._settings.found_score if away else self._settings.lost_score
        return look.score >= least and self._crops.box_around(look.keypoints) is not None

    def _observation(self, batch: FrameBatch, row: int, number: int, look: CropEstimate) -> Observation:
        sure = look.score >= self._settings.sure_score
        return Observation(
            row=self._rows + row,
            seconds=float(batch.pts_seconds[row]),
            keypoints=look.keypoints,
            box=look.box,
            score=look.score,
            core=self._core,
            colours=colour_histogram(batch.frames[row], look.keypoints, self._core),
            confirmed=True if sure or number <= NEW or number in self._trusted else None,
            sought=number,
        )

    def _register(self, seen: list[Observation], found: Detections | None) -> None:
        """Writes down the observations of one frame; a detector's boxes confirm some."""
        if found is not None:
            seen = [s if s.confirmed else replace(s, confirmed=self._confirms(found, s)) for s in seen]
        for number, observation in zip(self._associator.update(seen), seen, strict=True):
            self.store.add(number, observation)
            if observation.sought == GIVEN:
                self._trusted.add(number)
            before = self._people.get(number)
            box = self._crops.box_around(observation.keypoints, last=before.box if before else None)
            if box is not None:
                if before is None or observation.confirmed:
                    self._people[number] = _Followed(box, observation, observation.seconds, refused=0)
                else:
                    refused = before.refused + (observation.confirmed is False)
                    self._people[number] = replace(before, box=box, last=observation, refused=refused)

    def _confirms(self, found: Detections, observation: Observation) -> bool:
        settings = self._settings
        around = boxes.around(observation.keypoints, min_score=settings.joint_score, pad=DETECTION_PAD)
        return around is not None and any(
            score >= settings.confirm_score
            and score + observation.score >= settings.confirm_sum
            and boxes.overlap(around, box) >= settings.confirm_iou
            for box, score in zip(found.boxes, found.scores, strict=True)
        )

    def _is_missing(self, person: _Followed, row: int) -> bool:
        return person.last.row < row - 1

    def _let_go(self, seconds: float) -> None:
        """Forgets those who are out of sight or in doubt for too long."""
        settings = self._settings
        for number, person in list(self._people.items()):
            unseen = seconds - person.last.seconds
            unconfirmed = (
                number not in self._trusted
                and person.refused >= settings.refusals
                and seconds - person.confirmed_at > settings.unconfirmed_seconds
            )
            if unconfirmed or unseen > settings.coast_seconds + self._frame_seconds / 2:
                del self._people[number]
                self._scheduler.hurry()
