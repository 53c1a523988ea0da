"""What estimators that look for one person in each box have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from estimators.boxes import Boxes
from estimators.interface import FloatArray, FrameArray, FramePoses

JOINTS_OF_A_PERSON = 8  # a person seen to the waist shows so many
Look = Callable[[Sequence[tuple[FrameArray, Boxes]]], FloatArray]
"""Pairs of a frame (H, W, 3) and a box (4,) in, keypoints (pairs, joints, 3) out."""


def look_into_boxes(
    frames: FrameArray,
    pts_seconds: Sequence[float],
    boxes: Sequence[FloatArray] | None,
    *,
    look: Look,
    joints: int,
    batch_size: int,
) -> list[FramePoses]:
    """Poses as :meth:`estimators.Estimator.estimate` gives them, at most ``batch_size`` boxes at a time.

    Raises:
        ValueError: shapes that do not fit each other, or a box without an area.
    """
    found = frame_boxes(frames, pts_seconds, boxes)
    where = [(frame, box) for frame, those in zip(frames, found, strict=True) for box in those]
    keypoints = np.empty((len(where), joints, 3), dtype=np.float32)
    for start in range(0, len(where), batch_size):
        part = where[start : start + batch_size]
        keypoints[start : start + len(part)] = look(part)
    results, start = [], 0
    for seconds, those in zip(pts_seconds, found, strict=True):
        poses = keypoints[start : start + len(those)]
        start += len(those)
        results.append(FramePoses(float(seconds), poses, those, person_scores(poses)))
    return results


def frame_boxes(
    frames: FrameArray, pts_seconds: Sequence[float], boxes: Sequence[FloatArray] | None
) -> list[Boxes]:
    """The boxes of each frame as float32 (people, 4); the whole frame where none are given.

    Raises:
        ValueError: shapes that do not fit each other, or a box without an area.
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8:
        raise ValueError(f"Invalid frames {frames.dtype} {frames.shape}: uint8 (N, H, W, 3) wanted.")
    if len(pts_seconds) != len(frames) or (boxes is not None and len(boxes) != len(frames)):
        raise ValueError(f"Invalid pts_seconds or boxes: {len(frames)} of each wanted, one a frame.")
    if boxes is None:
        height, width = frames.shape[1:3]
        whole = np.array([[0, 0, width - 1, height - 1]], dtype=np.float32)
        return [whole for _ in frames]
    checked = [np.asarray(found, dtype=np.float32).reshape(-1, 4) for found in boxes]
    for found in checked:
        if not (np.isfinite(found).all() and (found[:, 2:] > found[:, :2]).all()):
            raise ValueError(f"Invalid box in {found.tolist()}: finite x1 < x2 and y1 < y2 wanted.")
    return checked


def person_scores(poses: FloatArray) -> FloatArray:
    """Mean score of each pose's best joints: (people, joints, 3) -> (people,)."""
    best = np.sort(poses[..., 2], axis=1)[:, -JOINTS_OF_A_PERSON:]
    return best.mean(axis=1)
