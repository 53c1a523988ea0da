"""Reads a file of keypoints for the estimator ``keypoints:FILE``, which does not know of the formats here."""

from __future__ import annotations

from pathlib import Path

from app.keypoints import formats
from app.keypoints.clip import PIXELS
from estimators.keypoints_file.people import FilePeople
from weights.files import FileError


def read_people(path: Path) -> FilePeople:
    """Everybody in a file of any format of :mod:`app.keypoints.formats`, as it has them.

    Raises:
        PosefixError: the file is missing, damaged, or of no known format; coordinates are not in pixels.
    """
    clip = formats.load(path)
    if clip.unit != PIXELS:
        raise FileError(f"{path}: coordinates in {clip.unit}. Give a file that has them in pixels.")
    people = {track.id: track.points if track.initial is None else track.initial for track in clip.tracks}
    return FilePeople(clip.skeleton, clip.frame_indices, people, clip.pts_seconds)
