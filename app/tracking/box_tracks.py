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

from app.tracking.crops import CropEstimate, CropEstimator, asked_box
from app.tracking.observations import body_centre, pose_distance
from app.tracking.settings import TrackingSettings
from app.tracking.windows import Window
from estimators import boxes
from estimators.boxes import Boxes

# What the way between two anchors says of the speed, beside what was known before.
NEW_SPEED = 0.5


@dataclass(frozen=True)
class BoxTrack:
    """One person's boxes and poses through some frames.

    Attributes:
        row: the last anchor; at first the frame that the track goes on from.
        box: around the joints there, or where motion says that they should be.
        velocity: pixels a row, (2,).
        unseen: for how many seconds the person had not been seen then.
        centre: of their body in the last anchor, (2,); None: not known.
        anchors: the box of each anchor.
        looks: what was seen, by row.
    """

    row: int
    box: Boxes
    velocity: NDArray[np.floating]
    unseen: float = 0.0
    centre: NDArray[np.floating] | None = None
    anchors: Mapping[int, Boxes] = field(default_factory=dict, repr=False)
    looks: Mapping[int, CropEstimate] = field(default_factory=dict, repr=False)

    def box_at(self, row: int) -> Boxes:
        """Where the person should be: between two anchors, or beyond the last one."""
        before = max((anchor for anchor in self.anchors if anchor <= row), default=None)
        after = min((anchor for anchor in self.anchors if anchor >= row), default=None)
        if before is None or after is None:
            return boxes.moved(self.box, (row - self.row) * self.velocity)
        share = (row - before) / max(1, after - before)
        return ((1 - share) * self.anchors[before] + share * self.anchors[after]).astype(np.float32)

    def centre_at(self, row: int) -> NDArray[np.floating]:
        """Where the middle of their body should be; of their box, where that is not known."""
        centre = boxes.middle(self.box) if self.centre is None else self.centre
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
        *,
        least: float,
        patience: float,
    ) -> dict[int, BoxTrack]:
        """The tracks, led on through frames that are looked at one after the other.

        Args:
            window: the frames.
            tracks: by number.
            anchors: rows, forwards or backwards.
            least: score of a pose that shows the person.
            patience: who has not been seen for more seconds is no longer looked for.
        """
        led = dict(tracks)
        for row in anchors:
            places = {number: track.box_at(row) for number, track in led.items() if track.unseen <= patience}
            looks = self._crops.look(window, [(row, box) for box in places.values()])
            seen = dict(zip(places, looks, strict=True))
            others = self._others_seen(row, seen, led)
            for number, look in seen.items():
                if number not in others and look.score >= least:
                    led[number] = self.seen(led[number], row, look)
                else:
                    led[number] = _unseen(led[number], row, look, window)
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
        looks = self._crops.look(window, [(row, tracks[number].box_at(row)) for number, row in wanted])
        added: dict[int, dict[int, CropEstimate]] = {number: {} for number in tracks}
        for (number, row), look in zip(wanted, looks, strict=True):
            added[number][row] = look
        return {
            number: replace(track, looks={**track.looks, **added[number]}) for number, track in tracks.items()
        }

    def seen(self, track: BoxTrack, row: int, look: CropEstimate) -> BoxTrack:
        """The track with one more anchor, in which the person was seen."""
        box = asked_box(look.keypoints, self._settings, last=look.box)
        centre, velocity = body_centre(look.keypoints, self._core), track.velocity
        if track.centre is not None and row != track.row:
            way = (centre - track.centre) / (row - track.row)
            velocity = (1 - NEW_SPEED) * velocity + NEW_SPEED * way
        box = track.box_at(row) if box is None else box
        return BoxTrack(
            row,
            box,
            velocity,
            centre=centre,
            anchors={**track.anchors, row: box},
            looks={**track.looks, row: look},
        )

    def back(
        self, window: Window, tracks: Mapping[int, BoxTrack], begun: Mapping[int, int], *, least: float
    ) -> dict[int, dict[int, CropEstimate]]:
        """What is seen of people in the frames before they were found, back to when they came.

        Args:
            window, tracks: the frames, and tracks that begin in them.
            begun: the row in which each begins.
            least: score of a pose that shows the person.

        Returns:
            For each number, looks by row, from the latest row back, without a gap.
        """
        led: dict[int, BoxTrack] = {}
        spans: dict[int, range] = {}
        for number, track in tracks.items():
            row = begun[number]
            start = BoxTrack(row, track.anchors[row], track.velocity, anchors={row: track.anchors[row]})
            rows = range(row - 1, window.around(row, len(window.frames)).start - 1, -1)
            anchors = anchor_rows(window, rows, (), apart=self._settings.anchor_seconds)
            led |= self.through_anchors(window, {number: start}, anchors, least=least, patience=0.0)
            spans[number] = range(row - 1, led[number].row - 1, -1)
        return {
            number: _while_there(track.looks, spans[number], least)
            for number, track in self.between_anchors(window, led, spans).items()
        }

    def _others_seen(
        self, row: int, seen: Mapping[int, CropEstimate], tracks: Mapping[int, BoxTrack]
    ) -> set[int]:
        """Those in whose box somebody else is seen, who is looked for nearer to there."""
        others: set[int] = set()
        for one, other in combinations(seen, 2):
            poses = [seen[number].keypoints for number in (one, other)]
            if pose_distance(*poses) < self._settings.same_pose:
                away = [self._off(row, seen[number], tracks[number]) for number in (one, other)]
                others.add(one if away[0] > away[1] else other)
        return others

    def _off(self, row: int, look: CropEstimate, track: BoxTrack) -> float:
        """How far from where they should be somebody is seen, in pixels."""
        return float(np.linalg.norm(body_centre(look.keypoints, self._core) - track.centre_at(row)))


def _while_there(
    looks: Mapping[int, CropEstimate], rows: Sequence[int], least: float
) -> dict[int, CropEstimate]:
    """The looks before the first one that does not show the person."""
    return {row: looks[row] for row in takewhile(lambda row: looks[row].score >= least, rows)}


def _unseen(track: BoxTrack, row: int, look: CropEstimate, window: Window) -> BoxTrack:
    """The track with one more anchor, in which the person was not seen: motion says where they are."""
    box = track.box_at(row)
    passed = abs(window[row].seconds - window[track.row].seconds)
    return replace(
        track,
        row=row,
        box=box,
        unseen=track.unseen + passed,
        centre=track.centre_at(row),
        anchors={**track.anchors, row: box},
        looks={**track.looks, row: look},
    )
