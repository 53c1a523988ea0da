"""What is held out stays out of every training."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from estimators.datasets import records
from estimators.datasets.held_out import (
    YOUTUBE_POSE_VALIDATION,
    lsp_numbers,
    negatives_of,
    photo_split,
    youtube_pose_names,
)
from estimators.detectors.small.training.photos import load_people
from estimators.sfn.quiet import import_mmpose
from estimators.yr.body import FULL, UPPER
from estimators.yr.training.samples import lsp, youtube
from tests.fixtures.releases import HELD_OUT_PHOTO, TRAINED_PHOTO, make_releases

import_mmpose()
from estimators.sfn.training.mixture import TrainingData, load_training_data  # noqa: E402


def test_the_splits_share_nothing_and_lose_nothing():
    numbers = [list(lsp_numbers(split, count=2000)) for split in ("train", "validation", "test")]
    assert [number for split in numbers for number in split] == list(range(1, 2001))
    assert numbers[1] == list(range(901, 1001))
    videos = {"a": False, YOUTUBE_POSE_VALIDATION[0]: False, "b": True, YOUTUBE_POSE_VALIDATION[1]: True}
    names = [youtube_pose_names(videos, split) for split in ("train", "validation", "test")]
    assert names == [["a"], [YOUTUBE_POSE_VALIDATION[0]], ["b", YOUTUBE_POSE_VALIDATION[1]]]
    photos = list(range(153))
    assert [*negatives_of(photos, "train"), *negatives_of(photos, "validation")] == photos


def test_photos_of_a_video_are_in_one_split():
    rng = np.random.default_rng(0)
    names = [f"{video:05d}{frame:04d}.jpg" for video in range(2000) for frame in rng.integers(0, 9999, 3)]
    splits: dict[str, set[str]] = {}
    for name in names:
        splits.setdefault(name[:5], set()).add(photo_split(name))
    assert all(len(found) == 1 for found in splits.values())
    watched = sum(found == {"validation"} for found in splits.values())
    assert 0.08 < watched / len(splits) < 0.12


def test_an_unknown_split_is_named():
    with pytest.raises(ValueError, match=r"Invalid split \(tests\)"):
        lsp_numbers("tests", count=10)


def is_held_out(name: str) -> bool:
    """By the name alone, without the code under test."""
    if name.startswith("im"):
        return int(name[2:6]) > 900
    if "/" in name:
        return name.split("/")[0] in ("test", *YOUTUBE_POSE_VALIDATION)
    return name.startswith(HELD_OUT_PHOTO)


def trained_on(data: TrainingData) -> set[str]:
    return {record.name for source in data.sources for record in source.records}


def watched(data: TrainingData) -> set[str]:
    sets = (data.lsp_validation, data.youtube_validation, *data.photos_validation.values())
    return {record.name for found in sets for record in found}


def test_no_source_of_sfn_gives_a_picture_that_is_held_out(tmp_path):
    make_releases(tmp_path)
    data = load_training_data(tmp_path, drawn=2, validation_step=1)
    names = trained_on(data)
    assert not [name for name in names if is_held_out(name)]
    assert {"im0001.jpg", "im0900.jpg", "train/frame_000003.jpg", f"{TRAINED_PHOTO}0002.jpg"} <= names
    assert len(watched(data)) == 100 + 2 + 2
    assert all(is_held_out(name) for name in watched(data))
    assert not any(name.startswith(("im1001", "test/")) for name in watched(data))


def test_the_detector_and_yr_hold_out_the_same_pictures(tmp_path):
    make_releases(tmp_path)
    train, held_out = (load_people(tmp_path, split=split).photos for split in ("train", "validation"))
    counts = {"lsp": 900, "lspet": 1, "youtube_pose": 2, "photos": 2}
    assert {name: len(group) for name, group in train.items()} == counts
    counts = {"lsp": 100, "youtube_pose": 2, "photos": 2}
    assert {name: len(group) for name, group in held_out.items()} == counts
    for watching in (False, True):
        people = youtube(tmp_path / "youtube_pose", UPPER, held_out=watching)
        names = {f"{sample.path.parent.name}/{sample.path.name}" for sample in people}
        assert names and {is_held_out(name) for name in names} == {watching}
        assert not any(name.startswith("test/") for name in names)
    names = {sample.path.name for sample in lsp(tmp_path / "lsp", FULL)}
    assert names and not any(is_held_out(name) for name in names)


def test_no_held_out_picture_of_the_real_data_is_trained_on(shared_data, monkeypatch):
    """By what the files hold: a copy under another name would be found, too."""
    monkeypatch.setattr(records, "read_image", lambda path: digest(path.read_bytes()))
    monkeypatch.setattr(records, "_decoded", lambda jpeg, *, name: digest(jpeg.tobytes()))
    data = load_training_data(shared_data, drawn=0, validation_step=1)
    trained = {record.image.tobytes() for source in data.sources for record in source.records}
    sets = (data.lsp_validation, data.youtube_validation, *data.photos_validation.values())
    held_out = {record.image.tobytes() for found in sets for record in found}
    tests = [
        *records.load_lsp(shared_data / "lsp", split="test"),
        *records.load_youtube_pose(shared_data / "youtube_pose", split="test"),
    ]
    held_out |= {record.image.tobytes() for record in tests}
    assert len(tests) == 1500
    assert len(trained) > 10_000
    assert not trained & held_out


def digest(content: bytes) -> np.ndarray:
    return np.frombuffer(hashlib.sha256(content).digest(), np.uint8)
