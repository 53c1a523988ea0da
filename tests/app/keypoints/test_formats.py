"""Real files of every format: read, corrected, written and read again."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from app.errors import PosefixError, UsageError
from app.keypoints import formats
from app.keypoints.correction import correct_clip
from app.keypoints.source import Source
from corrector import Corrector
from tests.fixtures.keypoint_files import CASES, FOLDER

each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@pytest.fixture(scope="module")
def corrector():
    return Corrector.from_weights(device=torch.device("cpu"))


def summary(clip):
    seen = tuple((t.id, t.name, int(t.there.any(axis=1).sum())) for t in clip.tracks)
    return int(clip.frame_indices[0]), len(clip.frame_indices), len(clip.skeleton.joints), seen


def written_again(clip, folder, name):
    chosen = formats.find(name)
    path = chosen.path(folder, "again", people=len(clip.tracks))
    formats.save(clip, path, name)
    return path


def assert_same(one, other, *, within, scores=True):
    assert summary(one) == summary(other)
    assert one.joint_names == other.joint_names
    for ours, theirs in zip(one.tracks, other.tracks, strict=True):
        np.testing.assert_allclose(theirs.points[..., :2], ours.points[..., :2], rtol=1e-12, atol=within)
        if scores:
            there = ours.there & np.isfinite(ours.points[..., 2])
            np.testing.assert_allclose(theirs.points[there, 2], ours.points[there, 2], atol=6e-3)


@each_case
def test_a_real_file_is_known_by_what_is_in_it_and_read(case):
    if case.name != "lightning_pose.csv":  # hand-made labels are DeepLabCut's, to the letter
        assert formats.guess(Source(case.path)).name == case.format
    clip = formats.load(case.path, **case.read)
    assert summary(clip) == (case.first, case.frames, case.joints, case.people)
    assert clip.details["format"] == case.format


@each_case
def test_a_real_file_comes_back_as_it_went_in(case, tmp_path):
    clip = formats.load(case.path, **case.read)
    path = written_again(clip, tmp_path, case.format)
    assert_same(clip, formats.load(path, **case.read), within=case.exact)


@each_case
def test_a_real_file_is_corrected_and_comes_back(case, tmp_path, corrector):
    clip = formats.load(case.path, fps=25, **case.read)
    corrected, words = correct_clip(clip, corrector, where=case.name, others=True)
    assert words.startswith(("moved", "2 people", "4 people"))
    again = formats.load(written_again(corrected, tmp_path, case.format), fps=25, **case.read)
    assert_same(corrected, again, within=case.exact or 1e-12, scores=False)
    assert [track.id for track in again.tracks] == [track.id for track in clip.tracks]
    np.testing.assert_array_equal(again.frame_indices, clip.frame_indices)


@each_case
def test_every_file_can_be_written_in_every_format_that_holds_it(case, tmp_path):
    """... and what is read from there has the same people in the same frames."""
    clip = formats.load(case.path, fps=25, **{"size": (2000, 2000), **case.read})
    for chosen in formats.FORMATS:
        folder = tmp_path / chosen.name
        try:
            path = written_again(clip, folder, chosen.name)
        except PosefixError as error:
            metres, animal = clip.unit == "lengths", not clip.skeleton.sources("left_wrist")
            assert (
                (metres and "no pixels" in str(error))
                or (animal and chosen.layouts and "has a place in" in str(error))
                or (len(clip.tracks) > 1 and "hold one animal" in str(error))
            ), error
            continue  # metres are no pixels, and a mouse has none of COCO's joints
        again = formats.load(path, format=chosen.name, fps=25, size=(2000, 2000))
        if not chosen.layouts:
            assert len(again.tracks) == len(clip.tracks)
            assert len(again.skeleton.joints) == case.joints


def test_frames_without_anybody_stay_in_their_place():
    clip = formats.load(FOLDER / "alphapose.json")
    assert np.flatnonzero(~clip.tracks[0].there.any(axis=1)).tolist() == [3]
    clip = formats.load(FOLDER / "ultralytics")
    assert np.flatnonzero(~clip.tracks[0].there.any(axis=1)).tolist() == [3]
    clip = formats.load(FOLDER / "sleap.slp")
    assert np.flatnonzero(~clip.tracks[1].there.any(axis=1)).tolist() == [5]
    assert not clip.tracks[0].there[7].all()


def test_openpose_writes_zeros_for_what_is_missing(tmp_path):
    clip = formats.load(FOLDER / "openpose")
    third = clip.tracks[2]
    assert not third.there.all()
    path = written_again(clip, tmp_path, "openpose")
    assert sorted(p.name for p in path.iterdir())[0] == "cam01.0031.json"
    person = json.loads((path / "cam01.0037.json").read_text())["people"][2]
    assert person["person_id"] == [2]
    numbers = np.reshape(person["pose_keypoints_2d"], (-1, 3))
    assert (numbers[~third.there[6]] == 0).all()


def test_hands_and_faces_of_openpose_go_through(tmp_path):
    clip = formats.load(FOLDER / "sign_language")
    assert "left_hand_20" in clip.skeleton.joints
    assert ("left_hand_20", "right_hand_20") in clip.skeleton.pairs
    path = written_again(clip, tmp_path, "openpose")
    name = "video_000000000001_keypoints.json"
    ours, theirs = (
        json.loads((folder / name).read_text())["people"][0] for folder in (path, FOLDER / "sign_language")
    )
    for part in (
        "pose_keypoints_2d",
        "face_keypoints_2d",
        "hand_left_keypoints_2d",
        "hand_right_keypoints_2d",
    ):
        np.testing.assert_allclose(ours[part], theirs[part], atol=6e-4)


def test_what_mediapipe_knows_of_depth_goes_through(tmp_path):
    clip = formats.load(FOLDER / "mediapipe.json")
    again = json.loads(written_again(clip, tmp_path, "mediapipe").read_text())
    given = json.loads((FOLDER / "mediapipe.json").read_text())
    assert again[4][0][11] == pytest.approx(given[4][11], abs=1e-6)


def test_scores_that_are_no_chances_are_mapped_and_it_is_said(tmp_path):
    clip = formats.load(FOLDER / "mmpose.json")
    assert clip.notes == ("scores from 6.13773 to 16.4279: divided by 16.4279",)
    assert np.nanmax(clip.tracks[0].points[..., 2]) == 1
    again = json.loads(written_again(clip, tmp_path, "mmpose").read_text())
    given = json.loads((FOLDER / "mmpose.json").read_text())
    assert again[3]["instances"][0]["keypoint_scores"] == given[3]["instances"][0]["keypoint_scores"]
    coco = json.loads(written_again(clip, tmp_path, "coco").read_text())
    assert max(coco[0]["keypoints"][2::3]) <= 1


def test_metres_are_worked_on_in_their_own_unit_with_y_up(tmp_path, corrector):
    clip = formats.load(FOLDER / "pose2sim.trc")
    assert clip.unit == "lengths" and clip.fps == 60
    joints = clip.skeleton.joints
    nose, knee = (clip.tracks[0].points[0, joints.index(j), 1] for j in ("nose", "left_knee"))
    assert nose < knee, "y points down inside"
    corrected, words = correct_clip(clip, corrector, where="x")
    assert "unit of the file" in words
    moved = np.linalg.norm(corrected.tracks[0].points[..., :2] - clip.tracks[0].points[..., :2], axis=2)
    assert 0 < np.nanmax(moved) < 0.2
    text = written_again(corrected, tmp_path, "trc").read_text().split("\n")
    given = (FOLDER / "pose2sim.trc").read_text().split("\n")
    assert text[2] == given[2].replace("60\t0\t12", "60\t1\t12")
    ours, theirs = (np.array(lines[8].split("\t"), float) for lines in (text, given))
    np.testing.assert_allclose(ours[4::3], theirs[4::3], atol=1e-6, err_msg="depth goes through")
    assert (ours[3::3] > 0.1).sum() == (theirs[3::3] > 0.1).sum()


def test_a_folder_of_trc_files_is_a_clip_of_several_people(tmp_path):
    clip = formats.load(FOLDER / "openpose", fps=30)
    path = written_again(clip, tmp_path, "trc")
    assert [p.name for p in sorted(path.iterdir())][:2] == [
        "again_trc_person00.trc",
        "again_trc_person01.trc",
    ]
    again = formats.load(path)
    assert [track.id for track in again.tracks] == [0, 1, 2, 3]
    assert again.fps == 30
    np.testing.assert_allclose(again.pts_seconds, clip.pts_seconds, atol=1e-9)
    assert_same(replace(clip, file_joints=again.file_joints), again, within=6e-7, scores=False)


def test_people_without_ids_are_told_apart_by_their_place(tmp_path):
    folder = shutil.copytree(FOLDER / "openpose", tmp_path / "mixed")
    for number, path in enumerate(sorted(folder.iterdir())):
        document = json.loads(path.read_text())
        if number % 2:
            document["people"].reverse()
        path.write_text(json.dumps(document))
    given, mixed = formats.load(FOLDER / "openpose"), formats.load(folder)
    for track in given.tracks[:3]:
        same = [other for other in mixed.tracks if np.allclose(other.points, track.points, equal_nan=True)]
        assert len(same) == 1


def test_an_unknown_format_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(
        UsageError, match=r"Invalid format \(openpos\). Supported values are posefix, openpose"
    ):
        formats.find("openpos")
    path = tmp_path / "a.xyz"
    path.write_text("hello")
    with pytest.raises(PosefixError, match=r"a\.xyz: of no format of keypoints that posefix knows"):
        formats.load(path)
    with pytest.raises(PosefixError, match=r"none: cannot be read \(No such file"):
        formats.load(tmp_path / "none")
    (tmp_path / "empty.json").touch()
    with pytest.raises(PosefixError, match=r"empty\.json: empty"):
        formats.load(tmp_path / "empty.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(PosefixError, match="folder: a folder of no format"):
        formats.load(tmp_path / "folder")


def test_the_list_has_every_format_once():
    lines = formats.describe().split("\n")
    assert len(lines) == len(formats.FORMATS) == len({known.name for known in formats.FORMATS})
    assert formats.find_all("trc,openpose,trc") == (formats.find("trc"), formats.find("openpose"))
    for known in formats.FORMATS:
        module = known.load_module()
        assert all(callable(getattr(module, name)) for name in ("recognises", "validate", "to_clip", "write"))
