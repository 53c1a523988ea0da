"""How well a detector finds whole people in real pictures that no network was trained on.

Pictures with one labelled person each (frames of the held-out clips, held-out photos) and photos without
people. Others may stand beside the labelled person, so a box somewhere else in such a picture counts for
nothing; one about the person that does not fit them, as one that ends at the hips, is false, and so is any
in a photo without people.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from estimators.detectors import Detections, Detector
from estimators.detectors.metrics import average_precision, match
from estimators.detectors.small.training.photos import Photo, load_people

SURE = 0.3  # score above which a box in a photo without people is counted


@dataclass(frozen=True)
class DetectionMetrics:
    """Figures of one group of pictures; shares are in 0..1.

    Attributes:
        pictures: how many.
        average_precision: at an overlap of 0.5; boxes in the photos without people are false.
        recall: people found at all, with any score.
        overlap: mean intersection over union of those found and their boxes.
        inside: share of the known points of the body that the surest fitting box holds.
        false_a_picture: in photos without people, boxes with a score of 0.3 or more.
        milliseconds: a look.
    """

    pictures: int
    average_precision: float
    recall: float
    overlap: float
    inside: float
    false_a_picture: float
    milliseconds: float


def evaluate(detector: Detector, data_folder: Path) -> dict[str, DetectionMetrics]:
    """Figures by group of pictures, from the held-out part of the data sets.

    Raises:
        ValueError: a data set is missing.
    """
    data = load_people(data_folder, split="validation")
    empty = [_timed(detector, picture)[0] for picture in data.empty]
    return {name: _metrics(detector, photos, empty) for name, photos in data.photos.items()}


def _timed(detector: Detector, picture: NDArray[np.uint8]) -> tuple[Detections, float]:
    begun = time.perf_counter()
    (found,) = detector.detect(picture[None])
    return found, time.perf_counter() - begun


def _metrics(detector: Detector, photos: Sequence[Photo], empty: Sequence[Detections]) -> DetectionMetrics:
    false = np.concatenate([found.scores for found in empty]) if empty else np.zeros(0)
    scores, hits, overlaps, inside, seconds = [false], [np.zeros(len(false), bool)], [], [], 0.0
    for photo in photos:
        found, took = _timed(detector, photo.picture)
        seconds += took
        person = _clipped(photo.box, photo.picture.shape)
        matched = match(found.boxes, person[None])
        middles = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
        there = np.where(np.isfinite(person), person, np.inf)
        about = ((middles >= there[:2]) & (middles <= there[2:])).all(axis=1)
        counted = about | (matched > 0)
        scores.append(found.scores[counted])
        hits.append(matched[counted] > 0)
        overlaps += matched[matched > 0].tolist()
        inside.append(_share_inside(photo, found.boxes[matched > 0]))
    hit = np.concatenate(hits)
    return DetectionMetrics(
        pictures=len(photos),
        average_precision=average_precision(np.concatenate(scores), hit, len(photos)),
        recall=float(hit.sum() / max(len(photos), 1)),
        overlap=float(np.mean(overlaps)) if overlaps else 0.0,
        inside=float(np.mean(inside)),
        false_a_picture=float((false >= SURE).sum() / max(len(empty), 1)),
        milliseconds=1000 * seconds / max(len(photos), 1),
    )


def _clipped(box: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The box, cut off at the picture's edges; NaN stays NaN."""
    return np.clip(box, -0.5, np.tile([shape[1] - 0.5, shape[0] - 0.5], 2)).astype(np.float32)


def _share_inside(photo: Photo, boxes: NDArray[np.float32]) -> float:
    """How many of a body's points lie in the first of the boxes that fit; 0 without one."""
    if not len(boxes):
        return 0.0
    return float(((photo.points >= boxes[0, :2]) & (photo.points <= boxes[0, 2:])).all(axis=1).mean())
