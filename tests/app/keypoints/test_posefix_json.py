"""The data file: what is written comes back, and bad files are refused in one line."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.errors import PosefixError
from app.keypoints import posefix_json
from app.result import ModelRecord, Person, Result, VideoSource
from tests.fixtures.fakes import UPPER_BODY

FRAMES, JOINTS = 3, len(UPPER_BODY.joints)


def make_result(initial, *, corrected=True):
    frames = len(initial)
    boxes = np.tile(np.array([1, 2, 30, 40], np.float32), (frames, 1))
    boxes[-1] = np.nan
    person = Person(
        id=0,
        initial=initial,
        boxes=boxes,
        corrected=initial[..., :2] + 1 if corrected else None,
        error_px=np.where(np.isfinite(initial[..., 0]), 2.5, np.nan).astype(np.float32)
        if corrected
        else None,
        filled=np.zeros(initial.shape[:2], bool) if corrected else None,
        unsure=initial[..., 0] > 900 if corrected else None,
    )
    return Result(
        source=VideoSource("a.mp4", 64, 48, 29.97),
        skeleton=UPPER_BODY,
        frame_indices=np.arange(frames) + 5,
        pts_seconds=np.arange(frames) / 29.97,
        people=(person,),
        estimator=ModelRecord("sfn", "ab"),
        corrector=ModelRecord("corrector-default", "cd") if corrected else None,
    )


keypoints = hnp.arrays(
    np.float32,
    (FRAMES, JOINTS, 3),
    elements=st.floats(-2000, 4000, width=32) | st.just(float("nan")),
)


@settings(max_examples=30, deadline=None)
@given(initial=keypoints, corrected=st.booleans())
def test_what_is_written_comes_back(tmp_path_factory, initial, corrected):
    initial[np.isnan(initial[..., :2]).any(axis=2), :2] = np.nan
    result = make_result(initial, corrected=corrected)
    path = tmp_path_factory.mktemp("json") / "a.json"
    posefix_json.save(result, path)
    again = posefix_json.load(path)
    assert again.source == result.source
    assert again.skeleton == result.skeleton
    assert (again.estimator, again.corrector) == (result.estimator, result.corrector)
    np.testing.assert_array_equal(again.frame_indices, result.frame_indices)
    np.testing.assert_allclose(again.pts_seconds, result.pts_seconds, atol=1e-6)
    np.testing.assert_allclose(again.people[0].initial, initial, atol=0.006)
    np.testing.assert_allclose(again.people[0].boxes, result.people[0].boxes, atol=0.006)
    if corrected:
        np.testing.assert_allclose(again.people[0].corrected, result.people[0].corrected, atol=0.006)
        np.testing.assert_array_equal(again.people[0].filled, result.people[0].filled)
        np.testing.assert_array_equal(again.people[0].unsure, result.people[0].unsure)
    else:
        assert again.people[0].corrected is None


def test_a_missing_joint_is_null_and_the_json_is_strict(tmp_path):
    initial = np.full((FRAMES, JOINTS, 3), 7, np.float32)
    initial[1, 2] = np.nan
    posefix_json.save(make_result(initial), tmp_path / "a.json")

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    written = json.loads((tmp_path / "a.json").read_text(), parse_constant=refuse)
    person = written["people"][0]
    assert person["initial"]["keypoints"][1][2] is None
    assert person["initial"]["scores"][1][2] is None
    assert person["corrected"]["keypoints"][1][2] is None
    assert person["boxes"][-1] is None
    assert person["initial"]["keypoints"][0][0] == [7, 7]


def test_unsure_joints_are_listed_by_frame_and_name(tmp_path):
    initial = np.full((FRAMES, JOINTS, 3), 7, np.float32)
    initial[2, [0, 6], 0] = 1000
    posefix_json.save(make_result(initial), tmp_path / "a.json")
    written = json.loads((tmp_path / "a.json").read_text())
    corrected = written["people"][0]["corrected"]
    assert corrected["unsure"] == [{"frame": 7, "joints": ["head", "right_wrist"]}]
    del corrected["unsure"]  # as files were before there was such a list
    (tmp_path / "a.json").write_text(json.dumps(written))
    assert posefix_json.load(tmp_path / "a.json").people[0].unsure is None


def test_a_result_without_people_comes_back_empty(tmp_path):
    result = make_result(np.zeros((2, JOINTS, 3), np.float32))
    empty = replace(result, people=(), corrector=ModelRecord("c", "d"))
    posefix_json.save(empty, tmp_path / "a.json")
    assert posefix_json.load(tmp_path / "a.json").people == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[1, 2]", "not a posefix data file"),
        ('{"format": "other"}', "not a posefix data file"),
        ('{"format": "posefix", "version": 99}', "Invalid version (99). Supported values are 1."),
        ('{"format": "posefix", "version": 1}', "damaged"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path, text, says):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(PosefixError) as caught:
        posefix_json.load(path)
    assert says in str(caught.value)
    assert "bad.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_with_rows_missing_is_refused(tmp_path):
    path = tmp_path / "a.json"
    posefix_json.save(make_result(np.zeros((2, JOINTS, 3), np.float32)), path)
    written = json.loads(path.read_text())
    written["people"][0]["initial"]["keypoints"].pop()
    path.write_text(json.dumps(written))
    with pytest.raises(PosefixError, match="damaged"):
        posefix_json.load(path)
