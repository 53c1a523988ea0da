"""Estimators by name, with arguments and options; and one that another package brings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from estimators import available, create, registry

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[2]


def plain(*, device, weights=None):
    return SimpleNamespace(device=device, weights=weights)


def telling(*, device, weights=None, argument, flip_test=False, passes=1, room=1.25, curves=""):
    return SimpleNamespace(argument=argument, flip_test=flip_test, passes=passes, room=room, curves=curves)


telling.metavar = "FILE"


@pytest.fixture
def installed(monkeypatch):
    """Two estimators in the place of those installed."""
    points = [
        SimpleNamespace(name="plain", load=lambda: plain),
        SimpleNamespace(name="telling", load=lambda: telling),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)


def test_what_stands_behind_the_colon_goes_to_the_factory(installed):
    assert create("telling:C:/a.onnx", device=CPU).argument == "C:/a.onnx"
    made = create("plain", device=CPU, weights=Path("a"))
    assert (made.device, made.weights) == (CPU, Path("a"))


def test_options_become_what_their_defaults_are(installed):
    options = {"flip-test": "true", "passes": "3", "room": "2", "curves": "a=b"}
    made = create("telling:x", device=CPU, options=options)
    assert (made.flip_test, made.passes, made.room, made.curves) == (True, 3, 2.0, "a=b")
    assert isinstance(made.room, float)
    assert create("telling:x", device=CPU, options={"flip_test": "No"}).flip_test is False


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("nobody", {}, "Invalid estimator (nobody). Supported values are plain, telling."),
        ("telling", {}, "Invalid estimator (telling). Supported values are telling:FILE."),
        ("telling:", {}, "Supported values are telling:FILE."),
        ("plain:x", {}, "plain takes nothing behind a colon"),
        ("plain", {"a": "1"}, "Invalid estimator option (a). plain takes none."),
        (
            "telling:x",
            {"flip": "1"},
            "Invalid estimator option (flip). Supported values are flip-test, passes, room, curves.",
        ),
        ("telling:x", {"argument": "y"}, "Invalid estimator option (argument)"),
        ("telling:x", {"device": "y"}, "Invalid estimator option (device)"),
        ("telling:x", {"flip-test": "maybe"}, "Invalid flip-test (maybe). Supported values are true, yes"),
        ("telling:x", {"passes": "1.5"}, "Invalid passes (1.5). Supported values are whole numbers."),
        ("telling:x", {"room": "much"}, "Invalid room (much). Supported values are numbers."),
    ],
)
def test_what_it_does_not_take_is_refused_with_what_it_takes(name, options, says, installed):
    with pytest.raises(ValueError) as error:
        create(name, device=CPU, options=options)
    assert says in str(error.value)


def test_options_are_read_from_texts():
    assert registry.parse_options(["a=1", "b=x=y"]) == {"a": "1", "b": "x=y"}
    for wrong in (["a"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(ValueError, match="Invalid estimator option"):
            registry.parse_options(wrong)


def test_the_estimators_of_posefix_name_their_options():
    assert "passes" in registry.option_keys("blazepose_lite")
    assert set(available()) >= {"sfn", "yr", "blazepose_lite", "blazepose_full", "blazepose_heavy"}


PACKAGE = '''
import numpy as np
from estimators import FramePoses, Skeleton


class Middle:
    """Puts seven joints into the middle of each box."""

    name = "middle"
    skeleton = Skeleton(
        "upper_body",
        ("head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"),
        (("left_shoulder", "right_shoulder"),),
    )
    finds_people = False
    batch_size = 4
    weights_sha256 = "0" * 64

    def estimate(self, frames, *, pts_seconds, boxes=None):
        if len(frames) != len(pts_seconds) or (boxes is not None and len(boxes) != len(frames)):
            raise ValueError("Invalid pts_seconds or boxes.")
        if boxes is None:
            boxes = [np.array([[0, 0, f.shape[1] - 1, f.shape[0] - 1]], np.float32) for f in frames]
        found = []
        for seconds, those in zip(pts_seconds, boxes):
            middles = (those[:, None, :2] + those[:, None, 2:]) / 2 + np.zeros((1, 7, 1))
            keypoints = np.concatenate([middles, np.ones((len(those), 7, 1))], axis=2).astype(np.float32)
            found.append(FramePoses(seconds, keypoints, those, np.ones(len(those), np.float32)))
        return found


def create(*, device, weights=None):
    return Middle()
'''
PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "middle-estimator"
version = "1"

[project.entry-points."posefix.estimators"]
middle = "middle_estimator:create"

[tool.setuptools]
py-modules = ["middle_estimator"]
"""


@pytest.mark.slow
def test_a_package_from_elsewhere_works_by_its_entry_point_alone(tmp_path):
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    (source / "middle_estimator.py").write_text(PACKAGE)
    (source / "pyproject.toml").write_text(PROJECT)
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    install += ["--no-build-isolation", "--target", str(site), str(source)]
    subprocess.run(install, check=True, capture_output=True)
    path = os.pathsep.join([str(site), str(ROOT), os.environ.get("PYTHONPATH", "")])
    run = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    run += [str(ROOT / "tests/estimators/test_contract.py"), "--estimator", "middle"]
    environment = {**os.environ, "PYTHONPATH": path}
    ended = subprocess.run(run, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "passed" in ended.stdout
    show = [sys.executable, "-c", "import estimators; print(estimators.available())"]
    listed = subprocess.run(show, check=True, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert "middle" in listed.stdout
