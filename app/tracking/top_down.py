"""Follows people through a clip, window by window: where they were tells where to look next.

A detector says now and then who is in the picture; in between, each person is looked for in the box around
their last joints, moved on as they move. In a window boxes come first: the detector's in all frames in which
a look is due, then those of each person; poses along them come after.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from app.tracking.box_tracks import BoxFollower, BoxTrack, anchor_rows
from app.tracking.crops import CropEstimate, CropEstimator
from app.tracking.detection import DetectionScheduler, NewcomerCheck, make_room
from app.tracking.followed import FollowedPeople
from app.tracking.observations import GIVEN, NEW, Observation, colour_histogram, core_joints, pose_nms
from app.tracking.regions import Region
from app.tracking.settings import TrackingSettings
from app.tracking.tracks import TrackStore
from app.tracking.windows import Window
from estimators import Estimator, boxes
from estimators.boxes import Boxes
from estimators.detectors import Detections, Detector

Found = Mapping[int, Detections]
Tracks = dict[int, BoxTrack]


class TopDownTracker:
    """Follows people with an estimator that is told where to look.

    Args:
        estimator: gives the joints.
        detector: gives boxes in whole frames.
        frame_size: width and height, in pixels.
        fps: frames a second.
        most: so many are followed at once, the most prominent.
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
        first_box: Boxes | None = None,
        settings: TrackingSettings | None = None,
    ) -> None:
        self._settings = settings = settings or TrackingSettings()
        self._core = core_joints(estimator.skeleton.joints)
        crops = CropEstimator(estimator, frame_size=frame_size, settings=settings)
        self._follower = BoxFollower(crops, core=self._core, settings=settings)
        self._scheduler = DetectionScheduler(detector, fps=fps, settings=settings)
        self._check = NewcomerCheck(crops, settings=settings)
        self._people = FollowedPeople(frame_size=frame_size, fps=fps, crops=crops, settings=settings)
        self._frame_size, self._most = frame_size, most
        self._given = first_box

    @property
    def store(self) -> TrackStore:
        """All tracks up to here."""
        return self._people.store

    def detect(self, window: Window, rows: range) -> dict[int, Detections]:
        """First half of the work: whom the detector finds in a shot's rows of a window, by row."""
        if window[rows.start].shot != self.store.shot:
            self._people.begin_shot(window[rows.start].shot)
            self._scheduler.hurry()
        missing = self._people.unseen_at(rows.start - 1)
        return self._scheduler.look(window, rows, people=len(self._people) > 0, missing=missing)

    def follow(self, window: Window, rows: range, found: Found) -> None:
        """Second half: the poses of everybody in those rows.

        Args:
            window, rows: as given to :meth:`detect`, which comes before.
            found: what it gave.
        """
        tracks, begun, displaced = self._box_tracks(window, rows, found)
        spans = {n: range(begun.get(n, rows.start), displaced.get(n, rows.stop)) for n in tracks}
        tracks = self._follower.between_anchors(window, tracks, spans)
        looks = {n: {row: t.looks[row] for row in spans[n] if row in t.looks} for n, t in tracks.items()}
        new = {number: tracks[number] for number in begun}
        earlier = self._follower.back(window, new, begun)
        for row in rows:
            seen = [
                self._observation(window, row, number, of_row[row], new=begun.get(number) == row)
                for number, of_row in ({n: looks[n] | earlier.get(n, {}) for n in looks}).items()
                if row in of_row and self._is_somebody(row, tracks[number], number, of_row[row])
            ]
            self._people.register(pose_nms(seen, apart=self._settings.same_pose), found.get(row))
        for number, of_row in earlier.items():
            there = [row for row in of_row if row < rows.start]
            seen = [self._observation(window, row, number, of_row[row]) for row in there]
            self._people.add_earlier(seen, since=rows.start)
        if self._people.let_go(window[rows.stop - 1].seconds, displaced):
            self._scheduler.hurry()

    def _box_tracks(
        self, window: Window, rows: range, found: Found
    ) -> tuple[Tracks, dict[int, int], dict[int, int]]:
        """Everybody's boxes in the anchors; rows in which newcomers begin, and in which others give way."""
        tracks = self._people.box_tracks(window, rows.start - 1)
        if self._given is not None:
            region = Region(self._given)
            tracks[GIVEN] = BoxTrack(rows.start, region, np.zeros(2), anchors={rows.start: region})
            self._given = None
        tracks = self._led(window, tracks, rows, found)
        begun: dict[int, int] = {}
        displaced: dict[int, int] = {}
        for row, detections in found.items():
            there = {n: t for n, t in tracks.items() if row in t.looks and n not in displaced}
            new, gone = self._newcomers(window, row, detections, there, first=NEW - len(begun))
            begun |= dict.fromkeys(new, row)
            displaced |= dict.fromkeys(gone, row)
            tracks |= self._led(window, new, range(row + 1, rows.stop), found)
        return tracks, begun, displaced

    def _led(self, window: Window, tracks: Tracks, rows: range, found: Found) -> Tracks:
        """The tracks, led on through the anchors among these rows."""
        anchors = anchor_rows(window, rows, list(found), apart=self._settings.anchor_seconds)
        return self._follower.through_anchors(window, tracks, anchors, found)

    def _newcomers(
        self, window: Window, row: int, found: Detections, there: Tracks, *, first: int
    ) -> tuple[Tracks, list[int]]:
        """Tracks of those who are new in a frame, numbered down from ``first``; and who gives way to them."""
        known = {number: self._outline(track, row) for number, track in there.items()}
        looks = self._check.newcomers(window, row, found, list(known.values()))
        new = [self._follower.seen(BoxTrack(row, look.region, np.zeros(2)), row, look) for look in looks]
        taken, gone = make_room(
            [track.region.bounds for track in new],
            known,
            most=self._most,
            frame_size=self._frame_size,
            displaced_by=self._settings.displaced_by,
        )
        return {first - at: new[i] for at, i in enumerate(taken)}, gone

    def _outline(self, track: BoxTrack, row: int) -> Boxes:
        """Around the joints of somebody in an anchor: a turned box would have room for others."""
        settings = self._settings
        box = boxes.around(track.looks[row].keypoints, min_score=settings.joint_score, pad=settings.pad)
        return track.at(row).bounds if box is None else box

    def _is_somebody(self, row: int, track: BoxTrack, number: int, look: CropEstimate) -> bool:
        """Whether a look shows the person; after a frame without them it takes more, unless they are sure."""
        away = self._people.away(number, row) and not track.sure
        least = self._settings.found_score if away else self._settings.lost_score
        return self._follower.shows(track, row, look, least=least)

    def _observation(
        self, window: Window, row: int, number: int, look: CropEstimate, *, new: bool = False
    ) -> Observation:
        """What was seen of somebody; ``new``: detector and pose have just agreed on them."""
        sure = look.score >= self._settings.sure_score
        return Observation(
            row=row,
            seconds=window[row].seconds,
            keypoints=look.keypoints,
            box=look.region.bounds,
            score=look.score,
            core=self._core,
            colours=colour_histogram(window[row].picture, look.keypoints, self._core),
            confirmed=True if new or sure or self._people.trusts(number) else None,
            sought=number,
            hypotheses=look.hypotheses,
            angle=look.region.angle,
        )
