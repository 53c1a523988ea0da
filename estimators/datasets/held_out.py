"""Which pictures are held out: the one place that says so, for every network that posefix trains.

A network that was trained on what another one is watched or measured with would make both figures
worthless, so all sources are read through these splits. ``train`` is trained on, ``validation`` is watched
while training and scores are fitted on it, ``test`` is measured on once and never looked at before.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

SPLITS = ("train", "validation", "test")
LSP_NUMBERS = {"train": range(1, 901), "validation": range(901, 1001), "test": range(1001, 2001)}
YOUTUBE_POSE_VALIDATION = ("9KSpndERzNU", "AgswcvqogI0", "PNtWqDxwwMg")
CLIPS_VALIDATION = ("02", "06", "10", "15", "23", "27", "32", "39")  # numbers that their names begin with
PHOTO_GROUP = 5  # characters that name the video or series of a photo
PHOTO_GROUPS_HELD_OUT = 10  # one in so many
NEGATIVES_WATCHED = 25  # the last of the photos without people


def checked_split(split: str) -> str:
    """The split itself.

    Raises:
        ValueError: there is no such split.
    """
    if split not in SPLITS:
        raise ValueError(f"Invalid split ({split}). Supported values are {', '.join(SPLITS)}.")
    return split


def lsp_numbers(split: str, *, count: int) -> range:
    """Numbers, from 1, of a split's images among the first ``count`` of Leeds Sports Pose."""
    numbers = LSP_NUMBERS[checked_split(split)]
    return range(min(numbers.start, count + 1), min(numbers.stop, count + 1))


def youtube_pose_names(videos: Mapping[str, bool], split: str) -> list[str]:
    """Videos of YouTube Pose in a split.

    Args:
        videos: name -> whether it belongs to the test subset, in the order of the release.
        split: see the module.
    """
    checked_split(split)
    return [name for name, test in videos.items() if split == youtube_pose_split(name, test=test)]


def youtube_pose_split(name: str, *, test: bool) -> str:
    """The split that a video of YouTube Pose belongs to."""
    if test:
        return "test"
    return "validation" if name in YOUTUBE_POSE_VALIDATION else "train"


def negatives_of(photos: Sequence[T], split: str) -> Sequence[T]:
    """Photos without people in a split, of all in the order of their names; none is for testing."""
    watched = min(NEGATIVES_WATCHED, len(photos) // 2)
    cut = len(photos) - watched
    return {"train": photos[:cut], "validation": photos[cut:], "test": photos[:0]}[checked_split(split)]


def photo_split(name: str) -> str:
    """The split of a photo of ``photos/NAME.npz``: all of one video are in the same.

    The first five characters name the video; about a tenth of the videos, drawn by a checksum, is held out.
    """
    drawn = zlib.crc32(name[:PHOTO_GROUP].encode()) % PHOTO_GROUPS_HELD_OUT
    return "train" if drawn else "validation"


def clip_split(name: str) -> str:
    """The split of a clip, by the number that its name begins with."""
    return "validation" if name[:2] in CLIPS_VALIDATION else "train"
