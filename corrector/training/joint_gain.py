"""How far a network's corrections are trusted, joint by joint: fitted on takes that it was not trained on.

Where an estimator is good at a joint and the frames around say little, as on single photographs, a correction
harms as often as it helps. What the takes do not show to help is then not carried out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from corrector.api import Corrector
from corrector.features import Window, center_and_scale
from corrector.training.validation import Validation
from estimators.known_skeletons import of_joints
from estimators.skeletons import JOINTS

Floats = NDArray[np.floating]

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FARTHEST = 0.4
"""Of a person's size (RMS distance of the upper body's joints from their middle): errors beyond are all
alike, so that it is joints that come right which count, not how wrong the others are."""


def fit_joint_gain(watched: Sequence[tuple[Corrector, Validation]]) -> tuple[float, ...]:
    """The share of each joint's correction to carry out, in the order of the correctors' joints.

    Both sides of the body have the same. Joints that the takes do not have keep the whole correction.

    Args:
        watched: correctors that carry out every correction, trained alike, each with takes that it was not
            trained on.
    """
    losses: dict[str, list[Floats]] = {}  # (shares, T) of each take
    for corrector, validation in watched:
        joints = validation.joints
        for take, target in zip(validation.takes, validation.targets, strict=True):
            fixed = corrector.correct(take.detected, pts_seconds=take.pts_seconds, joints=joints).keypoints
            size = _size(target, joints)
            for column, joint in enumerate(joints):
                if joint in corrector.joints:
                    given = take.detected[:, column, :2]
                    parts = losses.setdefault(_part(joint), [])
                    parts.append(_loss(given, fixed[:, column] - given, target[:, column], size))
    shares = {part: _smallest_as_good(values) for part, values in losses.items()}
    return tuple(shares.get(_part(joint), 1.0) for joint in watched[0][0].joints)


def _smallest_as_good(losses: Sequence[Floats]) -> float:
    """The smallest share that does about as well as the best: within one standard error, over takes.

    The one-standard-error rule of Breiman et al. (Classification and Regression Trees, 1984). Frames of one
    take are alike, so takes are counted, not frames. 1 where nothing is known.
    """
    known = [loss for loss in losses if np.isfinite(loss).any()]
    if not known:
        return 1.0
    means = np.array([np.nanmean(loss, axis=1) for loss in known])
    behind = means - means[:, [int(np.argmin(means.mean(axis=0)))]]
    error = behind.std(axis=0, ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.zeros(len(SHARES))
    return SHARES[int(np.argmax(behind.mean(axis=0) <= error))]


def _part(joint: str) -> str:
    return joint.removeprefix("left_").removeprefix("right_")


def _size(points: Floats, joints: Sequence[str]) -> float:
    """Of the person in a take, in pixels."""
    track = torch.from_numpy(of_joints(joints).select(points))[None]
    there = track[..., 0].isfinite()
    return float(center_and_scale(Window(track, there, there, track[..., 0, 0]), JOINTS)[1])


def _loss(given: Floats, change: Floats, target: Floats, size: float) -> Floats:
    """Errors (shares, T) in person sizes, none above FARTHEST; NaN where there is no point."""
    moved = given + np.array(SHARES)[:, None, None] * change
    return np.minimum(np.linalg.norm(moved - target, axis=2) / size, FARTHEST)
