"""The command line: what it takes, what it says, how it ends."""

import subprocess
import sys

import pytest

import weights
from app.commands import arguments, run
from app.commands.main import main, parse


def test_the_help_shows_what_is_written_and_the_exit_statuses(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for part in ("VIDEO_posefix.mp4", "VIDEO_posefix.json", "exit status", "files:", "work:", "overlay:"):
        assert part in said


def test_help_does_not_load_the_heavy_packages():
    code = (
        "import sys, contextlib\n"
        "from app.commands.main import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'mmpose', 'cv2', 'decord')))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", ["train", "evaluate", "correct", "info", "demo"])
def test_every_command_has_its_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a.mp4", "--box", "1,2,3"], "Invalid box (1,2,3)"),
        (["a.mp4", "--box", "1,2,0,5"], "Invalid box (1,2,0,5)"),
        (["a.mp4", "--box", "nan,0,5,5"], "Invalid box (nan,0,5,5)"),
        (["a.mp4", "--box", "0,0,inf,5"], "Invalid box (0,0,inf,5)"),
        (["a.mp4", "--start", "-1"], "Invalid seconds (-1)"),
        (["a.mp4", "--end", "soon"], "Invalid seconds (soon). A number from 0 up is wanted."),
        (["a.mp4", "--frames", "x"], "Invalid frames (x). Supported values are"),
        (["a.mp4", "--initial-colour", "blurple"], "Invalid colour (blurple)"),
        (["a.mp4", "--draw", "all"], "invalid choice: 'all'"),
        (["--quiet"], "required"),
        (["train"], "required"),
    ],
)
def test_wrong_usage_says_what_is_wanted_and_ends_with_2(arguments, says, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_without_arguments_there_is_help_and_status_2(capsys):
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "VIDEO_OR_FOLDER" in capsys.readouterr().err


def test_options_reach_the_job():
    args = parse(["a.mp4", "--start", "1", "--end", "2", "--box", "10,20,30,40", "--draw", "initial"])
    args.initial_colour = (1, 2, 3)
    options = run._options(args)
    assert (options.start, options.end) == (1.0, 2.0)
    assert options.box.tolist() == [10, 20, 40, 60]
    assert (options.style.draw, options.style.initial_colour) == ("initial", (1, 2, 3))


def test_colours_are_names_or_numbers():
    assert arguments.colour("#ff8000") == (255, 128, 0)
    assert arguments.colour("white") == (255, 255, 255)


def test_an_end_before_the_start_is_refused(tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert main([str(tmp_path / "a.mp4"), "--start", "3", "--end", "2"]) == 2
    assert "Invalid end (2.0)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--radius", "-5", "Invalid radius (-5.0). Supported values are 0.5 to 500."),
        ("--radius", "nan", "Invalid radius (nan). Supported values are 0.5 to 500."),
        ("--thickness", "0", "Invalid thickness (0). Supported values are 1 to 500."),
        ("--min-score", "7", "Invalid min_score (7.0). Supported values are 0 to 1."),
    ],
)
def test_an_overlay_that_cannot_be_drawn_is_refused_before_any_work(tmp_path, capsys, option, value, says):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert main([str(tmp_path / "a.mp4"), option, value]) == 2
    assert says in capsys.readouterr().err


def test_an_unknown_estimator_is_refused_with_the_known_ones(tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert main([str(tmp_path / "a.mp4"), "--estimator", "nope"]) == 2
    said = capsys.readouterr().err
    assert "Invalid estimator (nope). Supported values are " in said
    assert "sfn" in said


def test_an_unknown_device_is_refused(tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert main([str(tmp_path / "a.mp4"), "--device", "tpu"]) == 2
    assert "Invalid device (tpu). Supported values are auto, cpu, cuda." in capsys.readouterr().err


def test_cuda_that_is_absent_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert main([str(tmp_path / "a.mp4"), "--device", "cuda"]) == 2
    assert "Invalid device (cuda)" in capsys.readouterr().err


def test_info_names_versions_estimators_and_weights(capsys):
    assert main(["info"]) == 0
    said = capsys.readouterr().out
    digest = weights.sha256(weights.find("sfn-small"))
    for part in ("posefix", "torch", "mmpose", "sfn", "cuda device", digest):
        assert part in said
