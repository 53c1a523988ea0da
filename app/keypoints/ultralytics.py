"""Ultralytics' ``save_txt``: a folder with a text file a frame, a line a person; none for an empty frame.

``class cx cy w h``, then x, y (and a confidence) of each joint, in shares of the picture; then, where asked
for, the person's confidence and the number of their track. A joint of little confidence is 0, 0.
https://docs.ultralytics.com/datasets/pose/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.errors import PosefixError
from app.keypoints.assembly import ALWAYS, Detection, assemble
from app.keypoints.clip import SHARES, Clip, Floats
from app.keypoints.names import skeleton_of_count
from app.keypoints.source import Source
from estimators.known_skeletons import KNOWN
from estimators.skeletons import Skeleton
from weights.files import written_folder

PERSON = 0
HEAD = 5  # class and box
COUNTS = {len(skeleton.joints) for skeleton in KNOWN.values()}


@dataclass(frozen=True)
class Line:
    """A person of a file, checked."""

    frame: int
    points: Floats
    box: Floats
    score: float
    id: int | None


def recognises(source: Source) -> bool:
    """Whether it is a folder of text files with such lines."""
    files = source.files_with(".txt")[:3]
    return any(re.match(rb"\d+( -?[\d.]+(e-?\d+)?){10,}\s*($|\n)", Source(path).head) for path in files)


def validate(source: Source) -> list[Line]:
    """Reads the folder.

    Raises:
        PosefixError: it is none of such files; the message names file and line.
    """
    if not source.is_folder:
        raise PosefixError(
            f"{source}: one frame of Ultralytics'. Give the folder with all: {source.path.parent}"
        )
    lines: list[Line] = []
    for path in source.files_with(".txt"):
        digits = re.findall(r"\d+", path.stem)
        if not digits or len(digits[-1]) > 18:
            raise PosefixError(
                f"{path}: no number of a frame in its name. Give the folder that save_txt wrote."
            )
        for number, text in enumerate(Source(path).text.split("\n"), start=1):
            if text.strip():
                lines.append(_line(text.split(), int(digits[-1]), f"{path}, line {number}"))
    if not lines:
        raise PosefixError(f"{source}: no text file with people in it. Give the folder that save_txt wrote.")
    counts = sorted({len(line.points) for line in lines})
    if len(counts) > 1:
        raise PosefixError(
            f"{source}: people of {' and '.join(map(str, counts))} joints. Give files of one model alone."
        )
    return lines


def to_clip(lines: list[Line], source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    detections = [
        Detection(line.frame, line.points, id=line.id, box=line.box, extra={"person_score": line.score})
        for line in lines
    ]
    found = skeleton_of_count(len(lines[0].points), source, skeleton)
    return replace(assemble(detections, found, source, zeros_are_missing=ALWAYS), unit=SHARES)


def write(clip: Clip, path: Path) -> None:
    """Writes a folder with a file for every frame with somebody in it.

    Raises:
        PosefixError: the size of the frames is not known, or the disk does not take it.
    """
    shares = clip.in_shares(str(path))
    stem = Path(clip.source).stem or path.name
    with written_folder(path, suffix=".txt") as folder:
        for row, frame in enumerate(shares.frame_indices.tolist()):
            lines = []
            for track in shares.tracks:
                there = track.there[row]
                if not there.any():
                    continue
                points = track.points[row].copy()
                points[:, 2] = np.nan_to_num(np.where(there, points[:, 2], 0), nan=1.0)
                points[~there, :2] = 0
                low, high = points[there, :2].min(axis=0), points[there, :2].max(axis=0)
                box = [*((low + high) / 2), *(high - low)]
                known = track.extra.get("person_score")
                score = float(known[row]) if known is not None else np.nan
                numbers = [*box, *points.ravel(), score if np.isfinite(score) else points[there, 2].mean()]
                lines.append(" ".join([str(PERSON), *(f"{n:.6g}" for n in numbers), str(track.id)]))
            if lines:
                (folder / f"{stem}_{frame}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _line(cells: list[str], frame: int, place: str) -> Line:
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        raise PosefixError(f"{place}: not numbers alone. Give the folder that save_txt wrote.") from None
    rest = len(numbers) - HEAD
    joints, each, more = _layout(rest)
    if not joints:
        raise PosefixError(
            f"{place}: {len(numbers)} numbers are no joints of three or two numbers. Write it again."
        )
    points = np.full((joints, 3), np.nan)
    points[:, :each] = np.array(numbers[HEAD : HEAD + joints * each]).reshape(joints, each)
    end = cells[HEAD + joints * each :]
    # The person's confidence has a point in it, the number of the track has none.
    id = int(end[-1]) if more and end[-1].isdecimal() and (more == 2 or len(end[-1]) < 10) else None
    score = float(end[0]) if more == 2 or (more == 1 and id is None) else np.nan
    x, y, width, height = numbers[1:HEAD]
    box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    return Line(frame, points, box, score, id)


def _layout(rest: int) -> tuple[int, int, int]:
    """Joints, numbers a joint, and how many numbers follow them."""
    for each in (3, 2):
        for more in (0, 1, 2):
            joints, over = divmod(rest - more, each)
            if not over and joints in COUNTS:
                return joints, each, more
    return (rest // 3, 3, rest % 3) if rest >= 3 else (0, 0, 0)
