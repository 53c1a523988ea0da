"""One person in one frame, and what tells them from others."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from estimators import boxes

# Arms and legs swing; these stay with the body's middle.
SWINGING = ("elbow", "wrist", "knee", "ankle")
SURE_JOINT = 0.2
COLOUR_SIDE = 24  # pixels across of what colours are counted in
HUES, SHADES = 12, 6
SAME_OUTLINE = 0.7  # intersection over union of two poses' outlines: nobody hides another so exactly
GREYISH = 40  # saturation of 255 below which a hue says nothing
# Who is looked for and has no number yet: the user's own, and newcomers from here down.
GIVEN, NEW = -1, -2


@dataclass(frozen=True, eq=False)
class Observation:
    """One person in one frame.

    Attributes:
        row: of the frame in the result.
        seconds: when it is shown.
        keypoints: float32, (joints, 3): x, y, score; NaN where missing.
        box: float32, (4,): where they were looked for.
        score: of the person.
        core: which joints stay with the body's middle, (joints,).
        colours: float32, (bins,): shares of the colours of the clothes.
        confirmed: whether more than the pose alone says that somebody is there; None: nobody was asked.
        sought: number of the person who was looked for; GIVEN, or NEW and below, for who has none yet.
        hypotheses: float32, (joints, K, 3): see :class:`estimators.FramePoses`; None: there are none.
        angle: degrees by which the crop was turned.
    """

    row: int
    seconds: float
    keypoints: NDArray[np.float32] = field(repr=False)
    box: NDArray[np.float32] = field(repr=False)
    score: float
    core: NDArray[np.bool_] = field(repr=False)
    colours: NDArray[np.float32] = field(repr=False)
    confirmed: bool | None = None
    sought: int = NEW
    hypotheses: NDArray[np.float32] | None = field(default=None, repr=False)
    angle: float = 0.0

    @cached_property
    def outline(self) -> NDArray[np.float32]:
        """x1, y1, x2, y2 around the surer joints."""
        return outline(self.keypoints)

    @cached_property
    def size(self) -> float:
        """Longer side of the outline, in pixels."""
        return body_size(self.keypoints)

    @cached_property
    def centre(self) -> NDArray[np.float32]:
        """x, y of the body's middle."""
        return body_centre(self.keypoints, self.core)


def outline(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    """x1, y1, x2, y2 around the surer joints (joints, 3), of which there is one at least."""
    return boxes.enclosing(_surer(keypoints)).astype(np.float32)


def body_size(keypoints: NDArray[np.float32]) -> float:
    """Longer side of the outline, in pixels."""
    around = outline(keypoints)
    return max(1.0, float((around[2:] - around[:2]).max()))


def body_centre(keypoints: NDArray[np.float32], core: NDArray[np.bool_]) -> NDArray[np.float32]:
    """x, y of the body's middle, from joints (joints, 3) and which of them stay with it."""
    points = keypoints[core & np.isfinite(keypoints[:, 0]) & (keypoints[:, 2] >= SURE_JOINT), :2]
    if len(points) >= 2:
        return points.mean(axis=0, dtype=np.float32)
    return boxes.middle(outline(keypoints))


def _surer(keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
    there = np.isfinite(keypoints[:, 0])
    sure = there & (keypoints[:, 2] >= SURE_JOINT)
    return keypoints[sure if sure.sum() >= 2 else there, :2]


def core_joints(joints: tuple[str, ...]) -> NDArray[np.bool_]:
    """(joints,): which of the joints stay with the body's middle."""
    return np.array([not any(part in joint for part in SWINGING) for joint in joints])


def colour_histogram(
    frame: NDArray[np.uint8], keypoints: NDArray[np.float32], core: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Shares of hues and of shades around the body's middle, (HUES + SHADES,); all zero out of the frame.

    Args:
        frame: uint8, (H, W, 3), RGB.
        keypoints: (joints, 3).
        core: from :func:`core_joints`.
    """
    middle = keypoints[core]
    points = _surer(middle) if np.isfinite(middle[:, 0]).sum() >= 2 else _surer(keypoints)
    height, width = frame.shape[:2]
    x1, y1 = np.clip(np.floor(points.min(axis=0)), 0, [width, height]).astype(int)
    x2, y2 = np.clip(np.ceil(points.max(axis=0)) + 1, 0, [width, height]).astype(int)
    if x2 <= x1 or y2 <= y1:
        return np.zeros(HUES + SHADES, np.float32)
    region = frame[y1:y2, x1:x2]
    step = max(1, max(region.shape[:2]) // COLOUR_SIDE)
    hsv = cv2.cvtColor(np.ascontiguousarray(region[::step, ::step]), cv2.COLOR_RGB2HSV).reshape(-1, 3)
    coloured = hsv[:, 1] >= GREYISH
    hues = np.bincount(hsv[coloured, 0].astype(int) * HUES // 180, minlength=HUES)[:HUES]
    shades = np.bincount(hsv[:, 2].astype(int) * SHADES // 256, minlength=SHADES)
    # What is grey has no hue: it is compared by its shades alone.
    return np.concatenate([hues, shades]).astype(np.float32) / (coloured.sum() + len(hsv))


def histogram_overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """How alike two people's colours are, 0..1: what their shares have in common."""
    return float(np.minimum(a, b).sum())


def pose_nms(seen: list[Observation], *, apart: float) -> list[Observation]:
    """Each person once, by their surest pose: see :func:`same_person`."""
    kept: list[Observation] = []
    for observation in sorted(seen, key=lambda s: -s.score):
        if not any(same_person(observation.keypoints, other.keypoints, apart=apart) for other in kept):
            kept.append(observation)
    return kept


def same_person(one: NDArray[np.float32], other: NDArray[np.float32], *, apart: float) -> bool:
    """Whether two poses (joints, 3) are of one body.

    Half of the joints lie within ``apart`` of the smaller one's size; or the poses differ, such as head for
    feet, but fill the same place.
    """
    ways = np.linalg.norm(one[:, :2] - other[:, :2], axis=1)
    there = np.isfinite(ways)
    if not there.any():
        return False
    if np.median(ways[there]) < apart * min(body_size(one), body_size(other)):
        return True
    return boxes.overlap(outline(one), outline(other)) >= SAME_OUTLINE
