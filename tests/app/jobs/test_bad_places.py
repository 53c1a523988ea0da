"""Where ``posefix`` may not read or write, disks that get full, Ctrl-C, faults: through the command itself.

A failure is one line on stderr that names the file and the cure, the other files are done, and nothing
half-written is left. ``test_bad_input.py`` has the files that are broken themselves.
"""

import contextlib
import os
import resource
import signal
from pathlib import Path

import av
import numpy as np
import pytest

import app
from app.commands.main import main
from app.video.writer import VideoWriter
from tests.fixtures import clips

# So that a fake can tell one clip of a folder from the others.
OTHER_SIZE = (176, 120)
RESULTS = ("_posefix.json", "_posefix.mp4")


def there(folder):
    """Every file and folder in ``folder``, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def results(*stems):
    return sorted(f"{stem}{end}" for stem in stems for end in RESULTS)


# What may not be read.


def pipe(path):
    os.mkfifo(path)
    return path


def looped(path):
    path.symlink_to(path)
    return path


UNREADABLE = {
    pipe: "not a regular file. Save the video to disk first.",
    looped: "cannot be read (Too many levels of symbolic links). Check the path.",
}


@pytest.mark.parametrize("make", UNREADABLE, ids=lambda make: make.__name__)
def test_what_is_no_file_is_told_apart(tmp_path, posefix, make):
    path = make(tmp_path / "a.mp4")
    before = there(tmp_path)
    assert posefix(path) == (1, [f"{path}: {UNREADABLE[make]}"])
    assert there(tmp_path) == before


def test_a_name_too_long_for_any_disk(tmp_path, posefix):
    path = tmp_path / ("a" * 300 + ".mp4")
    status, (line,) = posefix(path)
    assert status == 1
    assert line.endswith("_posefix.json: File name too long. Check the path and the disk.")


def test_a_file_that_may_not_be_read(tmp_path, posefix, monkeypatch):
    path = clips.good(tmp_path / "a.mp4")

    def refuse(name, *_, **__):
        raise av.error.PermissionError(13, "Permission denied", name)

    monkeypatch.setattr("app.video.probe.av.open", refuse)
    assert posefix(path) == (1, [f"{path}: no permission to read it. Change its permissions."])


def test_a_path_that_may_not_be_looked_at(tmp_path, posefix, monkeypatch):
    path, stat = clips.good(tmp_path / "a.mp4"), Path.stat

    def refuse(self, **options):
        if self == path:
            raise PermissionError(13, "Permission denied", str(self))
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    assert posefix(path) == (1, [f"{path}: cannot be read (Permission denied). Check the path."])


def test_a_folder_that_may_not_be_read(tmp_path, posefix, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    cure = "the folder cannot be read (Permission denied). Change its permissions."
    assert posefix(tmp_path) == (1, [f"posefix: {tmp_path}: {cure}"])


# What may not be written.


def test_an_output_that_may_not_be_written(tmp_path, posefix, fakes, monkeypatch):
    def refuse(*_, **options):
        raise PermissionError(13, "Permission denied", str(options["dir"]))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    status, lines = posefix(clips.good(tmp_path / "a.mp4"), "--output", tmp_path / "out")
    cure = "cannot be written (Permission denied). Choose another folder."
    assert (status, lines) == (1, [f"{tmp_path / 'out'}: {cure}"])
    # Said at once, not after the work.
    assert fakes.calls == []
    assert there(tmp_path) == ["a.mp4"]


def test_an_output_that_may_not_be_made(tmp_path, posefix, fakes, monkeypatch):
    path = clips.good(tmp_path / "a.mp4")

    def refuse(self, *_, **__):
        raise OSError(30, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    status, lines = posefix(path, "--output", tmp_path / "out")
    cure = "cannot be written (Read-only file system). Choose another folder."
    assert (status, lines) == (1, [f"{tmp_path / 'out'}: {cure}"])
    assert fakes.calls == []
    assert there(tmp_path) == ["a.mp4"]


def test_an_output_that_is_a_file(tmp_path, posefix, fakes):
    (tmp_path / "out").write_text("mine")
    clips.good(tmp_path / "a.mp4")
    for output in (tmp_path / "out", tmp_path / "out" / "deeper"):
        status, (line,) = posefix(tmp_path / "a.mp4", "--output", output)
        assert status == 1
        assert line.startswith(f"{output}: cannot be written (")
        assert line.endswith("Choose another folder.")
    assert fakes.calls == []
    assert (tmp_path / "out").read_text() == "mine"


@contextlib.contextmanager
def files_up_to(size):
    """What would make a file bigger fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("size", "options", "fails"),
    [
        # The data takes 7.0 kB, the video 8.1.
        (7500, [], "a_posefix.mp4"),
        (2000, [], "a_posefix.json"),
        (2000, ["--no-video"], "a_posefix.json"),
    ],
)
def test_a_full_disk_leaves_nothing_half_written(tmp_path, posefix, size, options, fails):
    path = clips.good(tmp_path / "a.mp4")
    with files_up_to(size):
        status, (line,) = posefix(path, *options)
    assert status == 1
    assert line.startswith(f"{tmp_path / fails}: cannot be written (File too large). Free some space")
    assert there(tmp_path) == ["a.mp4"]


def test_a_disk_full_while_writing_is_said_and_the_next_file_tried(tmp_path, posefix, monkeypatch):
    clips.write_clip(tmp_path / "1.mp4", size=OTHER_SIZE)
    clips.silent(tmp_path / "2.mp4")
    write = VideoWriter.write

    def full(self, picture, **options):
        if picture.shape[1] == OTHER_SIZE[0] and options["pts_seconds"] > 0.4:
            raise OSError(28, "No space left on device")
        write(self, picture, **options)

    monkeypatch.setattr(VideoWriter, "write", full)
    cure = "cannot be written (No space left on device). Free some space or choose another folder."
    assert posefix(tmp_path) == (1, [f"{tmp_path / '1_posefix.mp4'}: {cure}"])
    assert there(tmp_path) == sorted(["1.mp4", "2.mp4", *results("2")])


def test_a_failure_leaves_an_older_result_as_it_was(tmp_path, posefix):
    path = clips.silent(tmp_path / "a.mp4")
    posefix(path)
    before = {name: (tmp_path / name).read_bytes() for name in results("a")}
    with files_up_to(2000):
        assert posefix(path, "--overwrite")[0] == 1
    assert {name: (tmp_path / name).read_bytes() for name in results("a")} == before
    assert there(tmp_path) == sorted(["a.mp4", *results("a")])


# What there is not.


def test_an_unknown_estimator(tmp_path, capfd):
    assert main([str(clips.silent(tmp_path / "a.mp4")), "--estimator", "openpose"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("posefix: Invalid estimator (openpose). Supported values are ")
    assert there(tmp_path) == ["a.mp4"]


def test_cuda_asked_for_and_absent(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main([str(clips.silent(tmp_path / "a.mp4")), "--device", "cuda"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("posefix: Invalid device (cuda)")
    assert "--device cpu" in line
    assert there(tmp_path) == ["a.mp4"]


def test_a_part_beyond_the_end(tmp_path, posefix):
    path = clips.silent(tmp_path / "a.mp4")
    status, (line,) = posefix(path, "--start", "9")
    assert status == 1
    assert line.startswith(f"{path}: no frame from --start 9")
    assert there(tmp_path) == ["a.mp4"]


# What ends in the middle.


def test_a_fault_of_ours_costs_one_file_and_asks_for_a_report(tmp_path, posefix, fakes, monkeypatch):
    clips.silent(tmp_path / "1.mp4")
    clips.write_clip(tmp_path / "2.mp4", size=OTHER_SIZE)
    clips.silent(tmp_path / "3.mp4")
    estimate = fakes.estimate

    def sometimes(frames, **options):
        if frames.shape[2] == OTHER_SIZE[0]:
            raise ZeroDivisionError("what\n  was that")
        return estimate(frames, **options)

    monkeypatch.setattr(fakes, "estimate", sometimes)
    status, (line,) = posefix(tmp_path)
    assert status == 1
    assert line.startswith(f"{tmp_path / '2.mp4'}: ZeroDivisionError: what was that (test_bad_places.py:")
    assert "posefix info" in line
    assert there(tmp_path) == sorted(["1.mp4", "2.mp4", "3.mp4", *results("1", "3")])


@pytest.mark.parametrize("stage", ["estimate", "render"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_finished_and_nothing_half_written(
    tmp_path, posefix, fakes, monkeypatch, stage, number
):
    clips.silent(tmp_path / "1.mp4")
    clips.write_clip(tmp_path / "2.mp4", size=OTHER_SIZE)
    calls = []

    def interrupted(inner, *, at):
        def call(*arguments, **options):
            shape = next(argument.shape for argument in arguments if isinstance(argument, np.ndarray))
            calls.append(OTHER_SIZE[0] in shape)
            if sum(calls) == at:
                os.kill(os.getpid(), number)
            return inner(*arguments, **options)

        return call

    if stage == "estimate":
        monkeypatch.setattr(fakes, "estimate", interrupted(fakes.estimate, at=2))
    else:
        monkeypatch.setattr(VideoWriter, "write", interrupted(VideoWriter.write, at=10))
    before = signal.getsignal(signal.SIGTERM)
    # A shell that starts the tests in the background has interrupts ignored.
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status, lines = posefix(tmp_path)
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, interrupt)
    assert status == 130
    assert lines == ["posefix: interrupted; finished files are kept, nothing half-written stays."]
    assert there(tmp_path) == sorted(["1.mp4", "2.mp4", *results("1")])
    assert len(app.load(tmp_path / "1_posefix.json").frame_indices) == clips.COUNT
