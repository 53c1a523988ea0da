"""The data file: what is written comes back, and bad files are refused in one line."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.errors import PosefixError
from app.keypoints import formats, posefix_json
from app.result import ModelRecord, Person, Result, RunRecord, VideoSource
from estimators.known_skeletons import COCO
from estimators.skeletons import Skeleton
from tests.fixtures.fakes import UPPER_BODY

FRAMES, JOINTS = 3, len(UPPER_BODY.joints)
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "posefix.schema.json").read_text())


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


def full_result():
    """A result with everything in it that the file can hold."""
    rng = np.random.default_rng(0)
    initial = rng.uniform(0, 1, (4, JOINTS, 3)).astype(np.float32) * (640, 480, 1)
    initial[1, 2] = np.nan
    result = make_result(initial.astype(np.float32))
    hypotheses = rng.uniform(0, 1, (4, JOINTS, 5, 3)).astype(np.float32)
    hypotheses[:, 0, 3:] = np.nan
    hypotheses[2, 1] = np.nan
    person = replace(
        result.people[0],
        hypotheses=hypotheses,
        filtered=np.isfinite(initial[..., 0]) & (np.arange(JOINTS) == 3),
        prominence=0.25,
    )
    skeleton = Skeleton("upper", UPPER_BODY.joints, UPPER_BODY.limbs, UPPER_BODY.pairs, {"neck": ("head",)})
    run = RunRecord(
        options={"people": "all", "start": 0.5, "box": None},
        seconds={"decode": 1.25},
        warnings=("breaks off",),
    )
    return replace(result, people=(person,), skeleton=skeleton, run=run, cuts=(2,))


@pytest.mark.parametrize("hypotheses", [False, True])
def test_everything_in_a_result_comes_back(tmp_path, hypotheses):
    result = full_result()
    posefix_json.save(result, tmp_path / "a.json", hypotheses=hypotheses)
    again = posefix_json.load(tmp_path / "a.json")
    for name in ("source", "skeleton", "estimator", "corrector", "cuts", "run"):
        assert getattr(again, name) == getattr(result, name)
    ours, theirs = result.people[0], again.people[0]
    np.testing.assert_array_equal(theirs.filtered, ours.filtered)
    assert theirs.prominence == ours.prominence
    if hypotheses:
        np.testing.assert_allclose(theirs.hypotheses, ours.hypotheses, atol=0.006)
    else:
        assert theirs.hypotheses is None


@pytest.mark.parametrize("hypotheses", [False, True])
@pytest.mark.parametrize(
    "result",
    [
        full_result(),
        make_result(np.full((2, JOINTS, 3), np.nan, np.float32), corrected=False),
        replace(full_result(), people=(), corrector=None),
        replace(full_result(), source=VideoSource("a.csv", 0, 0, 25)),
    ],
    ids=["all", "nobody seen", "nobody", "unknown size"],
)
def test_what_is_written_keeps_to_the_published_schema(tmp_path, result, hypotheses):
    posefix_json.save(result, tmp_path / "a.json", hypotheses=hypotheses)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads((tmp_path / "a.json").read_text()), SCHEMA)


def test_the_schema_sees_what_is_wrong(tmp_path):
    posefix_json.save(full_result(), tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    document["people"][0]["initial"]["keypoints"][0][0] = [1]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_the_schema_and_the_page_name_the_same_fields():
    page = (Path(__file__).parents[3] / "docs" / "json.md").read_text()

    def names(schema, prefix=""):
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        for option in schema.get("anyOf", []):
            yield from names(option, prefix)
        for name, inner in schema.get("properties", {}).items():
            path = f"{prefix}{name}"
            yield path
            is_list = inner.get("items", {}).get("$ref") == "#/$defs/person"
            yield from names(inner["items"] if is_list else inner, f"{path}[]." if is_list else f"{path}.")

    documented = {
        name
        for line in page.splitlines()
        if line.startswith("| `")
        for name in line.split("|")[1].split("`")[1::2]
    }
    wanted = set(names(SCHEMA))
    lacking = {
        name
        for name in wanted
        if name not in documented
        and not any(d.startswith(f"{name}.") or d.startswith(f"{name}[") for d in documented)
    }
    lacking -= {"corrector.name", "corrector.weights_sha256", "people[].corrected.unsure"} & lacking
    assert not lacking


def written(tmp_path):
    posefix_json.save(full_result(), tmp_path / "a.json")
    return json.loads((tmp_path / "a.json").read_text())


def test_files_of_version_1_are_read(tmp_path):
    """As they were: no pairs, derived joints and run, and before that no cuts, tracks and unsure joints."""
    document = written(tmp_path)
    document["version"] = 1
    del document["skeleton"]["pairs"], document["skeleton"]["derived"], document["run"]
    del document["people"][0]["corrected"]["filtered"]
    (tmp_path / "a.json").write_text(json.dumps(document))
    again = posefix_json.load(tmp_path / "a.json")
    assert set(again.skeleton.pairs) == set(UPPER_BODY.pairs)
    assert again.run == RunRecord()
    assert again.people[0].filtered is None
    del (
        document["frames"]["cuts"],
        document["people"][0]["track"],
        document["people"][0]["corrected"]["unsure"],
    )
    (tmp_path / "a.json").write_text(json.dumps(document))
    again = posefix_json.load(tmp_path / "a.json")
    assert again.cuts == () and again.people[0].unsure is None and again.people[0].prominence is None


def test_version_1_of_coco_has_a_head(tmp_path):
    initial = np.random.default_rng(0).uniform(10, 20, (2, 17, 3)).astype(np.float32)
    result = replace(make_result(initial, corrected=False), skeleton=COCO)
    posefix_json.save(result, tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    document["version"] = 1
    del document["skeleton"]["pairs"], document["skeleton"]["derived"]
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert posefix_json.load(tmp_path / "a.json").skeleton == COCO


def test_unknown_fields_and_a_byte_order_mark_are_no_damage(tmp_path):
    document = written(tmp_path)
    before = posefix_json.load(tmp_path / "a.json")
    document["new"] = 1
    document["source"]["camera"] = "left"
    document["skeleton"]["colour"] = [1]
    document["frames"]["names"] = {}
    document["estimator"]["by"] = None
    document["people"][0]["height_m"] = 1.8
    document["people"][0]["corrected"]["speed"] = [[]]
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    again = posefix_json.load(tmp_path / "a.json")
    assert again.source == before.source
    np.testing.assert_array_equal(again.people[0].corrected, before.people[0].corrected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "line 1: not JSON"),
        ("[1, 2]", "not a posefix data file"),
        ('{"format": "other"}', "not a posefix data file"),
        ('{"format": "posefix", "version": 99}', "Invalid version (99). Supported values are 1, 2."),
        ('{"format": "posefix", "version": 1}', "no source in it: damaged posefix data file"),
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


def put(document, path, value):
    """Sets a value in nested lists and objects; its place is written as in the messages."""
    *way, last = [
        int(key) if key.isdecimal() else key for key in path.replace("]", "").replace("[", ".").split(".")
    ]
    for key in way:
        document = document[key]
    document[last] = value


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("frames.cuts", [999], "frames.cuts: frame 999 is not among the frames"),
        ("frames.cuts", "x", "frames.cuts: no list"),
        ("frames.pts_seconds[2]", 0.0, "frame 7: its time (0 s) does not come after that of frame 6"),
        ("frames.pts_seconds[2]", "late", "frames.pts_seconds[2]: Invalid number (late)"),
        ("frames.pts_seconds", [0.0], "frames: 4 frame numbers and 1 times"),
        ("frames.index[1]", 5, "frame 5 comes after frame 5"),
        ("frames.index[1]", 5.5, "frames.index[1]: Invalid whole number (5.5)"),
        ("source.width", "wide", "source.width: Invalid number (wide)"),
        ("source", [], "source: no object"),
        ("skeleton.joints[1]", "head", "skeleton: Skeleton joints: a joint is named twice"),
        ("skeleton.joints[1]", 7, "skeleton.joints[1]: Invalid text (7)"),
        ("skeleton.pairs", [["left_wrist"]], "skeleton.pairs: a pair that is none"),
        ("people[0].id", None, "people[0].id: Invalid number (None)"),
        ("people[0].track", "somewhere", "people[0].track: no object"),
        ("people[0].boxes[1]", [1, 2], "people[0].boxes[1]: 2 entries where 4 are wanted"),
        (
            "people[0].initial.keypoints[3][1]",
            [1, "2"],
            "people[0].initial.keypoints[3][1][1]: Invalid number (2)",
        ),
        (
            "people[0].initial.keypoints[3]",
            [],
            "people[0].initial.keypoints[3]: 0 entries where 7 are wanted",
        ),
        (
            "people[0].initial.keypoints[0][0]",
            [1e9, 5],
            "people[0].initial.keypoints[0][0][0]: Invalid number",
        ),
        ("people[0].initial.scores", None, "people[0].initial.scores: no entries where 4 are wanted"),
        (
            "people[0].corrected.filled[2]",
            [1, 0],
            "people[0].corrected.filled: not 4 lists of 7 of true and false",
        ),
        (
            "people[0].corrected.unsure",
            [{"frame": 99, "joints": []}],
            "unsure[0]: frame 99 is not among the frames",
        ),
        (
            "people[0].corrected.filtered",
            ["tail"],
            "people[0].corrected.filtered: tail is not among the joints",
        ),
        ("run", [], "run: no object"),
        ("run.seconds", {"decode": "long"}, "run.seconds.decode: Invalid number (long)"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_place(tmp_path, place, value, says):
    document = written(tmp_path)
    put(document, place, value)
    (tmp_path / "a.json").write_text(json.dumps(document))
    for read in (posefix_json.load, formats.load):
        with pytest.raises(PosefixError) as caught:
            read(tmp_path / "a.json")
        assert says in str(caught.value)
        assert str(caught.value).startswith(str(tmp_path / "a.json"))
        assert "\n" not in str(caught.value)


def test_two_people_with_one_id_are_refused(tmp_path):
    document = written(tmp_path)
    document["people"] *= 2
    (tmp_path / "a.json").write_text(json.dumps(document))
    with pytest.raises(PosefixError, match="people: two people with one id"):
        posefix_json.load(tmp_path / "a.json")
