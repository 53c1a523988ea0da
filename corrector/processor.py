"""Cuts a clip's steps into overlapping windows, normalises them, and averages the network's answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from corrector.configuration import CorrectorConfig
from corrector.features import REFERENCE_STEP, Window, normalise
from corrector.modeling import CorrectorNetwork

Floats = NDArray[np.floating]

NEAR_SECONDS, FAR_SECONDS = 0.05, 0.1
"""Between neighbouring steps: up to the first, corrections are carried out in full; see
:func:`shrink_corrections`."""
MOST_SHRINKAGE = 4.0
"""It rises on beyond ``FAR_SECONDS``, up to so many times what it is there: at 4 frames a second."""


@dataclass(frozen=True)
class PoseSequence:
    """Poses of one person at rising times, all in the network's order of joints.

    Attributes:
        points: (S, J, 2), pixels, NaN where missing.
        scores: (S, J), 0..1.
        seconds: (S,).
    """

    points: Floats
    scores: Floats
    seconds: Floats


def window_starts(segment: slice, config: CorrectorConfig) -> list[int]:
    """First steps of a segment's windows; the last window ends where the segment ends."""
    last = max(segment.stop - config.window, segment.start)
    return [*range(segment.start, last, config.stride), last]


def window_weights(config: CorrectorConfig) -> Floats:
    """How much each step of a window counts in the average: all alike, or most in the middle."""
    steps = np.arange(config.window)
    if not config.tapered:
        return np.ones(config.window)
    return np.minimum(steps + 1, config.window - steps) / config.stride


def correct_segments(
    network: CorrectorNetwork,
    track: PoseSequence,
    segments: Sequence[slice],
    *,
    batch_size: int,
    device: torch.device,
    progress: Callable[[int], None] | None = None,
) -> tuple[Floats, Floats]:
    """Corrected points (S, J, 2) and expected errors (S, J, 2) in pixels and in person sizes.

    NaN outside of the segments. Each window lies in one segment. A step's answers are averaged over the
    windows that hold it.
    ``progress`` is told how many steps are done, after each batch of ``batch_size`` windows.
    """
    config = network.config
    total = np.zeros((*track.points.shape[:2], 4))
    weight = np.zeros(len(track.points))
    windows = [(start, part.stop) for part in segments for start in window_starts(part, config)]
    starts, stops = np.array(windows, dtype=np.int64).reshape(-1, 2).T
    per_step = window_weights(config)
    for first in range(0, len(starts), batch_size):
        chunk = slice(first, first + batch_size)
        steps = starts[chunk, None] + np.arange(config.window)
        inside = steps < stops[chunk, None]
        answers = _answer(network, track, np.minimum(steps, stops[chunk, None] - 1), inside, device)
        counts = np.broadcast_to(per_step, steps.shape)[inside]
        np.add.at(total, steps[inside], answers[inside] * counts[:, None, None])
        np.add.at(weight, steps[inside], counts)
        if progress is not None:
            progress(int(steps[inside].max()) + 1)
    with np.errstate(invalid="ignore"):
        mean = total / weight[:, None, None]
    points = shrink_corrections(
        mean[..., :2],
        mean[..., 2],
        track,
        low_fps_shrinkage=config.low_fps_shrinkage,
        joint_gain=config.joint_gain,
    )
    return points, mean[..., 2:]


def shrink_corrections(
    points: Floats,
    error: Floats,
    track: PoseSequence,
    *,
    low_fps_shrinkage: float,
    joint_gain: Sequence[float] = (),
) -> Floats:
    """Corrected points (S, J, 2), small corrections held back where frames lie far apart.

    There neighbours say little, and a correction that is smaller than the ``error`` (S, J) expected of it
    is as likely to harm as to help. Of each joint's correction, at most its ``joint_gain`` (J,) is carried
    out. Points that were missing stay as they are.
    """
    change = points - track.points
    share = np.ones(change.shape[:2])
    if low_fps_shrinkage and len(points) > 1:
        apart = (np.gradient(track.seconds) - NEAR_SECONDS) / (FAR_SECONDS - NEAR_SECONDS)
        squared = (change**2).sum(axis=2)
        doubt = (low_fps_shrinkage * np.clip(apart, 0, MOST_SHRINKAGE)[:, None] * error) ** 2
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(doubt > 0, squared / (squared + doubt), 1.0)
    if len(joint_gain):
        share = share * np.asarray(joint_gain)
    return np.where(np.isnan(change), points, track.points + share[..., None] * change)


def _answer(
    network: CorrectorNetwork,
    track: PoseSequence,
    steps: NDArray[np.int64],
    inside: NDArray[np.bool_],
    device: torch.device,
) -> Floats:
    """What :func:`correct_windows` gives for windows of steps; those not ``inside`` are padding."""
    points = track.points[steps]
    present = np.isfinite(points).all(axis=3) & inside[:, :, None]
    seconds = track.seconds[steps]
    seconds = seconds - seconds[:, :1] + REFERENCE_STEP * np.cumsum(~inside, axis=1)
    # Single precision resolves thousandths of a pixel; times are those since the window's first step.
    window = Window(
        torch.from_numpy(np.where(present[..., None], points, 0).astype(np.float32)),
        torch.from_numpy(present),
        torch.from_numpy(np.where(present, track.scores[steps], 0).astype(np.float32)),
        torch.from_numpy(seconds.astype(np.float32)),
    )
    with torch.inference_mode():
        return correct_windows(network, Window(*(part.to(device) for part in window))).cpu().numpy()


def correct_windows(network: CorrectorNetwork, window: Window) -> Tensor:
    """Corrected points in pixels, and expected errors in pixels and in person sizes: (B, L, J, 4)."""
    normal, placement = normalise(window, network.config.joints, upright=network.config.upright)
    answer = network(normal)
    error = answer.log_error.exp().unsqueeze(3)
    return torch.cat((placement.outside(answer.points), error * placement.size, error), dim=3)
