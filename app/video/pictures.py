"""Photos, and sequences of pictures as one film."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.video.backend import DecodedFrame, DecodingError
from app.video.geometry import Orientation, letterbox
from app.video.probe import check_file
from app.video.types import VideoInfo

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
# printf's for a number, as FFmpeg has it: %d, %05d.
_FIELD = re.compile(r"%(?:0(\d+))?d")
CONTAINER = "pictures"


@dataclass(frozen=True)
class PictureSequence:
    """Pictures that make up a film.

    Attributes:
        path: a picture, or a pattern of pictures.
        files: by their number in the film, from 0; there may be gaps.
        fps: pictures a second.
    """

    path: Path
    files: dict[int, Path]
    fps: float


def is_pattern(path: Path) -> bool:
    """Whether the name has a place for a number, as in ``frame_%05d.png``, and is not just called that."""
    return path.suffix.lower() in SUFFIXES and bool(_FIELD.search(path.name)) and not path.exists()


def is_picture(path: Path) -> bool:
    """Whether it is a picture or a pattern of pictures, by its name."""
    return path.suffix.lower() in SUFFIXES


def bare_name(path: Path) -> str:
    """The name of a pattern without suffix and place for the number; the folder's, if nothing is left."""
    name = _FIELD.sub("", path.stem).strip("_-. ")
    return name or path.absolute().parent.name


def patterns(paths: Iterable[Path]) -> list[Path]:
    """Patterns of the pictures whose names differ by their last number alone, and pictures without one."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        parts = re.match(r"(.*?)(\d+)(\D*)$", path.stem)
        name = f"{parts.group(1)}%d{parts.group(3)}{path.suffix}" if parts else path.name
        found.setdefault(path.with_name(name), []).append(path)
    return [pattern if len(files) > 1 else files[0] for pattern, files in found.items()]


def find_pictures(path: Path, *, fps: float | None) -> PictureSequence:
    """The pictures that a path names.

    Raises:
        PosefixError: there is none, or nobody says how fast they follow each other.
    """
    if not is_pattern(path):
        check_file(path)
        return PictureSequence(path, {0: path}, 1.0)
    files = matching(path)
    if not files:
        raise PosefixError(f"{path}: no picture has such a name. Check the path.")
    if fps is None:
        raise PosefixError(f"{path}: pictures do not say how fast they follow each other. Give --fps.")
    # Where every fifth was kept, the others are not missing.
    first, step = min(files), math.gcd(*np.diff(sorted(files)).tolist()) or 1
    return PictureSequence(path, {(number - first) // step: files[number] for number in sorted(files)}, fps)


def matching(pattern: Path) -> dict[int, Path]:
    """Files that a pattern means, by the numbers in their names.

    Raises:
        PosefixError: the folder cannot be read.
    """
    field = _FIELD.search(pattern.name)
    assert field is not None
    digits = int(field.group(1) or 1)
    # printf writes more digits where the number has more.
    before, after = re.escape(pattern.name[: field.start()]), re.escape(pattern.name[field.end() :])
    name = re.compile(f"{before}(\\d{{{digits},}}){after}")
    try:
        found = [(name.fullmatch(path.name), path) for path in pattern.parent.iterdir()]
    except OSError as error:
        raise PosefixError(f"{pattern.parent}: cannot be read ({error.strerror}). Check the path.") from error
    return {int(match.group(1)): path for match, path in found if match}


class PictureBackend:
    """See :class:`app.video.backend.Backend`: pictures that cannot be read are left out.

    Args:
        sequence: the pictures.
        turn: degrees clockwise by which the user turns them.
    """

    name = "pictures"

    def __init__(self, sequence: PictureSequence, *, turn: int = 0) -> None:
        self._sequence = sequence
        self._turn = Orientation.clockwise(turn)

    def frames(self) -> Iterator[DecodedFrame]:
        """See the protocol."""
        size: tuple[int, int] | None = None
        for number, path in self._sequence.files.items():
            picture = _read(path)
            if picture is None:
                continue
            picture = self._turn.apply(picture)
            own = picture.shape[1], picture.shape[0]
            size = size or own
            yield DecodedFrame(number, number / self._sequence.fps, own, partial(_fitted, picture, size))
        if size is None:
            raise DecodingError("not a picture that can be read. Convert it to PNG or JPEG")


def picture_facts(sequence: PictureSequence, *, turn: int = 0) -> VideoInfo:
    """Facts about the film that the pictures make up.

    Raises:
        PosefixError: none of them can be read.
    """
    try:
        first = next(PictureBackend(sequence, turn=turn).frames())
    except DecodingError as error:
        raise PosefixError(f"{sequence.path}: {error}.") from error
    frames = max(sequence.files) + 1
    return VideoInfo(
        path=sequence.path,
        width=first.size[0],
        height=first.size[1],
        fps=sequence.fps,
        frames=frames,
        frames_counted=True,
        duration_seconds=frames / sequence.fps,
        start_seconds=0.0,
        rotation=turn,
        video_codec=sequence.path.suffix.lstrip(".").lower(),
        audio_codec=None,
        container=CONTAINER,
        still=not is_pattern(sequence.path),
    )


def _read(path: Path) -> NDArray[np.uint8] | None:
    """RGB, turned as its EXIF data asks; None for what OpenCV cannot read."""
    # Not imread: on some systems it cannot be given every name.
    try:
        data = np.fromfile(path, np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    except (OSError, cv2.error):
        return None
    return None if picture is None else picture.astype(np.uint8, copy=False)


def _fitted(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return picture if picture.shape[1::-1] == size else letterbox(picture, size)
