"""What is wrong with keypoints whatever file they come from, and what others write for missing ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints.clip import PIXELS, SHARES, Clip, Floats, Track

LARGEST_COORDINATE = 1e6
"""Pixels. No picture is so large: beyond, a number is taken for damage."""
LONGEST_GAP, GAP_SHARE = 10_000, 20
"""Frames without anybody may be so many, or so many times as many as those with somebody, whichever is more.
A frame farther off is taken for damage: five minutes and a half at 30 frames a second."""
MOST_FRAMES = 10_000_000
"""A day and a half at 60 frames a second."""
MOST_NUMBERS = 300_000_000
"""All people's coordinates and scores of a clip: 2.4 GB."""
PERCENT = 50.0
OVERSHOOT = 2.0
SHARES_END = 1.5
"""Coordinates that all lie within so much of the picture's size are taken for shares of it."""


@contextmanager
def damage_named(path: object, cure: str = "Write or copy it again.") -> Iterator[None]:
    """Tells of a file that is not built as its format says, whatever a library says about it.

    Raises:
        PosefixError: in place of any other exception.
    """
    try:
        yield
    except PosefixError:
        raise
    except MemoryError as error:
        raise PosefixError(f"{path}: asks for more memory than there is. {cure}") from error
    except Exception as error:
        words = " ".join(str(error).split())[:200]
        raise PosefixError(f"{path}: damaged ({type(error).__name__}: {words}). {cure}") from error


def check_frames(
    numbers: Collection[int], path: object, place: Callable[[int], str] = lambda frame: f"frame {frame}"
) -> None:
    """Refuses frame numbers below 0, and a frame that lies so far off the others that it must be damage.

    Args:
        numbers: of all frames with something in them.
        path: the file, for the message.
        place: where in the file a frame stands.

    Raises:
        PosefixError: there is such a frame.
    """
    frames = np.unique(np.fromiter(numbers, np.int64, len(numbers)))
    if len(frames) and frames[0] < 0:
        raise PosefixError(
            f"{path}, {place(int(frames[0]))}: Invalid frame ({frames[0]}). Supported values are 0 and above."
        )
    if len(frames) < 2:
        return
    gaps = np.diff(frames)
    widest = int(gaps.argmax())
    if gaps[widest] > max(LONGEST_GAP, GAP_SHARE * len(frames)):
        # The fewer frames are the wrong ones.
        lone = int(frames[widest + 1] if widest + 1 >= len(frames) / 2 else frames[widest])
        raise PosefixError(
            f"{path}, {place(lone)}: frame {lone} lies {gaps[widest]} frames off the others "
            f"({frames[0]} to {frames[-1]} in all). Mend its number, or give that part as a file of its own."
        )
    if frames[-1] - frames[0] >= MOST_FRAMES:
        raise PosefixError(
            f"{path}: frames from {frames[0]} to {frames[-1]}, more than {MOST_FRAMES}. Check their numbers."
        )


def check_amount(frames: int, people: int, joints: int, path: object) -> None:
    """Refuses what memory does not hold.

    Raises:
        PosefixError: there are too many numbers.
    """
    if frames * max(1, people) * max(1, joints) * 3 > MOST_NUMBERS:
        raise PosefixError(
            f"{path}: {people} people with {joints} joints over {frames} frames are too much at once. "
            "Give it in parts."
        )


def absurd(x: float, y: float) -> bool:
    """Whether a coordinate is infinite, or larger than any picture."""
    return any(number == number and not abs(number) <= LARGEST_COORDINATE for number in (x, y))


def check_clip(clip: Clip, path: object) -> None:
    """Refuses coordinates that can be none, and times that do not rise.

    Raises:
        PosefixError: there are such; the message names frame, joint and person.
    """
    for track in clip.tracks:
        who = f", person {track.name or track.id}" if len(clip.tracks) > 1 else ""
        for row in np.flatnonzero(_absurd(track.points).any(axis=(1, 2))):
            check_places(track.points[row], clip.joint_names, f"{path}, frame {clip.frame_indices[row]}{who}")
    if not len(clip.frame_indices):
        raise PosefixError(f"{path}: holds no frame. Give a file with keypoints in it.")
    check_times(clip.pts_seconds, clip.frame_indices, path)


def check_places(points: Floats, joints: Sequence[str], place: str) -> None:
    """Refuses coordinates of a person in a frame, (J, 2 or more), that are infinite or beyond any picture.

    Raises:
        PosefixError: there are such; the message names the joint.
    """
    for joint, axis in np.argwhere(_absurd(points))[:1].tolist():
        raise PosefixError(
            f"{place}, {joints[joint]}: Invalid {'xy'[axis]} ({points[joint, axis]:g}). Supported values are "
            f"{-LARGEST_COORDINATE:.0f} to {LARGEST_COORDINATE:.0f}, or nothing where it is missing."
        )


def _absurd(points: Floats) -> NDArray[np.bool_]:
    places = points[..., :2]
    return np.asarray(~np.isnan(places) & ~(np.abs(places) <= LARGEST_COORDINATE))


def check_times(times: Floats | None, frames: NDArray[np.int64], path: object) -> None:
    """Refuses frame numbers and times that do not rise.

    Raises:
        PosefixError: they do not; the message names the frame.
    """
    if (bad := np.flatnonzero(np.diff(frames) <= 0)).size:
        raise PosefixError(
            f"{path}: frame {frames[bad[0] + 1]} comes after frame {frames[bad[0]]}. "
            "Each frame comes once, in the order of their numbers."
        )
    if times is None:
        return
    if (lost := np.flatnonzero(~np.isfinite(times))).size:
        raise PosefixError(f"{path}, frame {frames[lost[0]]}: no time. Give each frame one, in seconds.")
    if (bad := np.flatnonzero(np.diff(times) <= 0)).size:
        row = int(bad[0])
        raise PosefixError(
            f"{path}, frame {frames[row + 1]}: its time ({times[row + 1]:g} s) does not come after that of "
            f"frame {frames[row]} ({times[row]:g} s). Times must rise."
        )


def zeros_as_missing(clip: Clip) -> Clip:
    """The same without joints at exactly 0, 0 that have no score, or one of 0: others write so."""
    tracks = tuple(replace(track, points=without_zeros(track.points)) for track in clip.tracks)
    return replace(clip, tracks=tracks)


def without_zeros(points: Floats, *, always: bool = False) -> Floats:
    """Points (..., 3) without those at exactly 0, 0, and without those of which only x or y is known.

    Args:
        points: x, y, score, in their file's own unit.
        always: those with a score are missing, too.
    """
    zero = (points[..., :2] == 0).all(axis=-1)
    if not always:
        zero &= np.isnan(points[..., 2]) | (points[..., 2] == 0)
    gone = zero | np.isnan(points[..., :2]).any(axis=-1)
    cleared = points.copy()
    cleared[gone, :2] = np.nan
    cleared[gone & (cleared[..., 2] == 0), 2] = np.nan
    return cleared


def scores_in_range(clip: Clip) -> Clip:
    """The same with scores in 0..1, and a note where they were not.

    Scores as given are kept in each track's ``extra["score"]``, for files of the same format.
    """
    scores = [track.points[..., 2] for track in clip.tracks]
    known = np.concatenate([s[np.isfinite(s)] for s in scores]) if scores else np.empty(0)
    if not known.size or (known.min() >= 0 and known.max() <= 1):
        return clip
    low, high = float(known.min()), float(known.max())
    divisor, how = 1.0, "cut at 0 and 1"
    if PERCENT < high <= 100:
        divisor, how = 100.0, "taken for percent"
    elif high > OVERSHOOT:
        divisor, how = high, f"divided by {high:g}"

    def mapped(track: Track) -> Track:
        points = track.points.copy()
        with np.errstate(invalid="ignore"):
            points[..., 2] = np.clip(points[..., 2] / divisor, 0, 1)
        return replace(track, points=points, extra={**track.extra, "score": track.points[..., 2]})

    note = f"scores from {low:g} to {high:g}: {how}"
    return replace(clip, tracks=tuple(mapped(track) for track in clip.tracks)).noting(note)


def unit_by_values(clip: Clip) -> Clip:
    """The same, in shares of the picture where no coordinate is larger than those are."""
    if clip.unit != PIXELS:
        return clip
    places = [track.points[..., :2] for track in clip.tracks]
    known = np.concatenate([p[np.isfinite(p)] for p in places]) if places else np.empty(0)
    shares = known.size > 0 and np.abs(known).max() <= SHARES_END and (known != np.round(known)).any()
    return replace(clip, unit=SHARES) if shares else clip


def whole_number(value: object, what: str, place: str) -> int:
    """A whole number from 0 up.

    Raises:
        PosefixError: it is none.
    """
    number = value
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        number = int(value)
    if isinstance(number, float | np.floating) and np.isfinite(number) and float(number).is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or not 0 <= number < 2**62:
        raise PosefixError(
            f"{place}: Invalid {what} ({value}). Supported values are whole numbers from 0 on."
        )
    return int(number)


def file_size_allows(amount: int, path: Path) -> bool:
    """Whether so many bytes may have come from a file of its size, packed as well as it may be."""
    return amount <= max(64 << 20, 2000 * path.stat().st_size)
