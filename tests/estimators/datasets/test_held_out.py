"""What is held out stays out of every training."""

from __future__ import annotations

import numpy as np
import pytest

from estimators.datasets.held_out import (
    YOUTUBE_POSE_VALIDATION,
    lsp_numbers,
    negatives_of,
    photo_split,
    youtube_pose_names,
)


def test_the_splits_share_nothing_and_lose_nothing():
    numbers = [list(lsp_numbers(split, count=2000)) for split in ("train", "validation", "test")]
    assert sum(numbers, []) == list(range(1, 2001))
    assert numbers[1] == list(range(901, 1001))
    videos = {"a": False, YOUTUBE_POSE_VALIDATION[0]: False, "b": True, YOUTUBE_POSE_VALIDATION[1]: True}
    names = [youtube_pose_names(videos, split) for split in ("train", "validation", "test")]
    assert names == [["a"], [YOUTUBE_POSE_VALIDATION[0]], ["b", YOUTUBE_POSE_VALIDATION[1]]]
    photos = list(range(153))
    assert [*negatives_of(photos, "train"), *negatives_of(photos, "validation")] == photos


def test_photos_of_a_video_are_in_one_split():
    rng = np.random.default_rng(0)
    names = [f"{video:05d}{frame:04d}.jpg" for video in range(2000) for frame in rng.integers(0, 9999, 3)]
    splits = {}
    for name in names:
        splits.setdefault(name[:5], set()).add(photo_split(name))
    assert all(len(found) == 1 for found in splits.values())
    watched = sum(found == {"validation"} for found in splits.values())
    assert 0.08 < watched / len(splits) < 0.12


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match=r"Invalid split \(tests\)"):
        lsp_numbers("tests", count=10)
