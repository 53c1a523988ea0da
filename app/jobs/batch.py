"""Runs the jobs of one command, one after the other; a file that fails does not stop the next."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from app import pipeline
from app.anonymise.heads import Heads, find_heads
from app.errors import PosefixError
from app.jobs.files import check_folder, missing_folders, remove_empty
from app.jobs.inputs import Job
from app.jobs.progress import Reporter
from app.keypoints import formats, posefix_json
from app.keypoints.clip import from_result
from app.keypoints.formats import Format
from app.rendering.overlay import Style
from app.rendering.stills import FrameChoice, Montage, save_png
from app.result import Result
from app.tracking.selection import PeopleSelection
from app.video.reader import Video, open_video
from app.video.types import VideoInfo
from corrector import Corrector
from estimators import Estimator
from estimators.boxes import Boxes
from estimators.detectors import Detector


@dataclass(frozen=True)
class Options:
    """What to do with each file; see ``posefix --help``.

    ``told``: what the command was told beyond this, as plain values by name, for the record of the run.
    """

    start: float = 0.0
    end: float | None = None
    box: Boxes | None = None
    people: PeopleSelection = field(default_factory=PeopleSelection)
    overwrite: bool = False
    video: bool = True
    style: Style = field(default_factory=Style)
    frames: FrameChoice | None = None
    montage: bool = False
    formats: tuple[Format, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JobResult:
    """How a file ended.

    Attributes:
        source: the file.
        status: done, skipped, damaged (done as far as it could be read), incomplete (a frame that was asked
            for is not there) or failed.
        message: why, where it is not done.
        frames: how many were worked on.
        seconds: wall time.
        corrected: how much was corrected, in words.
        stages: frames a second of each stage.
    """

    source: Path
    status: str
    message: str = ""
    frames: int = 0
    seconds: float = 0.0
    corrected: str = ""
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """False where the user has to look after it."""
        return self.status in ("done", "skipped")


@dataclass(frozen=True)
class Models:
    """What works on the files; detector: None for an estimator that finds people itself."""

    estimator: Estimator
    corrector: Corrector
    detector: Detector | None


def run(jobs: list[Job], options: Options, *, models: Models, reporter: Reporter) -> list[JobResult]:
    """Works through the jobs and reports each as it ends."""
    outcomes = []
    for job in jobs:
        outcome = _run_safely(job, options, models, reporter)
        outcomes.append(outcome)
        reporter.file_done()
        if outcome.message:
            reporter.say(outcome.message)
        if outcome.stages:
            rates = ", ".join(f"{stage} {rate:.0f}" for stage, rate in outcome.stages.items())
            reporter.tell(f"{job.source.name}: frames/s by stage: {rates}")
    return outcomes


def _run_safely(job: Job, options: Options, models: Models, reporter: Reporter) -> JobResult:
    start, absent = time.perf_counter(), missing_folders(job.folder)
    try:
        return run_job(job, options, models=models, reporter=reporter)
    except PosefixError as error:
        message = str(error)
    except OSError as error:
        message = f"{error.filename or job.source}: {error.strerror or error}. Check the path and the disk."
    except Exception as error:  # noqa: BLE001 - one bad file must not end a night's batch
        words = " ".join(str(error).split())
        where = traceback.extract_tb(error.__traceback__)[-1]
        message = (
            f"{job.source}: {type(error).__name__}: {words} ({Path(where.filename).name}:{where.lineno}). "
            "This is a fault of posefix: please report it with the output of posefix info."
        )
    remove_empty(absent)
    return JobResult(job.source, "failed", message, seconds=time.perf_counter() - start)


def run_job(job: Job, options: Options, *, models: Models, reporter: Reporter) -> JobResult:
    """One file, from video to results.

    Raises:
        PosefixError: bad input, or a result that cannot be written.
    """
    begun = time.perf_counter()
    if not options.overwrite and (there := _existing(job, options)):
        return JobResult(
            job.source, "skipped", f"{there}: exists, {job.source} skipped. --overwrite redoes it."
        )
    video = open_video(job.source)
    check_folder(job.folder)
    name = job.source.name
    with reporter.stage(name, "estimate", total=_expected_frames(video.info, options)) as progress:
        result = pipeline.estimate(
            video,
            models.estimator,
            start=options.start,
            end=options.end,
            box=options.box,
            people=options.people,
            detector=models.detector,
            progress=progress,
        )
    frames = len(result.frame_indices)
    with reporter.stage(name, "correct", total=frames) as progress:
        result = pipeline.correct(result, models.corrector, progress=progress)
    result = replace(result, run=result.run.after({}, options=options.told))
    # The data appears last, so that an interrupted file leaves nothing that looks done, but is on the disk
    # first: an overlay without its data would be taken for a finished file the next time.
    with posefix_json.saving(result, job.data):
        heads = _find_heads(options, video, result, models, reporter) if options.style.hide_faces else None
        sheet, drawing = _draw(job, options, video, result, heads, reporter)
    if sheet is not None:
        save_png(job.montage, sheet)
    not_there = _frames_missing(job, options, result) + _write_formats(job, options, result)
    warnings = list(result.run.warnings)
    return JobResult(
        job.source,
        "damaged" if warnings else "incomplete" if not_there else "done",
        " ".join(warnings + not_there),
        frames=frames,
        seconds=time.perf_counter() - begun,
        corrected=describe_correction(result),
        stages=_rates(frames, result.run.seconds, drawing),
    )


def _write_formats(job: Job, options: Options, result: Result) -> list[str]:
    """Writes the data in other formats beside it; gives what could not be written."""
    clip, refused = from_result(result), []
    for chosen in options.formats:
        if chosen.name == "posefix":
            continue  # that is the data file
        path = chosen.path(job.folder, job.name, people=len(clip.tracks))
        try:
            formats.save(clip, path, chosen.name)
        except PosefixError as error:
            refused.append(str(error))
    return refused


def _frames_missing(job: Job, options: Options, result: Result) -> list[str]:
    there, wanted = result.frame_indices, options.frames
    if wanted is None:
        return []
    worked_on = f"those worked on are {there[0]} to {there[-1]}"
    if missing := sorted(wanted.indices.difference(there.tolist())):
        return [f"{job.source}: no picture of frame {', '.join(map(str, missing))}: {worked_on}."]
    if wanted.every is not None and not any(int(index) in wanted for index in there):
        return [f"{job.source}: no picture, as no frame is a multiple of {wanted.every}: {worked_on}."]
    return []


def _expected_frames(info: VideoInfo, options: Options) -> int:
    end = info.duration_seconds if options.end is None else min(options.end, info.duration_seconds)
    return max(1, round(info.frames * (end - options.start) / max(info.duration_seconds, 1e-9)))


def _existing(job: Job, options: Options) -> Path | None:
    wanted = [job.data] + ([job.video] if options.video else []) + ([job.montage] if options.montage else [])
    return next((path for path in wanted if path.exists()), None)


def _rates(frames: int, working: Mapping[str, float], drawing: Mapping[str, float]) -> dict[str, float]:
    """Frames a second of each stage; the video is decoded once for working and once for drawing."""
    stages = [*working, *(stage for stage in drawing if stage not in working)]
    return {s: frames / max(working.get(s, 0.0) + drawing.get(s, 0.0), 1e-9) for s in stages}


def _find_heads(
    options: Options, video: Video, result: Result, models: Models, reporter: Reporter
) -> Heads | None:
    """Where the heads are, if any picture is to be written."""
    if not (options.video or options.frames or options.montage):
        return None
    with reporter.stage(video.info.path.name, "find heads", total=len(result.frame_indices)) as progress:
        return find_heads(
            video, result, estimator=models.estimator, detector=models.detector, progress=progress
        )


def _draw(
    job: Job,
    options: Options,
    video: Video,
    result: Result,
    heads: Heads | None,
    reporter: Reporter,
) -> tuple[NDArray[np.uint8] | None, Mapping[str, float]]:
    """Writes the video and the frames that are wanted; gives the montage, and seconds by stage."""
    montage = Montage(result, style=options.style) if options.montage else None
    if not (options.video or options.frames or montage):
        return None, {}

    def watch(row: int, frame: NDArray[np.uint8], drawn: NDArray[np.uint8]) -> None:
        index = int(result.frame_indices[row])
        if options.frames is not None and index in options.frames:
            save_png(job.still(index), drawn)
        if len(result.frame_indices) == 1:
            save_png(job.picture, drawn)  # a photograph
        if montage is not None:
            montage.add(row, frame)

    with reporter.stage(job.source.name, "render", total=len(result.frame_indices)) as progress:
        seconds = pipeline.render(
            video,
            result,
            job.video if options.video else None,
            style=options.style,
            heads=heads,
            watch=watch,
            progress=progress,
        )
    return montage.sheet() if montage is not None else None, seconds


def describe_correction(result: Result) -> str:
    """How much was corrected, in a few words."""
    if not result.people:
        return "nobody found"
    doubtful = [person.unsure.any(axis=1) for person in result.people if person.unsure is not None]
    words = describe_changes(
        np.concatenate([person.moved_px[np.isfinite(person.moved_px)] for person in result.people]),
        filled=sum(int(person.filled.sum()) for person in result.people if person.filled is not None),
        unsure=int(np.any(doubtful, axis=0).sum()) if doubtful else 0,
        frames=len(result.frame_indices),
    )
    return words if len(result.people) == 1 else f"{len(result.people)} people, {words}"


def describe_changes(moved_px: NDArray[np.floating], *, filled: int, unsure: int, frames: int) -> str:
    """How far joints (N,) were moved, how many filled in, and how many of the frames are unsure."""
    words = f"moved {moved_px.mean():.1f} px" if len(moved_px) else "moved nothing"
    words += f", filled {filled}" if filled else ""
    return f"{words}, unsure in {unsure} of {frames} frames" if unsure else words


def table(outcomes: list[JobResult]) -> Table:
    """A row a file."""
    grid = Table(title=None, box=None, pad_edge=False)
    for column, justify in (
        ("file", "left"),
        ("frames", "right"),
        ("took", "right"),
        ("corrected", "left"),
    ):
        grid.add_column(column, justify=justify)  # type: ignore[arg-type]
    grid.add_column("result")
    for outcome in outcomes:
        grid.add_row(
            str(outcome.source),
            str(outcome.frames or ""),
            f"{outcome.seconds:.1f} s" if outcome.frames else "",
            outcome.corrected,
            outcome.status,
        )
    return grid
