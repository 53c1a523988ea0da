"""From a video to corrected keypoints, stage by stage; plain data passes from one to the next.

``estimate`` reads the video once, ``correct`` works on the keypoints of the whole clip, ``render`` reads
the video again: a few frames are in memory at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.anonymise.heads import Heads
from app.errors import PosefixError
from app.rendering.overlay import OverlayAnnotator, Style
from app.result import ModelRecord, Person, Result, RunRecord, VideoSource
from app.tracking.scene_cuts import SceneCutDetector, cut_rows
from app.tracking.selection import PeopleSelection, SelectedPerson, select_people
from app.tracking.tracker import create_tracker
from app.tracking.windows import WindowFrame, windows
from app.video.reader import Video
from app.video.types import FrameBatch, VideoInfo
from app.video.writer import VideoWriter, write_video
from corrector import Corrector
from estimators import Estimator, boxes, detectors
from estimators.boxes import Boxes
from estimators.detectors import Detector
from estimators.interface import context_frames

# Intersection over union of one person's boxes in two frames that follow each other; less is a leap.
SAME_PLACE = 0.05
# Told how many frames a stage is through with.
Progress = Callable[[int], None]
# Told of every picture that is drawn: row of the result, the frame as it was, the frame with its overlay.
Spectator = Callable[[int, NDArray[np.uint8], NDArray[np.uint8]], None]


class _Clock:
    """Adds up the seconds of stages within one function, which gives them away when it is done."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start

    def decode(self, batches: Iterator[FrameBatch]) -> Iterator[FrameBatch]:
        """The batches, each timed as it is fetched."""
        while True:
            with self.measure("decode"):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch


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
) -> Result:
    """Joints of the people who are meant in every frame.

    Args:
        video: from :func:`app.open_video`.
        estimator: from :func:`estimators.create`.
        start, end: seconds; frames shown in start <= t < end are looked at.
        box: x1, y1, x2, y2 of a person in the first frame, in pixels, who comes before all others.
        people: who is meant; None: the most prominent person of each shot.
        detector: says where people are; None: the built-in one, on the estimator's ``device`` where it has
            one and else on the CPU. An estimator that finds people needs none.
        progress: called with the number of frames done.

    Returns:
        With a record of the options, of the seconds of ``decode``, ``find`` (cuts and detector) and
        ``estimate``, and of what was wrong with the file.

    Raises:
        PosefixError: no frame can be decoded, none lies between start and end, or there is no such person.
    """
    clock, people, info = _Clock(), people or PeopleSelection(), video.info
    size = (info.width, info.height)
    if detector is None and not estimator.finds_people:
        detector = detectors.create(device=getattr(estimator, "device", torch.device("cpu")))
    tracker = create_tracker(
        estimator, detector, frame_size=size, fps=info.fps, most=people.followed, first_box=box
    )
    frames: list[WindowFrame] = []
    upcoming = _frames(video, start, end, clock)
    for window in windows(upcoming, fps=info.fps, context=context_frames(estimator)):
        for rows in window.shots():
            with clock.measure("find"):
                found = tracker.detect(window, rows)
            with clock.measure("estimate"):
                tracker.follow(window, rows, found)
        frames += (frame.without_picture() for frame in window.worked_on)
        progress(len(window.worked_on))
    if not frames:
        raise PosefixError(_no_frame(info, start, end))
    seconds = np.array([frame.seconds for frame in frames])
    with _naming(info.path):
        chosen = select_people(
            tracker.store,
            people,
            frame_size=size,
            clip_seconds=float(seconds[-1] - seconds[0]),
            first_box=box,
        )
    options = {"start": start, "end": end, "box": None if box is None else box.tolist()}
    options |= people.options | {"detector": None if detector is None else detector.name}
    return Result(
        source=VideoSource(file=info.path.name, width=info.width, height=info.height, fps=info.fps),
        skeleton=estimator.skeleton,
        frame_indices=np.array([frame.index for frame in frames]),
        pts_seconds=seconds,
        people=tuple(_person(one, len(frames)) for one in chosen),
        estimator=ModelRecord(estimator.name, estimator.weights_sha256),
        cuts=tuple(cut_rows([frame.shot for frame in frames])),
        run=RunRecord(
            options,
            clock.seconds,
            warnings=tuple(line for frame in frames for line in frame.warnings),
            notes=tuple(line for frame in frames for line in frame.notes),
        ),
    )


def _frames(video: Video, start: float, end: float | None, clock: _Clock) -> Iterator[WindowFrame]:
    """The frames of a video, each with its shot."""
    cuts = SceneCutDetector()
    for batch in clock.decode(video.batches(size=1, start=start, end=end)):
        picture, seconds = batch.frames[0], float(batch.pts_seconds[0])
        with clock.measure("find"):
            shot = cuts.shot_of(picture, seconds, another=bool(batch.breaks))
        yield WindowFrame(int(batch.indices[0]), seconds, picture, shot, batch.warnings, batch.notes)


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
    keypoints, looked, hypotheses = chosen.track.arrays(frames)
    return Person(
        chosen.id,
        initial=keypoints,
        boxes=looked,
        prominence=chosen.prominence,
        hypotheses=hypotheses,
    )


def correct(result: Result, corrector: Corrector, *, progress: Progress = _silent) -> Result:
    """The same people with corrected joints, and the seconds of ``correct`` in the record of the run.

    Raises:
        ValueError: the skeleton has no joint that the corrector knows; the message names them.
    """
    clock = _Clock()
    people = []
    for number, person in enumerate(result.people, start=1):
        with clock.measure("correct"):
            people.append(_corrected(person, result, corrector))
        frames = len(result.pts_seconds)
        progress(frames * number // len(result.people) - frames * (number - 1) // len(result.people))
    return replace(
        result,
        people=tuple(people),
        corrector=ModelRecord(corrector.name, corrector.weights_sha256),
        run=result.run.after(clock.seconds),
    )


def _corrected(person: Person, result: Result, corrector: Corrector) -> Person:
    shape = person.initial.shape[:2]
    keypoints = np.full((*shape, 2), np.nan, np.float32)
    error_px = np.full(shape, np.nan, np.float32)
    filled, unsure = np.zeros(shape, bool), np.zeros(shape, bool)
    for part in stretches(person, cuts=result.cuts):
        # Only where there are some: a corrector need not know of them.
        more: dict[str, Any] = {} if person.hypotheses is None else {"hypotheses": person.hypotheses[part]}
        correction = corrector.correct(
            person.initial[part],
            pts_seconds=result.pts_seconds[part],
            joints=result.skeleton,
            **more,
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


def render(
    video: Video,
    result: Result,
    path: str | Path | None,
    *,
    style: Style | None = None,
    heads: Heads | None = None,
    watch: Spectator | None = None,
    progress: Progress = _silent,
) -> Mapping[str, float]:
    """Reads the video again, draws everybody, and writes the overlay with the source's timing and sound.

    Args:
        video: that the result belongs to.
        result: from :func:`estimate` or :func:`correct`.
        path: of an MP4; None: no video is written.
        style: colours, sizes and what is drawn.
        heads: from :func:`app.find_heads`, for a style that hides faces; they are hidden in every picture.
        watch: called with the row, the frame and the drawn frame, for every row in order.
        progress: called with the number of frames done.

    Returns:
        The seconds of ``decode``, ``render`` and ``encode``.

    Raises:
        ValueError: the style hides faces and ``heads`` are not given.
        PosefixError: the folder or the disk does not take the file.
    """
    clock, style = _Clock(), style or Style()
    if style.hide_faces and heads is None:
        raise ValueError("Faces cannot be hidden without heads: app.find_heads gives them.")
    annotator = OverlayAnnotator(style, result)
    rows = {int(index): row for row, index in enumerate(result.frame_indices)}
    start, end = float(result.pts_seconds[0]), float(result.pts_seconds[-1]) + video.info.smallest_step
    with _overlay(video.info, result, path, size=annotator.size) as writer:
        for batch in clock.decode(video.batches(size=1, start=start, end=end)):
            row = rows.get(int(batch.indices[0]))
            if row is None:
                continue
            frame = batch.frames[0]
            with clock.measure("render"):
                if heads is not None and style.hide_faces:
                    frame = heads.hide(frame, row, how=style.hide_faces)
                drawn = annotator.annotate(frame, row)
            if writer is not None:
                with clock.measure("encode"):
                    writer.write(drawn, pts_seconds=float(result.pts_seconds[row]) - start)
            if watch is not None:
                watch(row, frame, drawn)
            progress(1)
    return clock.seconds


@contextmanager
def _overlay(
    info: VideoInfo, result: Result, path: str | Path | None, *, size: tuple[int, int]
) -> Iterator[VideoWriter | None]:
    """The overlay video that appears when the block ends; None where none is wanted."""
    if path is None:
        yield None
        return
    last_seconds = None
    if info.frames_counted and result.frame_indices[-1] + 1 == info.frames:
        last_seconds = max(info.smallest_step, info.duration_seconds - float(result.pts_seconds[-1]))
    with write_video(
        Path(path),
        width=size[0],
        height=size[1],
        fps=info.fps,
        pixel_aspect=info.pixel_aspect,
        last_seconds=last_seconds,
        sound_from=info.path if info.audio_codec else None,
        sound_start=info.start_seconds + float(result.pts_seconds[0]),
        sound_gap=info.longest_gap,
    ) as writer:
        yield writer
