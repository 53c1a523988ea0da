"""Names, folders, what exists already, full disks: many files through the command line, and what is left."""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import app
from app.commands.main import main
from app.jobs.demo import make_demo_clip
from tests.app.jobs.test_bad_places import there
from tests.fixtures import clips
from weights.files import written_whole

# Names.


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_in_an_encoding_of_another_time(tmp_path, posefix):
    path = clips.silent(tmp_path / "plain.mp4").rename(tmp_path / os.fsdecode(b"caf\xe9.mp4"))
    assert posefix(path) == (0, [])
    assert len(app.load(tmp_path / os.fsdecode(b"caf\xe9_posefix.json")).people) == 1


@pytest.mark.parametrize("stem", ["10:30", "a b", "[bold]a", "100%03d", "-start", "naïve ☂", "a.b"])
def test_any_name_will_do(tmp_path, monkeypatch, posefix, stem):
    clips.silent(tmp_path / "plain.mp4").rename(tmp_path / f"{stem}.mp4")
    # A relative path, as users type it: FFmpeg takes what stands before a colon for a protocol.
    monkeypatch.chdir(tmp_path)
    assert posefix("--", f"{stem}.mp4") == (0, [])
    assert there(tmp_path) == sorted([f"{stem}.mp4", f"{stem}_posefix.json", f"{stem}_posefix.mp4"])


def test_two_inputs_with_the_same_stem_get_results_of_their_own(tmp_path, posefix):
    clips.silent(tmp_path / "a.mp4")
    clips.uneven(tmp_path / "a.mov")
    assert posefix(tmp_path) == (0, [])
    for kind, frames in (("mp4", clips.COUNT), ("mov", len(clips.UNEVEN_TIMES))):
        assert len(app.load(tmp_path / f"a_{kind}_posefix.json").pts_seconds) == frames
        assert app.open_video(tmp_path / f"a_{kind}_posefix.mp4").info.frames == frames
    assert len(there(tmp_path)) == 6


def test_the_same_name_from_two_folders_into_one(tmp_path, posefix):
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        clips.silent(tmp_path / folder / "a.mp4")
    sources = [tmp_path / "x" / "a.mp4", tmp_path / "y" / "a.mp4"]
    assert posefix(*sources, "--output", tmp_path / "out") == (0, [])
    assert len(there(tmp_path / "out")) == 4


# Batches.


def test_a_broken_file_between_good_ones_fails_alone(tmp_path, posefix):
    clips.silent(tmp_path / "1.mp4")
    clips.without_index(tmp_path / "2.mp4")
    clips.silent(tmp_path / "3.mp4")
    status, (line,) = posefix(tmp_path)
    assert status == 1
    assert line.startswith(f"{tmp_path / '2.mp4'}: cut off")
    results = ["1_posefix.json", "1_posefix.mp4", "3_posefix.json", "3_posefix.mp4"]
    assert there(tmp_path) == sorted(["1.mp4", "2.mp4", "3.mp4", *results])


def test_the_table_at_the_end_says_how_each_file_ended(tmp_path, fakes, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clips.silent(tmp_path / "1.mp4")
    clips.empty(tmp_path / "2.mp4")
    clips.damaged(tmp_path / "3.mp4")
    (tmp_path / "4_posefix.json").touch()
    clips.silent(tmp_path / "4.mp4")
    assert main(["."]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["file", "frames", "took", "corrected", "result"]
    for number, (line, result) in enumerate(
        zip(lines[1:], ("done", "failed", "damaged", "skipped"), strict=True), 1
    ):
        assert line.split()[0] == f"{number}.mp4"
        assert line.split()[-1] == result
    assert " 20 " in lines[1]
    assert "moved 2.0 px" in lines[1]


def test_a_folder_with_none_says_what_it_looked_for(tmp_path, posefix):
    (tmp_path / "notes.txt").touch()
    status, (line,) = posefix(tmp_path)
    assert status == 1
    assert line.startswith(f"posefix: {tmp_path}: no video in it (looked for .mp4, .mov")
    assert line.endswith("Add --recursive for its subfolders.")


def test_output_that_exists_is_skipped_and_said_until_overwrite(tmp_path, posefix):
    path = clips.silent(tmp_path / "a.mp4")
    assert posefix(path)[0] == 0
    data = tmp_path / "a_posefix.json"
    data.write_text("mine")
    assert posefix(path) == (0, [f"{data}: exists, {path} skipped. --overwrite redoes it."])
    assert data.read_text() == "mine"
    assert posefix(path, "--overwrite") == (0, [])
    assert len(app.load(data).people) == 1


def test_frames_that_there_are_not_are_said(tmp_path, posefix):
    path = clips.silent(tmp_path / "a.mp4")
    line = f"{path}: no picture of frame 20, 5000: those worked on are 0 to 19."
    assert posefix(path, "--frames", "3,20,5000", "--no-video") == (1, [line])
    assert len(list((tmp_path / "a_posefix_frames").iterdir())) == 1
    line = f"{path}: no picture, as no frame is a multiple of 25: those worked on are 2 to 19."
    again = (path, "--frames", "every:25", "--start", "0.1", "--no-video", "--overwrite")
    assert posefix(*again) == (1, [line])


# Permissions, for real.

# Root's rights to read and write what the permissions forbid: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
ROOTS_RIGHTS = 1 << 1 | 1 << 2
# _LINUX_CAPABILITY_VERSION_3, and this thread.
CAPABILITY_HEADER = (0x20080522, 0)


@pytest.fixture
def held_to_permissions():
    """Permissions count for root, too, which continuous integration often is."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("needs a user other than root")
    libc = ctypes.CDLL(None, use_errno=True)
    header, rights = (ctypes.c_uint32 * 2)(*CAPABILITY_HEADER), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, rights) == 0
    effective = rights[0]
    rights[0] = effective & ~ROOTS_RIGHTS
    assert libc.capset(header, rights) == 0
    yield
    rights[0] = effective
    assert libc.capset(header, rights) == 0


@pytest.mark.parametrize(
    ("closed", "mode", "line"),
    [
        ("in/a.mp4", 0o000, "{}: no permission to read it. Change its permissions."),
        ("in", 0o000, "posefix: {}: the folder cannot be read (Permission denied). Change its permissions."),
        ("out", 0o500, "{}: cannot be written (Permission denied). Choose another folder."),
    ],
)
def test_what_permissions_forbid_is_said(tmp_path, posefix, held_to_permissions, closed, mode, line):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    clips.silent(tmp_path / "in" / "a.mp4")
    path = tmp_path / closed
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        assert posefix(tmp_path / "in", "--output", tmp_path / "out") == (1, [line.format(path)])
    finally:
        path.chmod(before)
    assert there(tmp_path) == ["in", "in/a.mp4", "out"]


# Disks that are really full: /dev/full is one.

STILL = "a_posefix_frames/a_posefix_000003.png"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("full", "left"),
    [
        ("a_posefix.json", []),
        ("a_posefix.mp4", []),
        (STILL, ["a_posefix_frames"]),
        ("a_posefix_montage.png", ["a_posefix.json", "a_posefix.mp4", "a_posefix_frames", STILL]),
    ],
)
def test_no_space_left_leaves_no_part_of_a_pair(tmp_path, posefix, monkeypatch, full, left):
    path = clips.good(tmp_path / "a.mp4")
    # What is written to the file goes to a full disk.
    monkeypatch.setattr("weights.files.secrets.token_hex", lambda _: "0")
    with suppress(app.PosefixError), written_whole(tmp_path / full) as place:
        pass
    place.symlink_to("/dev/full")
    status, (line,) = posefix(path, "--montage", "--frames", "3")
    assert status == 1
    cure = "cannot be written (No space left on device). Free some space or choose another folder."
    assert line == f"{tmp_path / full}: {cure}"
    assert there(tmp_path) == sorted(["a.mp4", *left])
    if "a_posefix.json" not in left:
        # Nothing stands in the way of trying again.
        assert posefix(path) == (0, [])


# With the models that are shipped.


def test_a_good_and_a_broken_clip_with_the_shipped_models(tmp_path, posefix, monkeypatch):
    monkeypatch.undo()
    truth = make_demo_clip(tmp_path / "1.mp4", seconds=2.8)[65:]
    clips.without_index(tmp_path / "2.mp4")
    where = ["--start", "2.6", "--box", "200,60,260,400", "--device", "cpu"]
    status, (line,) = posefix(tmp_path, *where)
    assert status == 1
    assert line.startswith(f"{tmp_path / '2.mp4'}: cut off")
    assert app.open_video(tmp_path / "1_posefix.mp4").info.frames == 5
    (person,) = app.load(tmp_path / "1_posefix.json").people
    # Drawn people are strange to a model of real ones: the middle of the head and the hips must do.
    for joint in (0, 9, 10):
        for found in (person.initial[..., :2], person.corrected):
            assert np.linalg.norm(found[:, joint] - truth[:, joint], axis=-1).max() < 60
