"""When to look for people in the whole frame, and who of those found is somebody new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.tracking.crops import CropEstimator, Measure
from app.tracking.prominence import standing_out
from app.tracking.settings import TrackingSettings
from app.video.types import FrameBatch
from estimators import boxes
from estimators.boxes import Boxes
from estimators.detectors import Detections, Detector

# What a detector's box has around the joints, and what is added for the estimator, of the longer side.
DETECTION_PAD = 0.08
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
    """Asks a detector now and then, and checks whom it finds with the estimator.

    Args:
        detector: gives boxes in whole frames.
        crops: gives poses in boxes.
        fps: frames a second.
        settings: how often, and what counts.
        measure: times all this as ``find``.
    """

    def __init__(
        self,
        detector: Detector,
        crops: CropEstimator,
        *,
        fps: float,
        settings: TrackingSettings,
        measure: Measure,
    ) -> None:
        self._detector, self._crops, self._settings, self._measure = detector, crops, settings, measure
        # A look that is due between two frames comes with the first.
        self._frame_seconds = 1 / fps
        self._looked_at = -np.inf
        self._refused: list[_Refused] = []

    def hurry(self) -> None:
        """Makes the next look due at once."""
        self._looked_at = -np.inf

    def look(self, batch: FrameBatch, at: int, *, people: bool, missing: bool) -> Detections | None:
        """Who may be in frame ``at``; None where no look is due.

        Args:
            batch, at: the frame.
            people: somebody is followed.
            missing: one of them is out of sight.
        """
        settings, seconds = self._settings, float(batch.pts_seconds[at])
        if not people:
            wait, frames = settings.empty_seconds, 3
        elif missing:
            wait, frames = settings.missing_seconds, 2
        else:
            wait, frames = settings.calm_seconds, 8
        if seconds - self._looked_at < max(wait, frames * self._frame_seconds) - self._frame_seconds / 2:
            return None
        self._looked_at = seconds
        with self._measure("find"):
            (found,) = self._detector.detect(batch.frames[at : at + 1])
        return found

    def newcomers(self, batch: FrameBatch, at: int, found: Detections, known: list[Boxes]) -> list[Boxes]:
        """Boxes around the joints of those found in frame ``at`` who are none of the known."""
        settings, seconds = self._settings, float(batch.pts_seconds[at])
        tried = self._worth_a_look(found, known, seconds)
        wide = [boxes.padded(box, settings.pad - DETECTION_PAD) for box, _ in tried]
        # A second look costs as much as the first, and most boxes found where nobody is known are nobody.
        worth = [settings.found_sum - settings.second_gain - score for _, score in tried]
        looks = self._crops.look(batch, [(at, box) for box in wide], stage="find", worth=worth)
        people: list[tuple[float, Boxes]] = []
        for (box, score), padded, look in zip(tried, wide, looks, strict=True):
            asked = self._crops.box_around(look.keypoints)
            if (
                asked is not None
                and score + look.score >= settings.found_sum
                and boxes.overlap(asked, padded) >= settings.found_agreement
            ):
                people.append((score + look.score, asked))
            else:
                self._refused.append(_Refused(box, score, seconds))
        taken: list[Boxes] = []
        for _, box in sorted(people, key=lambda person: -person[0]):
            if not self._is_part_of(box, [*known, *taken]):
                taken.append(box)
        return taken

    def _worth_a_look(
        self, found: Detections, known: list[Boxes], seconds: float
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

    def _is_part_of(self, box: Boxes, known: list[Boxes]) -> bool:
        settings = self._settings
        return any(
            boxes.overlap(box, other) >= settings.confirm_iou or boxes.inside(box, other) >= settings.inside
            for other in known
        )

    def make_room(
        self, newcomers: list[Boxes], known: Mapping[int, Boxes], *, most: int, frame_size: tuple[int, int]
    ) -> tuple[list[Boxes], list[int]]:
        """Which newcomers to follow, and who of the known has to give way, with ``most`` places in all."""
        ranked = sorted(newcomers, key=lambda box: -standing_out(box, frame_size))
        least_first = sorted(known, key=lambda number: standing_out(known[number], frame_size))
        free = max(0, most - len(known))
        taken, gone = ranked[:free], []
        for box, number in zip(ranked[free:], least_first, strict=False):
            least = standing_out(known[number], frame_size)
            if standing_out(box, frame_size) < self._settings.displaced_by * least:
                break
            taken.append(box)
            gone.append(number)
        return taken, gone
