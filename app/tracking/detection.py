"""When to look for people in the whole frame, and who of those found is somebody new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.tracking.crops import CropEstimate, CropEstimator, Place
from app.tracking.prominence import standing_out
from app.tracking.regions import Region, lying
from app.tracking.settings import DETECTION_PAD, TrackingSettings
from app.tracking.windows import Window
from estimators import boxes
from estimators.boxes import Boxes
from estimators.detectors import Detections, Detector, people_in

SAME_BOX, SURER = 0.6, 0.1


@dataclass(frozen=True)
class _Refused:
    """A detector's box in which nobody was seen."""

    box: Boxes
    score: float
    seconds: float

    def covers(self, box: Boxes, score: float) -> bool:
        """Whether a box is this one again; one with a clearly higher score shows something else."""
        return score < self.score + SURER and boxes.overlap(box, self.box) >= SAME_BOX


class DetectionScheduler:
    """Asks a detector now and then.

    Args:
        detector: gives boxes in whole frames.
        fps: frames a second.
        settings: how often.
    """

    def __init__(self, detector: Detector, *, fps: float, settings: TrackingSettings) -> None:
        self._detector, self._settings = detector, settings
        # A look that is due between two frames comes with the first.
        self._frame_seconds = 1 / fps
        self._looked_at = -np.inf

    def hurry(self) -> None:
        """Makes the next look due at once."""
        self._looked_at = -np.inf

    def look(
        self, window: Window, rows: Sequence[int], *, people: bool, missing: bool
    ) -> dict[int, Detections]:
        """Who may be there, by row, in those of the rows in which a look is due.

        Args:
            window, rows: frames that follow on each other.
            people: somebody is followed.
            missing: one of them is out of sight.
        """
        settings = self._settings
        if not people:
            wait, frames = settings.empty_seconds, 3
        elif missing:
            wait, frames = settings.missing_seconds, 2
        else:
            wait, frames = settings.calm_seconds, 8
        wait = max(wait, frames * self._frame_seconds) - self._frame_seconds / 2
        due = []
        for row in rows:
            if window[row].seconds - self._looked_at >= wait:
                self._looked_at = window[row].seconds
                due.append(row)
        if not due:
            return {}
        indices = [window[row].index for row in due]
        return dict(zip(due, people_in(self._detector, window.pictures(due), indices), strict=True))


class NewcomerCheck:
    """Tells with the estimator whether those whom a detector found are people.

    Args:
        crops: gives poses in boxes.
        settings: what counts.
    """

    def __init__(self, crops: CropEstimator, *, settings: TrackingSettings) -> None:
        self._crops, self._settings = crops, settings
        self._refused: list[_Refused] = []

    def newcomers(
        self, window: Window, row: int, found: Detections, known: Sequence[Boxes]
    ) -> list[CropEstimate]:
        """Poses of those found in a frame who are none of the known, the surest first."""
        seconds = window[row].seconds
        tried = self._worth_a_look(found, known, seconds)
        people: list[tuple[float, Boxes, CropEstimate]] = []
        for (box, score), look in zip(tried, self._looks(window, row, tried), strict=True):
            asked = self._crops.asked(look)
            if asked is not None and self._is_somebody(box, score, look, asked.bounds):
                people.append((score + look.score, asked.bounds, look))
            else:
                self._refused.append(_Refused(box, score, seconds))
        taken: list[Boxes] = []
        looks = []
        for _, box, look in sorted(people, key=lambda person: -person[0]):
            if not self._is_part_of(box, [*known, *taken]):
                taken.append(box)
                looks.append(look)
        return looks

    def _looks(self, window: Window, row: int, tried: Sequence[tuple[Boxes, float]]) -> list[CropEstimate]:
        """The best look into each box; a wide one is looked at as of somebody who lies, too."""
        settings = self._settings
        # A second look costs as much as the first, and most boxes found where nobody is known are nobody.
        worth = [settings.found_sum - settings.second_gain - score for _, score in tried]
        places = [
            Place(
                row, Region(boxes.padded(box, settings.pad - DETECTION_PAD)), whole=True, found=box, turn=True
            )
            for box, _ in tried
        ]
        looks = self._crops.look(window, places, worth=worth)
        wide = [
            i
            for i, (box, score) in enumerate(tried)
            if self._crops.turns
            and score >= settings.likely_score
            and looks[i].score < settings.sure_score
            and box[2] - box[0] > box[3] - box[1]
        ]
        turned = [
            replace(places[i], region=lying(places[i].region, angle)) for i in wide for angle in (90.0, -90.0)
        ]
        others = self._crops.look(window, turned, worth=[worth[i] for i in wide for _ in range(2)])
        for i, pair in zip(wide, zip(others[::2], others[1::2], strict=True), strict=True):
            looks[i] = max(looks[i], *pair, key=lambda look: look.score)
        return looks

    def _is_somebody(self, box: Boxes, score: float, look: CropEstimate, asked: Boxes) -> bool:
        """Whether detector and pose together are sure, and the pose is of what was found.

        On background joints lie anywhere.
        """
        settings = self._settings
        fits = boxes.overlap(asked, box) >= settings.found_agreement
        fits = fits or boxes.inside(box, asked) >= settings.inside
        return score + look.score >= settings.found_sum and (fits or look.score >= settings.sure_score)

    def _worth_a_look(
        self, found: Detections, known: Sequence[Boxes], seconds: float
    ) -> list[tuple[Boxes, float]]:
        """Boxes and scores of those who may be new: all that are likely, and a few of the others."""
        settings = self._settings
        self._refused = [old for old in self._refused if seconds - old.seconds < self._memory(old)]
        new = [
            (box, float(score))
            for box, score in zip(found.boxes, found.scores, strict=True)
            if score >= settings.find_score
            and not self._is_part_of(box, known)
            and not any(old.covers(box, float(score)) for old in self._refused)
        ]
        likely = [one for one in new if one[1] >= settings.likely_score]
        return likely + [one for one in new if one[1] < settings.likely_score][: settings.a_few]

    def _memory(self, refused: _Refused) -> float:
        likely = refused.score >= self._settings.likely_score
        return self._settings.likely_refused_seconds if likely else self._settings.refused_seconds

    def _is_part_of(self, box: Boxes, known: Sequence[Boxes]) -> bool:
        settings = self._settings
        return any(
            boxes.overlap(box, other) >= settings.confirm_iou or boxes.inside(box, other) >= settings.inside
            for other in known
        )


def make_room(
    newcomers: Sequence[Boxes],
    known: Mapping[int, Boxes],
    *,
    most: int,
    frame_size: tuple[int, int],
    displaced_by: float,
) -> tuple[list[int], list[int]]:
    """Which of the newcomers to follow, and who of the known has to give way, with ``most`` places in all."""
    ranked = sorted(range(len(newcomers)), key=lambda i: -standing_out(newcomers[i], frame_size))
    least_first = sorted(known, key=lambda number: standing_out(known[number], frame_size))
    free = max(0, most - len(known))
    taken, gone = ranked[:free], []
    for i, number in zip(ranked[free:], least_first, strict=False):
        least = displaced_by * standing_out(known[number], frame_size)
        if standing_out(newcomers[i], frame_size) < least:
            break
        taken.append(i)
        gone.append(number)
    return taken, gone
