"""The way that joints came in the last seconds, as lines that thin out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from app.rendering.figures import SHIFT, Picture, spots
from app.rendering.style import Colour
from estimators import Skeleton

OPACITY = 0.75


def trail_joints(skeleton: Skeleton, names: Sequence[str] = ()) -> list[int]:
    """Indices of the joints that leave a trail: those named, or the ends of the skeleton's limbs.

    Raises:
        ValueError: the skeleton has no joint of that name.
    """
    if unknown := [name for name in names if name not in skeleton.joints]:
        raise ValueError(
            f"Invalid trail joints ({', '.join(unknown)}). Supported values are {', '.join(skeleton.joints)}."
        )
    if names:
        return [skeleton.joints.index(name) for name in names]
    count = Counter(end for limb in skeleton.limbs for end in limb)
    ends = [index for index, name in enumerate(skeleton.joints) if count[name] == 1]
    return ends or list(range(len(skeleton.joints)))


def first_row(
    pts_seconds: NDArray[np.floating], row: int, *, seconds: float, cuts: Sequence[int] = ()
) -> int:
    """The row with which a trail of ``seconds`` that ends in ``row`` begins; not before the last cut."""
    begin = int(np.searchsorted(pts_seconds, pts_seconds[row] - seconds - 1e-6))
    return max([begin, *(cut for cut in cuts if cut <= row)])


def draw_trail(canvas: Picture, points: NDArray[np.floating], *, colour: Colour, line: int) -> None:
    """Draws one joint's way onto ``canvas``.

    Args:
        canvas: uint8, (H, W, 3), RGB.
        points: (N, 2): x, y in rising order of time; NaN parts the line.
        colour: RGB.
        line: thickness at the newest end, in pixels; the oldest has one.
    """
    there = np.isfinite(points).all(axis=1)
    if there.sum() < 2:
        return
    height, width = canvas.shape[:2]
    low = np.clip(np.floor(points[there].min(axis=0)) - line - 1, 0, [width, height]).astype(int)
    high = np.clip(np.ceil(points[there].max(axis=0)) + line + 2, 0, [width, height]).astype(int)
    if (high <= low).any():
        return
    (x1, y1), (x2, y2) = low.tolist(), high.tolist()
    under = canvas[y1:y2, x1:x2]
    over = under.copy()
    ends = spots(canvas, points - low)
    for step in range(1, len(points)):
        if there[step - 1] and there[step]:
            thickness = max(1, round(line * step / (len(points) - 1)))
            cv2.line(over, ends[step - 1], ends[step], colour, thickness, cv2.LINE_AA, SHIFT)
    cv2.addWeighted(over, OPACITY, under, 1 - OPACITY, 0, dst=under)
