"""Photos with one labelled person each, from the sets that SFN is trained on; what is held out stays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from estimators.boxes import enclosing, padded
from estimators.datasets.records import (
    PoseRecord,
    load_lsp,
    load_lspet,
    load_negatives,
    load_youtube_pose,
)
from estimators.skeletons import JOINTS

ANCHOR_JOINTS = ("left_shoulder", "right_shoulder")
PAD = 0.08  # from joints to the body's outline, as a share of the longer side
SHARES = (0.2, 0.3, 0.5)


@dataclass(frozen=True)
class Photo:
    """A picture with one labelled person.

    Attributes:
        picture: uint8, (H, W, 3), RGB.
        anchor: x, y of the middle between the shoulders.
        box: x1, y1, x2, y2 around the person; an edge is NaN where no label tells it.
    """

    picture: NDArray[np.uint8]
    anchor: NDArray[np.float32]
    box: NDArray[np.float32]

    @property
    def extent(self) -> float:
        """Longer side of what is known of the box, in pixels."""
        return float(np.nanmax(self.box[2:] - self.box[:2]))


@dataclass(frozen=True)
class DetectorData:
    """Groups of photos with people (LSP, its extension, YouTube Pose), and photos without."""

    photos: tuple[Sequence[Photo], ...]
    empty: Sequence[NDArray[np.uint8]]


def load_people(folder: Path) -> tuple[DetectorData, DetectorData]:
    """What to train on, and what is held out to watch the training.

    Args:
        folder: holds ``lsp``, ``lspet``, ``youtube_pose`` and ``inria_negatives``.

    Raises:
        ValueError: a file is missing; the message names it.
    """
    lsp, youtube, empty = folder / "lsp", folder / "youtube_pose", folder / "inria_negatives"
    return (
        DetectorData(
            photos=(
                _photos(load_lsp(lsp, split="train")),
                _photos(load_lspet(folder / "lspet")),
                _photos(load_youtube_pose(youtube, split="train")),
            ),
            empty=[record.image for record in load_negatives(empty, split="train")],
        ),
        DetectorData(
            photos=(
                _photos(load_lsp(lsp, split="validation")),
                _photos(load_youtube_pose(youtube, split="validation")),
            ),
            empty=[record.image for record in load_negatives(empty, split="validation")],
        ),
    )


def _photos(records: Sequence[PoseRecord]) -> list[Photo]:
    return [photo for record in records if (photo := as_photo(record)) is not None]


def as_photo(record: PoseRecord) -> Photo | None:
    """The person's box and anchor; None where the shoulders are not labelled."""
    joints = record.keypoints
    anchor = joints[[JOINTS.index(name) for name in ANCHOR_JOINTS]].mean(axis=0)
    if not np.isfinite(anchor).all():
        return None
    head = joints[JOINTS.index("head")]
    # Where only the face is labelled, the head ends about half as far again from the shoulders.
    points = np.vstack([joints, head + 0.5 * (head - anchor)])
    box = padded(enclosing(points), PAD).astype(np.float32)
    legs = joints[[JOINTS.index(f"{side}_{part}") for side in ("left", "right") for part in ("hip", "ankle")]]
    if not np.isfinite(legs).any():
        box[3] = np.nan
    return Photo(record.image, anchor.astype(np.float32), box)
