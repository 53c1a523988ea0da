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
from typing import TYPE_CHECKING, Any

from estimators.registry import takes

if TYPE_CHECKING:
    import torch

    from estimators.interface import Estimator
    from estimators.keypoints_file.people import FilePeople, KeypointReader

GROUP = "posefix.keypoint_readers"
OWN = "posefix"


@takes("FILE")
def create(
    *,
    device: torch.device,
    argument: str,
    weights: Path | None = None,
    format: str = "",
    skeleton: str = "",
    size: str = "",
    fps: float = 25.0,
) -> Estimator:
    """The estimator of a file.

    Args:
        device: not used.
        argument: the file or folder.
        weights: not taken.
        format: name of the file's format (default: by what is in it).
        skeleton: name of a known one, for files that do not say which joints they hold.
        size: WIDTHxHEIGHT of the video, for files that count in shares of it.
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
    people = _read(path, format=format, skeleton=skeleton, size=_size(size))
    return KeypointsFileEstimator(name=f"keypoints:{argument}", people=people, sha256=_sha256(path), fps=fps)


def _size(text: str) -> tuple[int, int] | None:
    width, _, height = text.partition("x")
    if text and not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise ValueError(f"Invalid size ({text}). Supported values are WIDTHxHEIGHT, such as 1920x1080.")
    return (int(width), int(height)) if text else None


def _read(path: Path, **options: Any) -> FilePeople:
    readers = sorted(entry_points(group=GROUP), key=lambda point: (point.name == OWN, point.name))
    refusals = []
    for point in readers:
        try:
            reader: KeypointReader = point.load()
            return reader(path, **options)
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
