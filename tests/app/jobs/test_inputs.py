"""From names on the command line to jobs."""

import os
import re
from pathlib import Path

import pytest

from app.jobs.inputs import find_jobs as find


def find_jobs(*inputs, **options):
    found = find(*inputs, **options)
    assert found.refused == []
    return found.jobs


@pytest.fixture
def clips(tmp_path):
    for name in ("a.mp4", "b.MOV", "a_posefix.mp4", ".hidden.mp4", "notes.txt", "deep/c.mkv"):
        path = tmp_path / "clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "clips"


def names(jobs):
    return [job.source.name for job in jobs]


def test_a_folder_gives_its_videos_but_not_our_own_results(clips):
    jobs = find_jobs([clips], output=None, recursive=False)
    assert names(jobs) == ["a.mp4", "b.MOV"]
    assert jobs[0].video == clips / "a_posefix.mp4"
    assert jobs[0].data == clips / "a_posefix.json"


def test_subfolders_come_with_recursive_and_are_kept_in_the_output(clips, tmp_path):
    jobs = find_jobs([clips], output=tmp_path / "out", recursive=True)
    assert names(jobs) == ["a.mp4", "b.MOV", "c.mkv"]
    assert jobs[2].video == tmp_path / "out" / "deep" / "c_posefix.mp4"


def test_a_file_named_twice_is_one_job(clips):
    assert len(find_jobs([clips / "a.mp4", clips / "a.mp4", clips], output=None, recursive=False)) == 2


def test_two_inputs_with_the_same_stem_do_not_write_the_same_file():
    jobs = find_jobs([Path("x/a.mp4"), Path("x/a.mov")], output=None, recursive=False)
    assert [job.video.name for job in jobs] == ["a_mp4_posefix.mp4", "a_mov_posefix.mp4"]


def test_two_inputs_of_one_name_from_two_folders_do_not_write_the_same_file(tmp_path):
    jobs = find_jobs([Path("x/a.mp4"), Path("y/a.mp4")], output=tmp_path, recursive=False)
    assert [job.video.name for job in jobs] == ["x_a_mp4_posefix.mp4", "y_a_mp4_posefix.mp4"]


@pytest.mark.parametrize("name", ["k.csv", "k_posefix.json"])
def test_keypoints_are_sent_to_the_command_that_takes_them(tmp_path, name):
    found = find([tmp_path / name, Path("a.mp4")], output=None, recursive=False)
    assert names(found.jobs) == ["a.mp4"]
    path = tmp_path / name
    assert found.refused == [f"{path}: keypoints, not a video. Correct them with: posefix correct {path}"]


def test_a_folder_without_videos_says_so(tmp_path):
    found = find([tmp_path], output=None, recursive=False)
    assert found.jobs == []
    assert re.search(r"no video in it .* Add --recursive", found.refused[0])


def test_a_folder_that_cannot_be_read_says_so(clips, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    found = find([clips, clips / "a.mp4"], output=None, recursive=False)
    assert "clips: the folder cannot be read (Permission denied)" in found.refused[0]
    # A folder that is no use does not stop the file beside it.
    assert names(found.jobs) == ["a.mp4"]
