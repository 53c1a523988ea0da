"""From a video to corrected keypoints, stage by stage; plain data passes from one to the next.

``estimate`` reads the video once, ``correct`` works on the keypoints of the whole clip, ``render`` reads
the video again: a few frames are in memory at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.device import choose_device
from app.errors import PosefixError
from app.rendering.overlay import OverlayAnnotator, Style
from app.result import ModelRecord, Person, Result, VideoSource
from app.tracking.selection import PeopleSelection, SelectedPerson, select_people
from app.tracking.tracker import PersonTracker
from app.video.reader import SHORTEST_FRAME_SECONDS, Video
from app.video.types import FrameBatch, VideoInfo
from app.video.writer import write_video
from corrector import Corrector
from estimators import Estimator, boxes
from estimators import detectors as detectors
from estimators.boxes import Boxes
from estimators.detectors import Detector

# Intersection over union of one person's boxes in two frames that follow each other; less is a leap.
SAME_PLACE = 0.05
# Told how many frames a stage is through with.
Progress = Callable[[int], None]
# Told of every picture that is drawn: row of the result, the frame as it was, the frame with its overlay.
Spectator = Callable[[int, NDArray[np.uint8], NDArray[np.uint8]], None]


@dataclass
class Timings:
    """Seconds of each stage, added up as the stages run."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Adds the time of the block to ``stage``."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def _silent(_frames: int) -> None:
    """Progress for those who do not watch."""


def estimate(
    video: Video,
    estimator: Estimator,
    *,
    start: float = 0.0,
    end: float | None = None,
    box: Boxes | None = None,
    people: PeopleSelection | None = None,
    detector: Detector | None = None,
    progress: Progress = _silent,
    timings: Timings | None = None,
) -> Result:
    """Joints of the people who are meant in every frame.

    Args:
        video: from :func:`app.open_video`.
        estimator: from :func:`estimators.create`.
        start, end: seconds; frames shown in start <= t < end are looked at.
        box: x1, y1, x2, y2 of a person in the first frame, in pixels, who comes before all others.
        people: who is meant; None: the most prominent person of each shot.
        detector: says where people are; None: the built-in one. An estimator that finds people needs none.
        progress: called with the number of frames done.
        timings: filled with the seconds of ``decode``, ``find`` and ``estimate``.

    Raises:
        PosefixError: no frame can be decoded, none lies between start and end, or there is no such person.
    """
    timings, people, info = timings or Timings(), people or PeopleSelection(), video.info
    size = (info.width, info.height)
    if detector is None and not estimator.finds_people:
        detector = detectors.create(device=choose_device("auto"))
    tracker = PersonTracker(
        estimator,
        detector,
        frame_size=size,
        fps=info.fps,
        most=people.followed,
        first_box=box,
        measure=timings.measure,
    )
    indices: list[NDArray[np.int64]] = []
    times: list[NDArray[np.float64]] = []
    for batch in _timed_batches(video, estimator.batch_size, start, end, timings):
        tracker.follow(batch)
        indices.append(batch.indices)
        times.append(batch.pts_seconds)
        progress(len(batch))
    if not indices:
        raise PosefixError(_no_frame(info, start, end))
    pts_seconds = np.concatenate(times)
    seconds = float(pts_seconds[-1] - pts_seconds[0])
    with _naming(info.path):
        chosen = select_people(tracker.store, people, frame_size=size, clip_seconds=seconds, first_box=box)
    return Result(
        source=VideoSource(file=info.path.name, width=info.width, height=info.height, fps=info.fps),
        skeleton=estimator.skeleton,
        frame_indices=np.concatenate(indices),
        pts_seconds=pts_seconds,
        people=tuple(_person(one, len(pts_seconds)) for one in chosen),
        estimator=ModelRecord(estimator.name, estimator.weights_sha256),
        cuts=tuple(tracker.cuts),
    )


def _no_frame(info: VideoInfo, start: float, end: float | None) -> str:
    until = "" if end is None else f" to --end {end:g}"
    return (
        f"{info.path}: no frame from --start {start:g}{until}: the video ends at "
        f"{info.duration_seconds:.2f} s."
    )


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Puts the file's name before what is wrong with it."""
    try:
        yield
    except PosefixError as error:
        raise PosefixError(f"{path}: {error}") from error


def _person(chosen: SelectedPerson, frames: int) -> Person:
    keypoints, looked = chosen.track.arrays(frames)
    return Person(chosen.id, initial=keypoints, boxes=looked, prominence=chosen.prominence)


def correct(
    result: Result, corrector: Corrector, *, progress: Progress = _silent, timings: Timings | None = None
) -> Result:
    """The same people with corrected joints.

    Raises:
        ValueError: the skeleton has no joint that the corrector knows; the message names them.
    """
    timings = timings or Timings()
    people = []
    for number, person in enumerate(result.people, start=1):
        with timings.measure("correct"):
            people.append(_corrected(person, result, corrector))
        frames = len(result.pts_seconds)
        progress(frames * number // len(result.people) - frames * (number - 1) // len(result.people))
    return result.with_people(tuple(people), corrector=ModelRecord(corrector.name, corrector.weights_sha256))


def _corrected(person: Person, result: Result, corrector: Corrector) -> Person:
    shape = person.initial.shape[:2]
    keypoints = np.full((*shape, 2), np.nan, np.float32)
    error_px = np.full(shape, np.nan, np.float32)
    filled, unsure = np.zeros(shape, bool), np.zeros(shape, bool)
    for part in stretches(person, cuts=result.cuts):
        correction = corrector.correct(
            person.initial[part], pts_seconds=result.pts_seconds[part], joints=result.skeleton
        )
        keypoints[part], error_px[part] = correction.keypoints, correction.error_px
        filled[part], unsure[part] = correction.filled, correction.unsure
    return replace(person, corrected=keypoints, error_px=error_px, filled=filled, unsure=unsure)


def stretches(person: Person, *, cuts: Sequence[int] = ()) -> list[slice]:
    """The rows of a person, from the first to the last with them, parted at cuts and where the box leaps.

    A leap to another place is somebody else, or the same person after a way that nobody saw.
    """
    seen = np.flatnonzero(np.isfinite(person.boxes[:, 0]))
    leaps = [
        int(row)
        for last, row in pairwise(seen)
        if boxes.overlap(person.boxes[last], person.boxes[row]) < SAME_PLACE
    ]
    edges = sorted({0, *cuts, *leaps, len(person.boxes)})
    parts = [seen[(seen >= start) & (seen < stop)] for start, stop in pairwise(edges)]
    return [slice(int(part[0]), int(part[-1]) + 1) for part in parts if len(part)]


def draw(
    video: Video, result: Result, *, style: Style, timings: Timings | None = None
) -> Iterator[tuple[int, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Reads the video again; gives row of the result, frame, and frame with its overlay, in order."""
    timings = timings or Timings()
    annotator = OverlayAnnotator(style, result.skeleton, size=(result.source.width, result.source.height))
    rows = {int(index): row for row, index in enumerate(result.frame_indices)}
    start, end = float(result.pts_seconds[0]), float(result.pts_seconds[-1]) + SHORTEST_FRAME_SECONDS
    for batch in _timed_batches(video, 1, start, end, timings):
        row = rows.get(int(batch.indices[0]))
        if row is None:
            continue
        with timings.measure("render"):
            drawn = annotator.annotate(batch.frames[0], result.people, row)
        yield row, batch.frames[0], drawn


def render(
    video: Video,
    result: Result,
    path: str | Path,
    *,
    style: Style | None = None,
    watch: Spectator | None = None,
    progress: Progress = _silent,
    timings: Timings | None = None,
) -> None:
    """Writes the overlay video, with the source's timing and sound.

    Raises:
        PosefixError: the folder or the disk does not take the file.
    """
    timings = timings or Timings()
    info = video.info
    start = float(result.pts_seconds[0])
    with write_video(
        Path(path),
        width=info.width,
        height=info.height,
        fps=info.fps,
        sound_from=info.path if info.audio_codec else None,
        sound_start=info.start_seconds + start,
    ) as writer:
        if info.frames_counted and result.frame_indices[-1] + 1 == info.frames:
            shown = info.duration_seconds - float(result.pts_seconds[-1])
            writer.last_seconds = max(SHORTEST_FRAME_SECONDS, shown)
        for row, frame, drawn in draw(video, result, style=style or Style(), timings=timings):
            with timings.measure("encode"):
                writer.write(drawn, pts_seconds=float(result.pts_seconds[row]) - start)
            if watch is not None:
                watch(row, frame, drawn)
            progress(1)


def _timed_batches(
    video: Video, size: int, start: float, end: float | None, timings: Timings
) -> Iterator[FrameBatch]:
    batches = video.batches(size=size, start=start, end=end)
    while True:
        with timings.measure("decode"):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch
