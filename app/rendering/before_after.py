"""One person in one frame, initial joints beside corrected ones, close up, with what was changed marked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.rendering.figures import OUTLINE_COLOUR, SHIFT, Picture, fixed, spots
from app.rendering.overlay import OverlayAnnotator
from app.rendering.sizes import Pen, person_sizes
from app.rendering.style import WHITE, Style
from app.result import Result

# Of the person's longer side: a joint that was moved by less looks the same.
NOTICEABLE = 0.03
MARGIN = 0.2
NARROWEST, WIDEST = 0.45, 2.2  # width through height of a close-up
MARK = 2.6  # radius of the circle around a changed joint, in radii of joints
INITIAL_DOT = 0.7


@dataclass(frozen=True)
class Change:
    """A person in a frame whose joints the correction moved.

    Attributes:
        row: of the result.
        person: index into the result's people.
        moved_px: (joints,): by how much, 0 where nothing is known.
        noticeable: (joints,): whether it can be seen.
    """

    row: int
    person: int
    moved_px: NDArray[np.floating]
    noticeable: NDArray[np.bool_]


def changes_of(result: Result, person: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(T, joints): how far each joint was moved, in pixels and in the person's sizes; 0 where not known."""
    who = result.people[person]
    moved = np.nan_to_num(who.moved_px).astype(np.float64)
    size = person_sizes(who, fps=result.source.fps)
    return moved, moved / np.where(size > 0, size, np.inf)[:, None]


def change_at(result: Result, person: int, row: int) -> Change:
    """What the correction changed of a person in a row."""
    moved, shares = changes_of(result, person)
    return Change(row, person, moved[row], shares[row] >= NOTICEABLE)


def most_changed(result: Result, *, count: int, apart_seconds: float = 0.5) -> list[Change]:
    """Where the correction can be seen best: at most ``count``, in order, those of a person some time apart.

    Frames in which no joint was moved noticeably are left out.
    """
    found: list[tuple[float, Change]] = []
    for person in range(len(result.people)):
        moved, shares = changes_of(result, person)
        seen = np.flatnonzero((shares >= NOTICEABLE).any(axis=1))
        ranked = seen[np.argsort(-shares[seen].mean(axis=1), kind="stable")]
        chosen: list[int] = []
        for row in ranked.tolist():
            times = result.pts_seconds
            if all(abs(times[row] - times[other]) >= apart_seconds for other in chosen):
                chosen.append(row)
                change = Change(row, person, moved[row], shares[row] >= NOTICEABLE)
                found.append((float(shares[row].mean()), change))
            if len(chosen) == count:
                break
    best = sorted(found, key=lambda one: -one[0])[:count]
    return sorted((change for _, change in best), key=lambda change: (change.row, change.person))


class CloseUp:
    """Makes pairs of pictures, all of one size.

    Args:
        result: with corrected people.
        style: colours.
        height: of the pictures, in pixels.
        places: (row, person) of those to come: all get the shape that suits them on the whole.
    """

    def __init__(
        self, result: Result, *, style: Style, height: int, places: list[tuple[int, int]], paper: int = 255
    ) -> None:
        self._result, self._paper = result, paper
        self._style = replace(
            style, side_by_side=False, trail_seconds=0.0, tags=False, radius=None, thickness=None
        )
        shapes = [self._extent(row, person) for row, person in places]
        aspects = [(x2 - x1) / (y2 - y1) for x1, y1, x2, y2 in shapes]
        self._aspect = float(np.clip(np.median(aspects), NARROWEST, WIDEST)) if aspects else 1.0
        self.size = (max(2, round(height * self._aspect)), height)

    def pair(self, frame: Picture, change: Change) -> tuple[Picture, Picture]:
        """Before and after: uint8, (height, width, 3), RGB, of the frame of that row."""
        close, scale, origin = self._zoom(frame, change)
        local = self._local_result(change, scale, origin)
        before, after = (
            OverlayAnnotator(replace(self._style, draw=draw), local).annotate(close, 0)
            for draw in ("initial", "corrected")
        )
        self._mark(before, after, change, local)
        return before, after

    def _extent(self, row: int, person: int) -> tuple[float, float, float, float]:
        """The box around the joints before and after, with a margin."""
        who = self._result.people[person]
        points = who.initial[row, :, :2]
        if who.corrected is not None:
            points = np.concatenate([points, who.corrected[row]])
        there = points[np.isfinite(points).all(axis=1)]
        size = np.array([self._result.source.width, self._result.source.height])
        if not len(there):
            return 0.0, 0.0, float(size[0]), float(size[1])
        low, high = np.clip(there.min(axis=0), 0, size - 1), np.clip(there.max(axis=0), 0, size - 1)
        margin = MARGIN * float((high - low).max()) + 8
        (x1, y1), (x2, y2) = (low - margin).tolist(), (high + margin).tolist()
        return x1, y1, x2, y2

    def _zoom(self, frame: Picture, change: Change) -> tuple[Picture, float, NDArray[np.floating]]:
        """The close-up without joints, its scale, and the pixel of the frame at its corner."""
        x1, y1, x2, y2 = self._extent(change.row, change.person)
        wanted = np.array([max(x2 - x1, (y2 - y1) * self._aspect), max(y2 - y1, (x2 - x1) / self._aspect)])
        room = np.array([frame.shape[1], frame.shape[0]], float)
        middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
        # Inside the frame where it fits, else with paper around it.
        low = np.where(wanted <= room, np.clip(middle - wanted / 2, 0, room - wanted), (room - wanted) / 2)
        scale = float(self.size[1] / wanted[1])
        matrix = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale]])
        close = cv2.warpAffine(
            _softened(frame, scale),
            matrix,
            self.size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(self._paper,) * 3,
        )
        return close.astype(np.uint8), scale, low

    def _local_result(self, change: Change, scale: float, origin: NDArray[np.floating]) -> Result:
        """The result of this one frame and person in pixels of the close-up."""
        who, rows = self._result.people[change.person], slice(change.row, change.row + 1)
        initial = who.initial[rows].copy()
        initial[..., :2] = (initial[..., :2] - origin) * scale
        corrected = None if who.corrected is None else ((who.corrected[rows] - origin) * scale).astype("f4")
        person = replace(
            who,
            initial=initial,
            corrected=corrected,
            boxes=who.boxes[rows],
            error_px=None,
            filled=None,
            unsure=None if who.unsure is None else who.unsure[rows],
        )
        source = replace(self._result.source, width=self.size[0], height=self.size[1])
        return replace(
            self._result,
            source=source,
            people=(person,),
            frame_indices=self._result.frame_indices[rows],
            pts_seconds=self._result.pts_seconds[rows],
            cuts=(),
        )

    def _mark(self, before: Picture, after: Picture, change: Change, local: Result) -> None:
        """Circles around the changed joints, and on the corrected side where each came from."""
        (who,) = local.people
        if who.corrected is None:
            return
        size = float(person_sizes(who, fps=local.source.fps)[0])
        pen = Pen.of(size, picture_side=min(self.size), style=self._style)
        colour = self._style.initial_colour
        for joint in np.flatnonzero(change.noticeable):
            start, end = who.initial[0, joint, :2], who.corrected[0, joint]
            for picture, place in ((before, start), (after, end)):
                (spot,) = spots(picture, place[None])
                for line, ring in ((3, OUTLINE_COLOUR), (1, WHITE)):
                    cv2.circle(picture, spot, fixed(MARK * pen.radius), ring, line, cv2.LINE_AA, SHIFT)
            came, went = spots(after, np.stack([start, end]))
            for line, ring in ((3, OUTLINE_COLOUR), (1, WHITE)):
                cv2.line(after, came, went, ring, line, cv2.LINE_AA, SHIFT)
            cv2.circle(after, came, fixed(INITIAL_DOT * pen.radius + 1), WHITE, -1, cv2.LINE_AA, SHIFT)
            cv2.circle(after, came, fixed(INITIAL_DOT * pen.radius), colour, -1, cv2.LINE_AA, SHIFT)


def _softened(frame: Picture, scale: float) -> Picture:
    """The frame without what a picture smaller by ``scale`` cannot show, which would flicker in it."""
    if scale >= 0.7:
        return frame
    return cv2.GaussianBlur(frame, (0, 0), 0.35 / scale).astype(np.uint8)
