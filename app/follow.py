"""Where the person is: a box followed from frame to frame, and found again when it is lost.

An estimator that looks into boxes is told where to look: the box around the last frame's joints, padded.
The frames of a batch start from one box; those whose own joints ask for another are looked at again.
Where nobody is known, windows of several sizes all over the frame are tried and the surest one is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app import boxes
from app.boxes import Boxes
from app.video.types import FrameBatch
from estimators import Estimator, FramePoses


@dataclass(frozen=True)
class FollowSettings:
    """When a person counts as found, kept and lost.

    Attributes:
        found_score, lost_score: of the person, 0..1; being found takes more than being kept.
        doubt_seconds: somebody who has been kept for so long without the score of being found is lost.
        sure_score: with so much, the search does not go on to smaller windows.
        joint_score: joints below it do not shape the box.
        least: a box shrinks from frame to frame to no less than this share of its sides; joints that fade
            must not draw it ever tighter around the others.
        pad: margin around the joints, as a share of the longer side of their box.
        agreement: intersection over union of the box looked at and the box that its joints ask for, below
            which a frame is looked at again.
        found_agreement: the same, below which a search has found nobody: joints on a background point
            anywhere.
        search_seconds: how often an empty picture is searched.
        search_shares, search_stride: sides of the search's windows as shares of the frame's shorter side,
            and their step as a share of the side.
        candidates: windows of a search that are looked at more closely.
    """

    found_score: float = 0.5
    lost_score: float = 0.3
    doubt_seconds: float = 1.0
    sure_score: float = 0.65
    joint_score: float = 0.1
    least: float = 0.93
    pad: float = 0.15
    agreement: float = 0.7
    found_agreement: float = 0.35
    search_seconds: float = 1.0
    search_shares: tuple[float, ...] = (1.0, 0.6, 0.36)
    search_stride: float = 0.5
    candidates: int = 3


@dataclass(frozen=True)
class Followed:
    """The person in each of N frames.

    Attributes:
        keypoints: float32, (N, joints, 3): x, y, score; NaN where there is nobody.
        boxes: float32, (N, 4): where they were looked for; NaN where there is nobody.
    """

    keypoints: NDArray[np.float32]
    boxes: NDArray[np.float32]


class Follower:
    """Follows one person through a clip, batch by batch, in order.

    Args:
        estimator: gives the joints.
        first_box: x1, y1, x2, y2 of the person in the first frame; None: they are searched for.
        settings: when a person counts as found and lost.
    """

    def __init__(
        self, estimator: Estimator, *, first_box: Boxes | None = None, settings: FollowSettings | None = None
    ) -> None:
        self._estimator = estimator
        self._settings = settings or FollowSettings()
        self._box = first_box
        self._next_search = -np.inf
        # Whoever is in the box given is taken at the user's word until they are seen well.
        self._sure_at = np.inf

    def follow(self, batch: FrameBatch) -> Followed:
        """The person in each frame of the next batch."""
        people: list[FramePoses | None] = []
        while len(people) < len(batch):
            at = len(people)
            if self._box is None:
                self._box = self._search(batch, at)
                self._sure_at = float(batch.pts_seconds[at])
            if self._box is None:
                people.append(None)
            else:
                people += self._follow_from(batch, at)
        return _stack(people, len(self._estimator.skeleton.joints))

    def _follow_from(self, batch: FrameBatch, at: int) -> list[FramePoses | None]:
        """Poses from frame ``at`` on, up to the frame in which the person is lost, at least one."""
        poses = self._estimate(batch, range(at, len(batch)), [self._box] * (len(batch) - at))
        poses = self._look_again(batch, at, poses)
        kept: list[FramePoses | None] = []
        for pose in poses:
            box = self._next_box(pose, self._box)
            if box is None or self._is_lost(pose):
                self._box = None
                if kept:
                    # Just lost: searched for at once. Only an empty picture is searched now and then.
                    self._next_search = -np.inf
                # A frame that began with a search and still shows nobody must not be searched for ever.
                return kept or [None]
            self._box = box
            kept.append(pose)
        return kept

    def _is_lost(self, pose: FramePoses) -> bool:
        if pose.scores[0] >= self._settings.found_score:
            self._sure_at = pose.pts_seconds
        in_doubt = pose.pts_seconds - self._sure_at > self._settings.doubt_seconds
        return bool(in_doubt or pose.scores[0] < self._settings.lost_score)

    def _look_again(self, batch: FrameBatch, at: int, poses: list[FramePoses]) -> list[FramePoses]:
        """Looks again at the frames in which the joints ask for another box than was looked at."""
        asked = {i: self._next_box(pose, pose.boxes[0]) for i, pose in enumerate(poses)}
        wanted = {i: box for i, box in asked.items() if box is not None}
        off = [
            i for i, box in wanted.items() if boxes.overlap(box, poses[i].boxes[0]) < self._settings.agreement
        ]
        if not off:
            return poses
        again = self._estimate(batch, [at + i for i in off], [wanted[i] for i in off])
        better = {i: pose for i, pose in zip(off, again, strict=True) if pose.scores[0] >= poses[i].scores[0]}
        return [better.get(i, pose) for i, pose in enumerate(poses)]

    def _search(self, batch: FrameBatch, at: int) -> Boxes | None:
        """The box of the surest person in frame ``at``, or None."""
        if batch.pts_seconds[at] < self._next_search:
            return None
        self._next_search = batch.pts_seconds[at] + self._settings.search_seconds
        height, width = batch.frames.shape[1:3]
        settings = self._settings
        best, best_score = None, settings.found_score
        # The whole frame first, with somebody who fills it, then ever smaller windows.
        levels = [np.array([[0, 0, width, height]], np.float32)]
        levels += [
            boxes.windows(width, height, share=share, stride=settings.search_stride)
            for share in settings.search_shares
        ]
        for tried in levels:
            box, score = self._surest(batch, at, tried)
            if box is not None and score >= best_score:
                best, best_score = box, score
            if best is not None and best_score >= settings.sure_score:
                break
        return best

    def _surest(self, batch: FrameBatch, at: int, tried: Boxes) -> tuple[Boxes | None, float]:
        """The box and the score of the surest person in some windows of frame ``at``."""
        scores, asked = self._look_into(batch, at, tried)
        surest = [i for i in np.argsort(-scores)[: self._settings.candidates] if asked[i] is not None]
        if not surest:
            return None, 0.0
        # A window cuts and dwarfs people; the box their joints ask for shows what they are.
        closer = np.stack([asked[i] for i in surest])
        scores, asked = self._look_into(batch, at, closer)
        for i in np.argsort(-scores):
            box = asked[i]
            if box is not None and boxes.overlap(box, closer[i]) >= self._settings.found_agreement:
                return box, float(scores[i])
        return None, 0.0

    def _look_into(
        self, batch: FrameBatch, at: int, tried: Boxes
    ) -> tuple[NDArray[np.float32], list[Boxes | None]]:
        """For each box tried in frame ``at``: the person's score, and the box that its joints ask for."""
        scores: list[float] = []
        asked: list[Boxes | None] = []
        step = self._estimator.batch_size
        for first in range(0, len(tried), step):
            (found,) = self._estimator.estimate(
                batch.frames[at : at + 1],
                pts_seconds=[float(batch.pts_seconds[at])],
                boxes=[tried[first : first + step]],
            )
            scores += found.scores.tolist()
            asked += [self._box_around(keypoints) for keypoints in found.keypoints]
        return np.array(scores, np.float32), asked

    def _estimate(
        self, batch: FrameBatch, rows: range | list[int], wanted: list[Boxes | None]
    ) -> list[FramePoses]:
        picked = list(rows)
        return self._estimator.estimate(
            batch.frames[picked],
            pts_seconds=batch.pts_seconds[picked].tolist(),
            boxes=[np.asarray(box, np.float32).reshape(1, 4) for box in wanted],
        )

    def _next_box(self, pose: FramePoses, last: Boxes | None) -> Boxes | None:
        """The box that the joints of a pose ask for, not much smaller than the last."""
        box = self._box_around(pose.keypoints[0])
        if box is None or last is None:
            return box
        return boxes.at_least(box, self._settings.least * (last[2:] - last[:2]))

    def _box_around(self, keypoints: NDArray[np.floating]) -> Boxes | None:
        settings = self._settings
        return boxes.around(keypoints, min_score=settings.joint_score, pad=settings.pad)


class Chooser:
    """Keeps to one person where the estimator itself finds people in the whole frame.

    The first is the surest one, or the one in ``first_box``; from then on the one whose box overlaps most
    with the last. Lost for longer than ``patience_seconds``, the surest one is taken again.
    """

    def __init__(
        self, estimator: Estimator, *, first_box: Boxes | None = None, patience_seconds: float = 0.5
    ) -> None:
        self._estimator = estimator
        self._box = first_box
        self._patience = patience_seconds
        self._seen = -np.inf

    def follow(self, batch: FrameBatch) -> Followed:
        """The person in each frame of the next batch."""
        frames = self._estimator.estimate(batch.frames, pts_seconds=batch.pts_seconds.tolist())
        return _stack([self._choose(poses) for poses in frames], len(self._estimator.skeleton.joints))

    def _choose(self, poses: FramePoses) -> FramePoses | None:
        if len(poses.scores) == 0:
            return None
        ranks = poses.scores
        if self._box is not None and poses.pts_seconds - max(self._seen, 0.0) <= self._patience:
            overlaps = np.array([boxes.overlap(self._box, box) for box in poses.boxes])
            if overlaps.max() <= 0:
                return None
            ranks = overlaps
        best = int(np.argmax(ranks))
        self._box, self._seen = poses.boxes[best], poses.pts_seconds
        one = slice(best, best + 1)
        return FramePoses(poses.pts_seconds, poses.keypoints[one], poses.boxes[one], poses.scores[one])


def _stack(people: list[FramePoses | None], joints: int) -> Followed:
    """One row a frame, NaN where there is nobody."""
    keypoints = np.full((len(people), joints, 3), np.nan, np.float32)
    looked = np.full((len(people), 4), np.nan, np.float32)
    for row, poses in enumerate(people):
        if poses is not None:
            keypoints[row], looked[row] = poses.keypoints[0], poses.boxes[0]
    return Followed(keypoints, looked)
