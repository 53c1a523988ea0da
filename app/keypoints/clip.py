"""Keypoints between a file and :class:`app.result.Result`: what each format is read into and written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError, UsageError
from app.result import ModelRecord, Person, Result, RunRecord, VideoSource
from estimators.skeletons import Skeleton

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

PIXELS, SHARES, LENGTHS = "pixels", "shares of the picture", "lengths"
"""What coordinates count in: pixels; 0..1 of the picture's width and height; metres and the like."""
# A person of fewer pixels is a unit that is none: the corrector takes everybody to be a pixel large at least.
WORKING_SIZE, SMALLEST_SIZE = 500.0, 20.0
LARGEST_BOX = 1e7
# Of a person's usual extent, added around their joints: what a detector's box leaves around people.
BOX_MARGIN = 0.1


@dataclass(frozen=True)
class Track:
    """One person through the T frames of a clip.

    Attributes:
        id: as the file has it, or from 0 by when people first appear.
        points: float64, (T, J, 3): x, y and score; NaN where missing.
        name: of the person, where the file has one.
        boxes: float64, (T, 4): x1, y1, x2, y2; NaN where nobody is; None: the file has none.
        initial: as points, before correction; None where nothing was corrected.
        error_px, filled, unsure, filtered: (T, J), as in :class:`app.result.Person`.
        prominence: as in :class:`app.result.Person`.
        hypotheses: as in :class:`app.result.Person`.
        extra: what goes through unchanged: depths, scores as given; (T, J) or (T,) each.
    """

    id: int
    points: Floats = field(repr=False)
    name: str = ""
    boxes: Floats | None = field(default=None, repr=False)
    initial: Floats | None = field(default=None, repr=False)
    error_px: Floats | None = field(default=None, repr=False)
    filled: Marks | None = field(default=None, repr=False)
    unsure: Marks | None = field(default=None, repr=False)
    filtered: Marks | None = field(default=None, repr=False)
    prominence: float | None = None
    hypotheses: NDArray[np.float32] | None = field(default=None, repr=False)
    extra: Mapping[str, Floats] = field(default_factory=dict, repr=False)

    @property
    def there(self) -> Marks:
        """(T, J): which joints have a place."""
        return np.asarray(np.isfinite(self.points[..., :2]).all(axis=2))


@dataclass(frozen=True)
class Clip:
    """People through T frames, as a file holds them.

    Attributes:
        skeleton: the joints under the names that posefix and its estimators use.
        frame_indices: int64, (T,): numbers of the frames, rising.
        tracks: the people.
        file_joints: the joints as the file names them; empty: as the skeleton does.
        frame_names: (T,), what the file calls each frame, "" where it has none; or empty.
        pts_seconds: float64, (T,): when each frame is shown; None: the file does not say.
        fps: frames a second; None: the file does not say.
        size: width and height of the frames in pixels; None: the file does not say.
        unit: PIXELS, SHARES or LENGTHS.
        decimals: of the coordinates in the file; None: of no interest.
        cuts: rows with which a new shot begins.
        source: name of the video, or else of the file.
        estimator, corrector, run: as in :class:`app.result.Result`.
        notes: what the user has to be told: what was taken for what.
        details: what a format keeps of a file for writing one like it.
    """

    skeleton: Skeleton
    frame_indices: NDArray[np.int64] = field(repr=False)
    tracks: tuple[Track, ...] = field(repr=False)
    file_joints: tuple[str, ...] = ()
    frame_names: tuple[str, ...] = field(default=(), repr=False)
    pts_seconds: Floats | None = field(default=None, repr=False)
    fps: float | None = None
    size: tuple[int, int] | None = None
    unit: str = PIXELS
    decimals: int | None = None
    cuts: tuple[int, ...] = ()
    source: str = ""
    estimator: ModelRecord = field(default_factory=lambda: ModelRecord("", ""))
    corrector: ModelRecord | None = None
    run: RunRecord = field(default_factory=RunRecord, repr=False)
    notes: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints as the file names them."""
        return self.file_joints or self.skeleton.joints

    def noting(self, *notes: str) -> Clip:
        """The same with more to tell."""
        return replace(self, notes=(*self.notes, *notes))

    def timed(self, fps: float | None) -> Clip:
        """The same with times, where it has none, of so many frames a second."""
        if self.pts_seconds is not None:
            own = fps is not None and self.fps is not None and not np.isclose(fps, self.fps, rtol=1e-3)
            words = f"has times of its own, about {self.fps or 0:.3f} frames a second: --fps is left out"
            return self.noting(words) if own else self
        rate = self.fps or fps
        if rate is None:
            return self
        return replace(self, fps=rate, pts_seconds=np.asarray(self.frame_indices / rate, np.float64))

    def scaled(self, factors: tuple[float, float], unit: str) -> Clip:
        """The same with x and y multiplied by ``factors``."""
        x, y = factors

        def points(values: Floats | None) -> Floats | None:
            return None if values is None else np.asarray(values * np.array([x, y, 1.0]))

        tracks = tuple(
            replace(
                track,
                points=track.points * np.array([x, y, 1.0]),
                initial=points(track.initial),
                boxes=None if track.boxes is None else track.boxes * np.array([x, y, x, y]),
                error_px=None if track.error_px is None else track.error_px * (x * y) ** 0.5,
            )
            for track in self.tracks
        )
        return replace(self, tracks=tracks, unit=unit)

    def in_pixels(self, size: tuple[int, int] | None, where: str) -> Clip:
        """The same in pixels where it is in shares of the picture.

        Args:
            size: width and height, for a clip that does not know its own.
            where: the file, for the message.

        Raises:
            PosefixError: it does not know its size and none is given, or it counts in lengths.
        """
        clip = self if self.size is not None or size is None else replace(self, size=size)
        if clip.unit == SHARES:
            if clip.size is None:
                raise UsageError(
                    f"{where}: its coordinates are shares of the picture (0 to 1). "
                    "Give the picture's --size WIDTHxHEIGHT."
                )
            return clip.scaled((float(clip.size[0]), float(clip.size[1])), PIXELS)
        clip._refuse_lengths(where)
        return clip

    def in_shares(self, where: str) -> Clip:
        """The same in shares of the picture, where it is in pixels.

        Raises:
            PosefixError: it does not know its size.
        """
        if self.unit == SHARES:
            return self
        self._refuse_lengths(where)
        if self.size is None:
            raise UsageError(
                f"{where}: shares of the picture are to be written. Give its --size WIDTHxHEIGHT."
            )
        return self.scaled((1 / self.size[0], 1 / self.size[1]), SHARES)

    def _refuse_lengths(self, where: str) -> None:
        if self.unit == LENGTHS:
            raise PosefixError(
                f"{where}: its coordinates are no pixels. Choose trc, csv, parquet, npz or pose."
            )

    def to_result(self, where: str) -> Result:
        """The clip as posefix works with it.

        Args:
            where: the file, for the messages.

        Raises:
            PosefixError: it has no times, or is not in pixels.
        """
        clip = self.in_pixels(None, where)
        if clip.pts_seconds is None:
            raise UsageError(f"{where}: does not say how fast its frames follow. Give --fps.")
        width, height = clip.size or (0, 0)
        rate = clip.fps or rate_of(clip.pts_seconds)
        return Result(
            source=VideoSource(file=clip.source, width=width, height=height, fps=rate),
            skeleton=clip.skeleton,
            frame_indices=clip.frame_indices,
            pts_seconds=clip.pts_seconds,
            people=tuple(_person(track) for track in clip.tracks),
            estimator=clip.estimator,
            corrector=clip.corrector,
            cuts=clip.cuts,
            run=clip.run,
        )

    def before_correction(self) -> Clip:
        """The same as it was before it was corrected."""
        tracks = tuple(
            track
            if track.initial is None
            else replace(
                track,
                points=track.initial,
                initial=None,
                error_px=None,
                filled=None,
                unsure=None,
                filtered=None,
            )
            for track in self.tracks
        )
        return replace(self, tracks=tracks, corrector=None)

    def working_scale(self) -> float:
        """What lengths are multiplied by for the corrector, whose people are tens of pixels large or more."""
        extents = [extent for track in self.tracks if (extent := float(usual_extent(track.points).max())) > 0]
        usual = float(np.median(extents)) if extents else WORKING_SIZE
        return 1.0 if self.unit != LENGTHS and usual >= SMALLEST_SIZE else WORKING_SIZE / usual

    def with_corrections(self, result: Result) -> Clip:
        """The same with what was corrected in ``result``, which came from :meth:`to_result`."""
        tracks = tuple(
            _corrected(track, person) for track, person in zip(self.tracks, result.people, strict=True)
        )
        return replace(self, tracks=tracks, corrector=result.corrector)


def from_result(result: Result) -> Clip:
    """A clip of the people as corrected, or as estimated where they are not."""
    source = result.source
    return Clip(
        skeleton=result.skeleton,
        frame_indices=result.frame_indices,
        tracks=tuple(_track(person) for person in result.people),
        pts_seconds=result.pts_seconds,
        fps=source.fps,
        size=(source.width, source.height) if source.width and source.height else None,
        cuts=result.cuts,
        source=source.file,
        estimator=result.estimator,
        corrector=result.corrector,
        run=result.run,
    )


def rate_of(pts_seconds: Sequence[float] | Floats) -> float:
    """Frames a second of times that rise; 1 for a single frame."""
    steps = np.diff(np.asarray(pts_seconds, np.float64))
    return float(1 / np.median(steps)) if len(steps) else 1.0


def usual_extent(points: Floats) -> Floats:
    """Median width and height (2,) of a person's joints (T, J, 2 or more); 0 where nobody is."""
    rows = points[np.isfinite(points[..., :2]).all(axis=2).sum(axis=1) >= 2, :, :2]
    if not len(rows):
        return np.zeros(2)
    return np.median(np.nanmax(rows, axis=1) - np.nanmin(rows, axis=1), axis=0)


def boxes_around(points: Floats) -> Floats:
    """Boxes (T, 4) around joints (T, J, 3), for files that have none; NaN in rows without a joint.

    No box is smaller than the person usually is, so that one of whom a hand alone is seen has not leapt.
    """
    boxes = np.full((len(points), 4), np.nan)
    rows = np.flatnonzero(np.isfinite(points[..., :2]).all(axis=2).sum(axis=1))
    if not len(rows):
        return boxes
    low, high = np.nanmin(points[rows, :, :2], axis=1), np.nanmax(points[rows, :, :2], axis=1)
    least = usual_extent(points)
    if not least.any():  # one joint alone: nobody can say what is a leap
        boxes[rows] = [*(low.min(axis=0) - 1), *(high.max(axis=0) + 1)]
        return boxes
    margin = np.maximum(0, least - (high - low)) / 2 + BOX_MARGIN * float(least.max())
    boxes[rows] = np.concatenate([low - margin, high + margin], axis=1)
    return boxes


def _person(track: Track) -> Person:
    given = track.points if track.initial is None else track.initial
    corrected, boxes = track.initial is not None, boxes_around(given)
    if track.boxes is not None:
        # A frame may have joints and no box: others leave boxes out as they like.
        sensible = (np.abs(track.boxes) <= LARGEST_BOX).all(axis=1)
        boxes[sensible] = track.boxes[sensible]

    def single(values: Floats | None) -> NDArray[np.float32] | None:
        return None if values is None else values.astype(np.float32)

    return Person(
        id=track.id,
        initial=given.astype(np.float32),
        boxes=boxes.astype(np.float32),
        corrected=track.points[..., :2].astype(np.float32) if corrected else None,
        error_px=single(track.error_px),
        filled=track.filled,
        unsure=track.unsure,
        filtered=track.filtered,
        prominence=track.prominence,
        hypotheses=track.hypotheses,
    )


def _track(person: Person) -> Track:
    given = person.initial.astype(np.float64)
    track = Track(
        id=person.id,
        points=given,
        boxes=person.boxes.astype(np.float64),
        prominence=person.prominence,
        hypotheses=person.hypotheses,
    )
    if person.corrected is None:
        return track
    return replace(_corrected(track, person), initial=given)


def _corrected(track: Track, person: Person) -> Track:
    """The track with the person's corrected joints; what was not moved keeps all its digits."""
    if person.corrected is None:
        return track
    kept = person.corrected == track.points[..., :2].astype(np.float32)
    points = track.points.copy()
    points[..., :2] = np.where(kept, track.points[..., :2], person.corrected)
    return replace(
        track,
        points=points,
        initial=track.points,
        error_px=None if person.error_px is None else person.error_px.astype(np.float64),
        filled=person.filled,
        unsure=person.unsure,
        filtered=person.filtered,
    )
