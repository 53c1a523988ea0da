"""Where those who are followed are looked for in each frame of a window, and what is seen of them there.

A few anchor frames come first, one after the other: each person's box is moved on as they move, and drawn
anew around the joints that are seen in it. Between two anchors boxes are interpolated, and the poses of all
those frames and people are estimated at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, takewhile, zip_longest

import numpy as np
from numpy.typing import NDArray

from app.tracking.crops import CropEstimate, CropEstimator, Place
from app.tracking.observations import body_centre, same_person
from app.tracking.regions import Region, between
from app.tracking.settings import DETECTION_PAD, TrackingSettings
from app.tracking.windows import Window
from estimators import boxes
from estimators.boxes import Boxes
from estimators.detectors import Detections

# What the way between two anchors says of the speed, beside what was known before.
NEW_SPEED = 0.5
SLOWER = 0.7  # somebody unseen stops rather than goes on for ever


@dataclass(frozen=True)
class BoxTrack:
    """One person's boxes and poses through some frames.

    Attributes:
        row: the last anchor; at first the frame that the track goes on from.
        region: around the joints there, or where motion says that they should be.
        velocity: pixels a row, (2,).
        unseen: for how many seconds the person had not been seen then.
        centre: of their body in the last anchor, (2,); None: not known.
        anchors: the region of each anchor.
        looks: what was seen, by row.
        sure: the person has been followed for a while: a weak pose does not end that.
    """

    row: int
    region: Region
    velocity: NDArray[np.floating]
    unseen: float = 0.0
    centre: NDArray[np.floating] | None = None
    anchors: Mapping[int, Region] = field(default_factory=dict, repr=False)
    looks: Mapping[int, CropEstimate] = field(default_factory=dict, repr=False)
    sure: bool = False

    def at(self, row: int) -> Region:
        """Where the person should be: between two anchors, or beyond the last one."""
        before = max((anchor for anchor in self.anchors if anchor <= row), default=None)
        after = min((anchor for anchor in self.anchors if anchor >= row), default=None)
        if before is None or after is None:
            return self.region.moved((row - self.row) * self.velocity)
        share = (row - before) / max(1, after - before)
        return between(self.anchors[before], self.anchors[after], share)

    def centre_at(self, row: int) -> NDArray[np.floating]:
        """Where the middle of their body should be; of their box, where that is not known."""
        centre = self.region.middle if self.centre is None else self.centre
        return centre + (row - self.row) * self.velocity


def anchor_rows(window: Window, rows: Sequence[int], wanted: Sequence[int], *, apart: float) -> list[int]:
    """Frames to look at first: those that are wanted, the last, and more where these lie far apart.

    Args:
        window, rows: frames that follow on each other, forwards or backwards.
        wanted: some of them.
        apart: at most so many seconds lie between two anchors, if two frames do not.
    """
    chosen: list[int] = []
    last = window[rows[0]].seconds if rows else 0.0
    for row, upcoming in zip_longest(rows, rows[1:]):
        if upcoming is None or row in wanted or abs(window[upcoming].seconds - last) > apart:
            chosen.append(row)
            last = window[row].seconds
    return chosen


class BoxFollower:
    """Leads tracks through a window.

    Args:
        crops: gives poses in boxes.
        core: which joints stay with the body's middle, (joints,).
        settings: when somebody is seen.
    """

    def __init__(self, crops: CropEstimator, *, core: NDArray[np.bool_], settings: TrackingSettings) -> None:
        self._crops, self._core, self._settings = crops, core, settings

    def through_anchors(
        self,
        window: Window,
        tracks: Mapping[int, BoxTrack],
        anchors: Sequence[int],
        found: Mapping[int, Detections],
    ) -> dict[int, BoxTrack]:
        """The tracks, led on through frames that are looked at one after the other.

        Args:
            window: the frames.
            tracks: by number.
            anchors: rows in the order of time.
            found: what a detector found in some of them.
        """
        led = dict(tracks)
        for row in anchors:
            places = {n: self._place(window, row, track, found.get(row)) for n, track in led.items()}
            places = {n: place for n, place in places.items() if led[n].unseen <= self._patience(led[n])}
            looks = self._crops.look(window, list(places.values()))
            seen = dict(zip(places, looks, strict=True))
            others = self._others_seen(row, seen, led)
            for number, look in seen.items():
                if number not in others and self.shows(led[number], row, look):
                    led[number] = self.seen(led[number], row, look)
                else:
                    held = places[number].found if led[number].sure and number not in others else None
                    led[number] = self._unseen(window, led[number], row, look, held)
        return led

    def between_anchors(
        self, window: Window, tracks: Mapping[int, BoxTrack], rows: Mapping[int, Sequence[int]]
    ) -> dict[int, BoxTrack]:
        """The tracks with looks into those of their rows that lack one, all estimated at once."""
        wanted = [
            (number, row)
            for number, track in tracks.items()
            for row in rows[number]
            if row not in track.looks
        ]
        looks = self._crops.look(window, [Place(row, tracks[number].at(row)) for number, row in wanted])
        added: dict[int, dict[int, CropEstimate]] = {number: {} for number in tracks}
        for (number, row), look in zip(wanted, looks, strict=True):
            added[number][row] = look
        return {
            number: replace(track, looks={**track.looks, **added[number]}) for number, track in tracks.items()
        }

    def seen(self, track: BoxTrack, row: int, look: CropEstimate) -> BoxTrack:
        """The track with one more anchor, in which the person was seen."""
        region = self._crops.asked(look, last=look.region) or track.at(row)
        centre, velocity = body_centre(look.keypoints, self._core), track.velocity
        if track.centre is not None and row != track.row:
            way = (centre - track.centre) / (row - track.row)
            velocity = (1 - NEW_SPEED) * velocity + NEW_SPEED * way
        return replace(
            track,
            row=row,
            region=region,
            velocity=velocity,
            unseen=0.0,
            centre=centre,
            anchors={**track.anchors, row: region},
            looks={**track.looks, row: look},
        )

    def shows(self, track: BoxTrack, row: int, look: CropEstimate, *, least: float | None = None) -> bool:
        """Whether a look shows the person; of who has been followed surely a weak pose in its place does.

        ``least``: the score of a pose that shows anybody (None: as usual).
        """
        settings = self._settings
        asked = self._crops.asked(look)
        if asked is None:
            return False
        if look.score >= (settings.lost_score if least is None else least):
            return True
        expected = track.at(row)
        off = float(np.linalg.norm(asked.middle - expected.middle)) / expected.side
        grown = max(asked.side, expected.side) / min(asked.side, expected.side)
        fits = off <= settings.weak_off and grown <= settings.weak_grown
        return track.sure and look.score >= settings.weak_score and fits

    def _patience(self, track: BoxTrack) -> float:
        return self._settings.hold_seconds if track.sure else self._settings.coast_seconds

    def _place(self, window: Window, row: int, track: BoxTrack, found: Detections | None) -> Place:
        """Where to look for somebody in an anchor; once a second, all of the body is meant."""
        region = track.at(row)
        whole = int(window[row].seconds) != int(window[track.row].seconds)
        match = None if found is None else self._match(region.bounds, found)
        return Place(row, region, whole, match, turn=True)

    def _match(self, box: Boxes, found: Detections) -> Boxes | None:
        """The detector's box of somebody who should be in a box."""
        settings = self._settings
        fits = [
            (boxes.overlap(boxes.padded(other, settings.pad - DETECTION_PAD), box), i)
            for i, other in enumerate(found.boxes)
            if found.scores[i] >= settings.confirm_score
        ]
        best, i = max(fits, default=(0.0, 0))
        return found.boxes[i] if best >= settings.confirm_iou else None

    def _unseen(
        self, window: Window, track: BoxTrack, row: int, look: CropEstimate, held: Boxes | None
    ) -> BoxTrack:
        """The track with one more anchor, in which the detector or motion alone says where they are."""
        region, unseen = track.at(row), track.unseen + abs(window[row].seconds - window[track.row].seconds)
        if held is not None:
            unseen = 0.0
            if not region.angle:
                region = Region(boxes.padded(held, self._settings.pad - DETECTION_PAD).astype(np.float32))
        return replace(
            track,
            row=row,
            region=region,
            velocity=SLOWER * track.velocity,
            unseen=unseen,
            centre=track.centre_at(row),
            anchors={**track.anchors, row: region},
            looks={**track.looks, row: look},
        )

    def back(
        self, window: Window, tracks: Mapping[int, BoxTrack], begun: Mapping[int, int]
    ) -> dict[int, dict[int, CropEstimate]]:
        """What is seen of people in the frames before they were found, back to when they came.

        Args:
            window, tracks: the frames, and tracks that begin in them.
            begun: the row in which each begins.

        Returns:
            For each number, looks by row, from the latest row back, without a gap.
        """
        led: dict[int, BoxTrack] = {}
        spans: dict[int, range] = {}
        for number, track in tracks.items():
            row = begun[number]
            led[number] = replace(
                track,
                row=row,
                region=track.anchors[row],
                centre=None,
                anchors={row: track.anchors[row]},
                looks={},
                sure=True,
            )
            rows = range(row - 1, window.around(row, len(window.frames)).start - 1, -1)
            for anchor in anchor_rows(window, rows, (), apart=self._settings.anchor_seconds / 2):
                (look,) = self._crops.look(window, [Place(anchor, led[number].at(anchor))])
                if not self.shows(led[number], anchor, look, least=self._settings.back_score):
                    led[number] = self._unseen(window, led[number], anchor, look, None)
                    break
                led[number] = self.seen(led[number], anchor, look)
            spans[number] = range(row - 1, led[number].row - 1, -1)
        led = self.between_anchors(window, led, spans)
        return {number: self._while_there(track, spans[number]) for number, track in led.items()}

    def _while_there(self, track: BoxTrack, rows: Sequence[int]) -> dict[int, CropEstimate]:
        """The looks before the first one that does not show the person."""
        looks, least = track.looks, self._settings.back_score
        return {
            row: looks[row]
            for row in takewhile(lambda row: self.shows(track, row, looks[row], least=least), rows)
        }

    def _others_seen(
        self, row: int, seen: Mapping[int, CropEstimate], tracks: Mapping[int, BoxTrack]
    ) -> set[int]:
        """Those in whose box somebody else is seen, who is looked for nearer to there."""
        others: set[int] = set()
        for one, other in combinations(seen, 2):
            poses = [seen[number].keypoints for number in (one, other)]
            if same_person(*poses, apart=self._settings.same_pose):
                away = [self._off(row, seen[number], tracks[number]) for number in (one, other)]
                others.add(one if away[0] > away[1] else other)
        return others

    def _off(self, row: int, look: CropEstimate, track: BoxTrack) -> float:
        """How far from where they should be somebody is seen, in pixels."""
        return float(np.linalg.norm(body_centre(look.keypoints, self._core) - track.centre_at(row)))
