"""Models that need no weights: an estimator that finds a bright blob, a corrector that shifts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from corrector import Correction
from estimators import FramePoses, Skeleton
from estimators.finder import Found

UPPER_BODY = Skeleton(
    name="upper_body",
    joints=(
        "head",
        "left_shoulder",
        "right_shoulder",
        "left_elbow",
        "right_elbow",
        "left_wrist",
        "right_wrist",
    ),
    limbs=(
        ("left_shoulder", "right_shoulder"),
        ("left_shoulder", "left_elbow"),
        ("left_elbow", "left_wrist"),
        ("right_shoulder", "right_elbow"),
        ("right_elbow", "right_wrist"),
    ),
)
# Where the joints are, from the middle of the blob, in units of its side.
LAYOUT = np.array(
    [[0, -0.5], [0.3, -0.2], [-0.3, -0.2], [0.4, 0.1], [-0.4, 0.1], [0.5, 0.4], [-0.5, 0.4]], np.float32
)


class BlobEstimator:
    """Takes the bright pixels in a box for a person; sure of it where the blob is neither cut nor tiny."""

    name = "blob"
    skeleton = UPPER_BODY
    batch_size = 4
    weights_sha256 = "0" * 64

    def __init__(self, *, finds_people: bool = False) -> None:
        self.finds_people = finds_people
        self.calls: list[int] = []

    def estimate(
        self,
        frames: NDArray[np.uint8],
        *,
        pts_seconds: Sequence[float],
        boxes: Sequence[NDArray[np.floating]] | None = None,
    ) -> list[FramePoses]:
        height, width = frames.shape[1:3]
        whole = np.array([[0, 0, width, height]], np.float32)
        wanted = [whole] * len(frames) if boxes is None else boxes
        self.calls.append(sum(len(boxes_of_frame) for boxes_of_frame in wanted))
        found = []
        for frame, seconds, tried in zip(frames, pts_seconds, wanted, strict=True):
            poses = [self._look(frame, box) for box in tried]
            keypoints = np.array([pose for pose, _ in poses], np.float32).reshape(-1, 7, 3)
            scores = np.array([score for _, score in poses], np.float32)
            looked = np.asarray(tried, np.float32)
            if boxes is None:
                there = scores > 0
                keypoints, looked, scores = keypoints[there], looked[there], scores[there]
            found.append(FramePoses(float(seconds), keypoints, looked, scores))
        return found

    def _look(self, frame: NDArray[np.uint8], box: NDArray[np.floating]) -> tuple[NDArray[np.float32], float]:
        keypoints = np.full((7, 3), np.nan, np.float32)
        keypoints[:, 2] = 0
        # As top-down networks do: what lies a little outside the box is seen, too.
        margin = 0.25 * float(max(box[2:] - box[:2]))
        x1, y1, x2, y2 = (max(0, int(v)) for v in box + np.array([-margin, -margin, margin, margin]))
        inside = frame[y1:y2, x1:x2, 0] > 200
        if not inside.any():
            return keypoints, 0.0
        ys, xs = np.nonzero(inside)
        side = float(max(np.ptp(xs), np.ptp(ys)) + 1)
        middle = np.array([x1 + (xs.min() + xs.max()) / 2, y1 + (ys.min() + ys.max()) / 2])
        whole = (frame[..., 0] > 200).sum()
        score = float(inside.sum() / whole) * float(np.clip(4 * side / max(x2 - x1, y2 - y1), 0, 1))
        keypoints[:, :2] = middle + LAYOUT * side
        keypoints[:, 2] = score
        return keypoints, score


def blob_frames(
    centres: Sequence[tuple[float, float] | None], *, side: int = 24, size: tuple[int, int] = (160, 120)
) -> NDArray[np.uint8]:
    """Black frames of ``size`` (width, height) with a white square at each centre, or none."""
    frames = np.zeros((len(centres), size[1], size[0], 3), np.uint8)
    for frame, centre in zip(frames, centres, strict=True):
        if centre is not None:
            x, y = (round(c - side / 2) for c in centre)
            frame[max(0, y) : y + side, max(0, x) : x + side] = 255
    return frames


class ShiftCorrector:
    """Moves every joint two pixels to the right, and fills nothing."""

    name = "shift"
    weights_sha256 = "1" * 64

    def correct(
        self, keypoints: NDArray[np.float32], *, pts_seconds: NDArray[np.float64], joints: Sequence[str]
    ) -> Correction:
        assert keypoints.shape == (len(pts_seconds), len(joints), 3)
        moved = keypoints[..., :2] + np.array([2, 0], np.float32)
        return Correction(
            keypoints=moved,
            error_px=np.ones(moved.shape[:2], np.float32),
            filled=np.zeros(moved.shape[:2], bool),
            unsure=np.zeros(moved.shape[:2], bool),
        )


class BlobFinder:
    """Takes each bright blob for a person, and is sure of it."""

    name = "blob"

    def __init__(self) -> None:
        self.calls = 0

    def find(self, frames: NDArray[np.uint8]) -> list[Found]:
        self.calls += len(frames)
        return [self._find(frame) for frame in frames]

    def _find(self, frame: NDArray[np.uint8]) -> Found:
        count, _, stats, _ = cv2.connectedComponentsWithStats((frame[..., 0] > 200).astype(np.uint8))
        corners = stats[1:count, :2].astype(np.float32)
        boxes = np.concatenate([corners, corners + stats[1:count, 2:4]], axis=1)
        return Found(boxes, np.full(len(boxes), 0.9, np.float32))
