"""``keypoints:FILE``: joints that another program found, to be drawn and corrected on their video.

Formats are read by the readers that packages name in their entry points::

    [project.entry-points."posefix.keypoint_readers"]
    mine = "my_package.reading:read"

A reader takes a path and gives :class:`estimators.keypoints_file.people.FilePeople`; a ``ValueError`` says
that the file is none of its formats. posefix's own comes last.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from estimators.registry import takes

if TYPE_CHECKING:
    import torch

    from estimators.interface import Estimator
    from estimators.keypoints_file.people import FilePeople

GROUP = "posefix.keypoint_readers"
OWN = "posefix"


@takes("FILE")
def create(
    *, device: torch.device, argument: str, weights: Path | None = None, fps: float = 25.0
) -> Estimator:
    """The estimator of a file.

    Args:
        device: not used.
        argument: the file or folder.
        weights: not taken.
        fps: frames a second, where frames are asked for by their times and the file has none. Videos ask by
            number.

    Raises:
        ValueError: weights are given, or no reader knows the file.
    """
    del device
    if weights is not None:
        raise ValueError(f"Invalid weights ({weights}): joints in a file need none. Leave --weights out.")
    if not fps > 0:
        raise ValueError(f"Invalid fps ({fps}). Supported values are above 0.")
    from estimators.keypoints_file.estimator import KeypointsFileEstimator

    path = Path(argument)
    people = _read(path)
    return KeypointsFileEstimator(name=f"keypoints:{argument}", people=people, sha256=_sha256(path), fps=fps)


def _read(path: Path) -> FilePeople:
    readers = sorted(entry_points(group=GROUP), key=lambda point: (point.name == OWN, point.name))
    refusals = []
    for point in readers:
        try:
            return point.load()(path)
        except ValueError as error:
            refusals.append(str(error))
    raise ValueError(refusals[-1] if refusals else f"{path}: no reader of keypoints is installed.")


def _sha256(path: Path) -> str:
    """Of a file; of a folder, of the names and contents of its files."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    whole = hashlib.sha256()
    for part in sorted(path.rglob("*")):
        if part.is_file():
            whole.update(part.relative_to(path).as_posix().encode())
            whole.update(_sha256(part).encode())
    return whole.hexdigest()


__all__ = ["create"]
