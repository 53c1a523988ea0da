"""Clips of drawn people whose joints are known, and models that know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app import boxes
from app.people.crowd import Crowd
from app.video.types import FrameBatch
from estimators import FramePoses, Skeleton
from estimators.finder import Found
from estimators.joints import JOINTS
from estimators.synthetic import Appearance, draw_background, draw_body, place, pose_at

FPS = 20
SIZE = (320, 240)
SKELETON = Skeleton("drawn", JOINTS, (("neck", "head_top"),))
RED = Appearance(shirt=(200, 30, 30), trousers=(90, 20, 20))
BLUE = Appearance(shirt=(30, 60, 200), trousers=(20, 30, 90))

# Seconds -> x of the pelvis, or None where the person is away.
Path = Callable[[float], float | None]


@dataclass(frozen=True)
class Actor:
    """A drawn person; those who come later in a cast are nearer to the viewer."""

    path: Path
    look: Appearance
    height: float = 130.0
    yaw: float = 1.2


@dataclass(frozen=True)
class Clip:
    """Frames (T, H, W, 3) and the true joints (T, people, 15, 2), NaN for who is away or out of the frame."""

    frames: NDArray[np.uint8]
    truth: NDArray[np.float64]

    def __add__(self, other: Clip) -> Clip:
        return Clip(np.concatenate([self.frames, other.frames]), np.concatenate([self.truth, other.truth]))


def film(actors: Sequence[Actor], *, seconds: float, seed: int = 0) -> Clip:
    """A clip of SIZE at FPS."""
    width, height = SIZE
    background = draw_background(np.random.default_rng(seed), size=(height, width))
    count = round(seconds * FPS)
    frames = np.repeat(background[None], count, axis=0)
    truth = np.full((count, len(actors), len(JOINTS), 2), np.nan)
    for number in range(count):
        for who, actor in enumerate(actors):
            x = actor.path(number / FPS)
            if x is None:
                continue
            pose = pose_at("walk", number / FPS, yaw=actor.yaw)
            body = place(pose, height=actor.height, pelvis=(x, 0.55 * height))
            draw_body(frames[number], body, actor.look)
            if -0.1 * actor.height < x < width + 0.1 * actor.height:
                truth[number, who] = body.keypoints
    return Clip(frames, truth)


def around(joints: NDArray[np.floating], pad: float) -> boxes.Boxes:
    scored = np.concatenate([joints, np.ones((len(joints), 1))], axis=1)
    box = boxes.around(scored, min_score=0.5, pad=pad)
    assert box is not None
    return box


def hidden(truth: NDArray[np.floating], who: int) -> bool:
    """Whether somebody nearer stands before more than half of this person (truth: (people, 15, 2))."""
    mine = around(truth[who], 0.08)
    for other in range(who + 1, len(truth)):
        if np.isfinite(truth[other]).all():
            theirs = around(truth[other], 0.08)
            sides = np.minimum(mine[2:], theirs[2:]) - np.maximum(mine[:2], theirs[:2])
            if np.prod(np.clip(sides, 0, None)) > 0.5 * np.prod(mine[2:] - mine[:2]):
                return True
    return False


class KnowingEstimator:
    """Gives the true joints, a little off, of whoever fits the box best; of the nearer where they meet."""

    name = "knowing"
    skeleton = SKELETON
    batch_size = 8
    weights_sha256 = "2" * 64

    def __init__(self, clip: Clip, *, finds_people: bool = False) -> None:
        self.finds_people = finds_people
        self._truth = clip.truth
        self._rng = np.random.default_rng(5)

    def estimate(self, frames, *, pts_seconds, boxes=None):
        answers = []
        for i, seconds in enumerate(pts_seconds):
            people = self._truth[round(seconds * FPS)]
            seen = [
                who
                for who in range(len(people))
                if np.isfinite(people[who]).all() and not hidden(people, who)
            ]
            places = [around(people[who], 0.15) for who in seen] if boxes is None else list(boxes[i])
            poses = [self._pose(people, seen, box) for box in places]
            answers.append(
                FramePoses(
                    seconds,
                    np.array([keypoints for keypoints, _ in poses], np.float32).reshape(-1, len(JOINTS), 3),
                    np.array(places, np.float32).reshape(-1, 4),
                    np.array([score for _, score in poses], np.float32),
                )
            )
        return answers

    def _pose(self, people, seen, box):
        keypoints = np.full((len(JOINTS), 3), np.nan)
        keypoints[:, 2] = 0
        fits = [(boxes.overlap(around(people[who], 0.15), box), who) for who in seen]
        share, who = max(fits, default=(0.0, 0))
        if share < 0.2:
            return keypoints, 0.1
        keypoints[:, :2] = people[who] + self._rng.normal(0, 1.0, (len(JOINTS), 2))
        keypoints[:, 2] = 0.7
        return keypoints, 0.7


class KnowingFinder:
    """Gives boxes around everybody who is not hidden."""

    name = "knowing"

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self.calls = 0

    def find(self, frames):
        self.calls += len(frames)
        return [self._find(frame) for frame in frames]

    def _find(self, frame):
        # Frames come without their number.
        number = next(
            i for i, other in enumerate(self._clip.frames) if other is frame or (other == frame).all()
        )
        people = self._clip.truth[number]
        found = [
            np.clip(around(people[who], 0.08), 0, np.tile(SIZE, 2))
            for who in range(len(people))
            if np.isfinite(people[who]).all() and not hidden(people, who)
        ]
        return Found(np.array(found, np.float32).reshape(-1, 4), np.full(len(found), 0.8, np.float32))


def watch(clip: Clip, *, finds_people: bool = False, most: int = 12, first_box=None, batch: int = 8) -> Crowd:
    """Follows everybody through a clip."""
    crowd = Crowd(
        KnowingEstimator(clip, finds_people=finds_people),
        None if finds_people else KnowingFinder(clip),
        frame_size=SIZE,
        fps=FPS,
        most=most,
        first_box=first_box,
        measure=lambda stage: nullcontext(),
    )
    for at in range(0, len(clip.frames), batch):
        rows = np.arange(at, min(at + batch, len(clip.frames)))
        crowd.follow(FrameBatch(rows, rows / FPS, clip.frames[rows]))
    return crowd
