"""Whom each observation belongs to: norfair's tracker, with a distance made for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from norfair import Detection, OptimizedKalmanFilterFactory, Tracker
from norfair.distances import Distance
from norfair.tracker import TrackedObject
from numpy.typing import NDArray

from app.tracking.observations import Observation, histogram_overlap

# Distances of places count in sizes of the person.
FARTHEST = 0.7
# Who was looked for and seen about there is nobody new, however the pose has changed.
SOUGHT_WITHIN, SOUGHT = 1.0, 0.69
SIZE_WEIGHT = 0.4
COLOUR_WEIGHT = 0.4
UNSEEN = 0.15
# The filter's noise is in units of a frame of this longer side.
UNITS = 1000.0
MEASURED, WANDERING = 4.0, 1.0  # variances of what is seen, and of how a speed changes
COLOUR_MEMORY = 0.95


class Associator:
    """Gives each observation the number of its person, frame by frame, in order.

    Args:
        frame_size: width and height, in pixels.
        max_age_frames: for so many frames somebody unseen is expected where their way leads.
    """

    def __init__(self, *, frame_size: tuple[int, int], max_age_frames: int) -> None:
        self._unit = UNITS / max(frame_size)
        self._max_age = max(2, max_age_frames)
        self._given = 0
        self._colours: dict[int, NDArray[np.float32]] = {}
        self.end_all()

    def end_all(self) -> None:
        """Expects nobody any more, as after a cut; numbers go on."""
        self._first = self._given
        self._tracker = Tracker(
            # The one below is put in its place: a function given here is called pair by pair.
            distance_function="euclidean",
            distance_threshold=FARTHEST,
            hit_counter_max=self._max_age,
            initialization_delay=1,
            past_detections_length=0,
            filter_factory=OptimizedKalmanFilterFactory(R=MEASURED, Q=WANDERING),
        )
        self._tracker.distance_function = _PersonDistance(self._unit, self._colours_of, self._number)

    def update(self, observations: Sequence[Observation]) -> list[int]:
        """Numbers of the people in the next frame, in the order of the observations."""
        detections = [Detection(s.centre[None].astype(float) * self._unit, data=s) for s in observations]
        self._tracker.update(detections)
        numbers = {id(o.last_detection.data): self._number(o) for o in self._tracker.tracked_objects}
        found = [numbers[id(observation)] for observation in observations]
        for number, observation in zip(found, observations, strict=True):
            known = self._colours.get(number, observation.colours)
            self._colours[number] = COLOUR_MEMORY * known + (1 - COLOUR_MEMORY) * observation.colours
        return found

    def velocities(self) -> dict[int, NDArray[np.float64]]:
        """Pixels a frame, (2,), of everybody who is seen or still expected."""
        return {self._number(o): o.estimate_velocity[0] / self._unit for o in self._tracker.tracked_objects}

    def _colours_of(self, person: TrackedObject) -> NDArray[np.float32]:
        return self._colours[self._number(person)]

    def _number(self, person: TrackedObject) -> int:
        number = self._first + int(person.initializing_id or 0)
        self._given = max(self._given, number)
        return number


class _PersonDistance(Distance):
    """How far a observation is from where, how large and in what colours somebody is expected."""

    def __init__(
        self,
        unit: float,
        colours_of: Callable[[TrackedObject], NDArray[np.float32]],
        number_of: Callable[[TrackedObject], int],
    ) -> None:
        self._unit, self._colours_of, self._number_of = unit, colours_of, number_of

    def get_distances(
        self, objects: Sequence[TrackedObject], candidates: Sequence[Detection | TrackedObject] | None
    ) -> NDArray[np.float64]:
        """(candidates, objects)."""
        seen = candidates or []
        distances = np.full((len(seen), len(objects)), np.inf)
        for row, detection in enumerate(seen):
            for column, person in enumerate(objects):
                distances[row, column] = self._between(detection.data, person)  # type: ignore[union-attr]
        return distances

    def _between(self, observation: Observation, person: TrackedObject) -> float:
        last: Observation = person.last_detection.data
        size = (observation.size + last.size) / 2
        away = float(np.linalg.norm(person.estimate[0] / self._unit - observation.centre)) / size
        grown = abs(float(np.log(observation.size / last.size)))
        unlike = 1 - histogram_overlap(observation.colours, self._colours_of(person))
        # Where two meet and one pose is seen, it is that of the one who was seen all along.
        unseen = UNSEEN if last.row < observation.row - 1 else 0.0
        distance = unseen + away + SIZE_WEIGHT * grown + COLOUR_WEIGHT * unlike
        if away <= SOUGHT_WITHIN and observation.sought == self._number_of(person):
            return min(distance, SOUGHT)
        return distance
