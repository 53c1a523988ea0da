"""Reads a file of keypoints for the estimator ``keypoints:FILE``, which does not know of the formats here."""

from __future__ import annotations

from pathlib import Path

from app.keypoints import formats
from estimators.keypoints_file.people import FilePeople
from estimators.known_skeletons import by_name


def read_people(
    path: Path, *, format: str = "", skeleton: str = "", size: tuple[int, int] | None = None
) -> FilePeople:
    """Everybody in a file or folder, as estimated, in pixels.

    Args:
        path: the file or folder.
        format: name of its format; empty: by what is in it.
        skeleton: name of a known one, for files that do not say which joints they hold.
        size: width and height of the frames, for files that count in shares of them.

    Raises:
        PosefixError: it is missing, damaged, of no known format, or not in pixels and no size is given.
        ValueError: there is no such skeleton.
    """
    known = by_name(skeleton) if skeleton else None
    clip = formats.load(path, format=format or None, skeleton=known, size=size).in_pixels(size, str(path))
    people = {track.id: track.points if track.initial is None else track.initial for track in clip.tracks}
    return FilePeople(clip.skeleton, clip.frame_indices, people, clip.pts_seconds)
