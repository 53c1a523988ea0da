"""Damaged files: bytes flipped, cut off, taken out, twice; readers give a clip, or a line that says what."""

import json
import os
import random
import shutil

import numpy as np
import pytest

from app.errors import PosefixError
from app.keypoints import formats
from app.keypoints.clip import Clip
from tests.fixtures.keypoint_files import CASES

TRIES = int(os.environ.get("POSEFIX_DAMAGE_TRIES", "40"))
MADE = ("posefix", "csv", "parquet", "npz", "pose")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Files of the formats of which there is no file of others."""
    clip = formats.load(
        next(case for case in CASES if case.name == "coco_results.json").path, fps=25, size=(640, 640)
    )
    paths = {}
    for name in MADE:
        paths[name] = formats.find(name).path(tmp_path_factory.mktemp(name), "made")
        formats.save(clip, paths[name], name)
    return paths


def damaged(data: bytes, chance: random.Random) -> bytes:
    how, size = chance.randrange(6), max(1, len(data))
    at = chance.randrange(size)
    if how == 0:
        return data[:at]
    if how == 1:
        return data[:at] + data[at + chance.randrange(1, 40) :]
    if how == 2:
        return data[:at] + data[chance.randrange(size) :][: chance.randrange(1, 200)] + data[at:]
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 4, 30))):
        position = chance.randrange(size)
        if how == 3:
            changed[position] ^= 1 << chance.randrange(8)
        elif how == 4:
            changed[position] = chance.randrange(256)
        else:  # what is a number stays one, but another
            changed[position] = ord(chance.choice("0123456789-.,e")) if 32 < changed[position] < 64 else 32
    return bytes(changed)


def check(path, name, options):
    try:
        clip = formats.load(path, format=name, **options)
    except PosefixError as error:
        said = str(error)
        assert "\n" not in said and len(said) < 600
        assert said.startswith(str(path)), said
        assert said.endswith("."), said
        return "refused"
    assert isinstance(clip, Clip)
    assert len(clip.frame_indices) and all(
        track.points.shape[0] == len(clip.frame_indices) for track in clip.tracks
    )
    places = [track.points[..., :2] for track in clip.tracks]
    assert all(np.nanmax(np.abs(p), initial=0) <= 1e6 for p in places)
    return "read"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_damaged_file_of_others_gives_a_clip_or_a_line(case, tmp_path):
    chance = random.Random(case.name)
    outcomes = []
    # Each HDF5 file starts a process.
    for number in range(TRIES if case.path.suffix not in (".h5", ".slp") else TRIES // 4):
        copy = tmp_path / f"{number}" / case.path.name
        copy.parent.mkdir()
        if case.path.is_dir():
            shutil.copytree(case.path, copy)
            file = chance.choice(sorted(copy.iterdir()))
        else:
            file = copy
            shutil.copy(case.path, copy)
        file.write_bytes(damaged(file.read_bytes(), chance))
        options = {key: value for key, value in case.read.items() if key != "format"}
        outcomes.append(check(copy, case.format if number % 2 else None, options))
    assert "refused" in outcomes


@pytest.mark.parametrize("name", MADE)
def test_a_damaged_file_of_ours_gives_a_clip_or_a_line(name, made, tmp_path):
    chance = random.Random(name)
    data = made[name].read_bytes()
    outcomes = []
    for number in range(TRIES):
        path = tmp_path / f"{number}{made[name].suffix}"
        path.write_bytes(damaged(data, chance))
        outcomes.append(check(path, name, {}))
    assert "refused" in outcomes


WRONG = (None, "x", "", {}, [], [[]], [1], -1, 1e300, True, 0, {"x": 1}, 3.5, 2**70)


def nodes(document, way=()):
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        yield (*way, key)
        yield from nodes(value, (*way, key))


def with_something_wrong(document, chance):
    """The document with a value taken out, or another in its place; near the top as often as deep inside."""
    ways = list(nodes(document))
    near = [way for way in ways if len(way) <= 3]
    *way, last = chance.choice(chance.choice((near, ways)))
    for key in way:
        document = document[key]
    if chance.random() < 0.3:
        del document[last]
    else:
        document[last] = chance.choice(WRONG)


JSON_CASES = [case for case in CASES if case.path.suffix == ".json" or case.format == "openpose"]


@pytest.mark.parametrize("case", JSON_CASES, ids=[case.name for case in JSON_CASES])
def test_wrong_values_in_json_give_a_clip_or_a_line_that_names_their_place(case, tmp_path):
    chance = random.Random(case.name)
    for number in range(TRIES):
        copy = tmp_path / f"{number}" / case.path.name
        copy.parent.mkdir()
        if case.path.is_dir():
            shutil.copytree(case.path, copy)
        else:
            shutil.copy(case.path, copy)
        file = chance.choice(sorted(copy.iterdir())) if copy.is_dir() else copy
        document = json.loads(file.read_text())
        with_something_wrong(document, chance)
        file.write_text(json.dumps(document))
        try:
            formats.load(copy, format=case.format)
        except PosefixError as error:
            assert "damaged (" not in str(error), "the reader itself did not see it"
