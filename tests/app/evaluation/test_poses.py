"""PCK against MMPose's own, kinds of error, the benchmarks' protocol and command."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.commands.main import main
from app.errors import UsageError
from app.evaluation.pose_benchmarks import Benchmark, figures, photos, run, youtube_pose
from estimators import FramePoses
from estimators.datasets.records import PoseRecord
from estimators.detectors import Detections
from estimators.known_skeletons import YOUTUBE_POSE
from estimators.skeletons import JOINTS, POSEFIX
from tests.fixtures.releases import HELD_OUT_PHOTO, TRAINED_PHOTO, make_photos, make_youtube_pose

JOINT_NAMES = ("head", "left_wrist", "right_wrist")


class Perfect:
    """Knows the labels; misses everything in pictures whose first pixel is white."""

    name, skeleton, finds_people, batch_size, weights_sha256 = "perfect", POSEFIX, False, 2, "none"

    def __init__(self, records: list[PoseRecord]) -> None:
        self.records = iter(records)
        self.boxes: list[np.ndarray | None] = []

    def estimate(self, frames, *, pts_seconds, boxes=None):
        results = []
        for index, frame in enumerate(frames):
            keypoints = np.full((1, 15, 3), np.nan)
            keypoints[0, :, :2] = next(self.records).keypoints
            keypoints[..., 2] = 0.95
            if frame[0, 0, 0] == 255:
                keypoints[..., :2] += 25
            self.boxes.append(None if boxes is None else boxes[index])
            results.append(FramePoses(0.0, keypoints, np.zeros((1, 4)), np.ones(1)))
        return results


def records(count: int) -> list[PoseRecord]:
    rng = np.random.default_rng(0)
    made = []
    for index in range(count):
        image = np.zeros((50 + index % 2, 60, 3), np.uint8)
        image[0, 0] = 255 if index % 4 == 0 else 0
        made.append(PoseRecord(str(index), image, rng.uniform(0, 50, (15, 2)).astype(np.float32)))
    return made


def benchmark(pictures: list[PoseRecord]) -> Benchmark:
    return Benchmark(
        name="made-up",
        records=pictures,
        skeleton=YOUTUBE_POSE,
        units=np.ones(len(pictures)),
        limit=20.0,
        steps=(0.0, 20.0, 40.0),
        axis="pixels",
        groups={"head": ("head",), "wrists": ("left_wrist", "right_wrist")},
    )


def test_a_benchmark_counts_right_joints():
    pictures = records(8)
    results = figures(run(Perfect(pictures), benchmark(pictures)))
    assert results["pck"] == {"head": 75.0, "wrists": 75.0, "average": 75.0}
    assert [row["average"] for row in results["curve"]["pck"]] == [75.0, 75.0, 100.0]
    (point,) = results["calibration"]
    assert point["right"] == pytest.approx(0.75) and point["score"] == pytest.approx(0.95)


def test_truth_boxes_hold_the_labels():
    pictures = records(3)
    estimator = Perfect(pictures)
    run(estimator, benchmark(pictures), boxes="truth")
    for box, record in zip(estimator.boxes, pictures, strict=True):
        assert (box[0, :2] < record.keypoints.min(axis=0)).all()
        assert (box[0, 2:] > record.keypoints.max(axis=0)).all()
    with pytest.raises(UsageError, match="Invalid boxes"):
        run(estimator, benchmark(pictures), boxes="somewhere")


class Pointing:
    """Finds one person in all pictures but the first; what is surest comes first."""

    name = "pointing"

    def __init__(self) -> None:
        self.pictures = 0

    def detect(self, frames):
        found = []
        for _ in frames:
            self.pictures += 1
            boxes = np.array([[5, 5, 45, 45], [0, 0, 9, 9]], np.float32)[: 2 * (self.pictures > 1)]
            found.append(Detections(boxes, np.array([0.9, 0.2], np.float32)[: len(boxes)]))
        return found


class Boxed:
    """Gives joints at the corners and the middle of the box it looks into."""

    name, skeleton, finds_people, batch_size, weights_sha256 = "boxed", POSEFIX, False, 2, "none"

    def estimate(self, frames, *, pts_seconds, boxes=None):
        results = []
        for found in boxes:
            low, high = found[:, None, :2], found[:, None, 2:]
            shares = np.linspace(0.1, 0.9, 15)[None, :, None]
            points = low + shares * (high - low)
            keypoints = np.concatenate([points, np.full((len(found), 15, 1), 0.9)], axis=2)
            results.append(FramePoses(0.0, keypoints, found, np.full(len(found), 0.9)))
        return results


def test_found_boxes_are_the_detectors_surest_or_the_whole_picture():
    pictures = records(2)
    outcome = run(Boxed(), benchmark(pictures), boxes="found", detector=Pointing())
    head = outcome.keypoints[:, 0, :2]
    height, width = pictures[0].image.shape[:2]
    assert (head[0] < [0.2 * width, 0.2 * height]).all()  # the whole picture
    assert (np.abs(head[1] - [8, 8]) < 4).all()  # around the box from 5 to 45


def test_the_command_writes_json_and_the_curve(tmp_path, capsys):
    make_youtube_pose(tmp_path / "yt", {"one": 0, "two": 1})
    data, plot = tmp_path / "f.json", tmp_path / "f.png"
    status = main(
        ["evaluate", "youtube-pose", str(tmp_path / "yt"), "--json", str(data), "--plot", str(plot)]
    )
    assert status == 0
    written = json.loads(data.read_text())
    assert written["pictures"] == 2
    assert set(written["pck"]) == {"head", "wrists", "elbows", "shoulders", "average"}
    assert written["protocol"]["boxes"] == "frame"
    assert len(written["curve"]["steps"]) == 41
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "PCK" in capsys.readouterr().out


def test_only_the_subset_is_measured(tmp_path):
    make_youtube_pose(tmp_path / "yt", {"one": 0, "two": 1, "three": 0})
    names = {record.name.split("/")[0] for record in youtube_pose(tmp_path / "yt").records}
    assert names == {"two"}
    assert JOINTS[0] == "head"


def test_photos_are_measured_by_joint_and_by_facing(tmp_path):
    names = [f"{TRAINED_PHOTO}0001.jpg", f"{HELD_OUT_PHOTO}0001.jpg", f"{HELD_OUT_PHOTO}0002.jpg"]
    path = tmp_path / "sport.npz"
    make_photos(path, names)
    watched, every = photos(path), photos(path, split="all")
    assert [record.name for record in watched.records] == names[1:]
    assert len(every.records) == 3
    assert "neck" not in every.joints and "head_top" in every.joints
    results = figures(run(Perfect(list(every.records)), every))
    assert results["pck"]["limbs"] == results["pck"]["average"] == 100
    assert results["facing"]["all"]["people"] == 3
    assert sum(row["people"] for kind, row in results["facing"].items() if kind != "all") == 3
    assert all(row["mirrored"] == 0 and row["right"] == 100 for row in results["facing"].values())
    with pytest.raises(UsageError, match=r"Invalid split \(test\)"):
        photos(path, split="test")
    make_photos(path, names[:1])
    with pytest.raises(UsageError, match=r"sport\.npz: nobody with a labelled torso .*--split all"):
        photos(path)


def test_the_photos_command_prints_how_people_face_the_camera(tmp_path, capsys):
    make_photos(tmp_path / "sport.npz", [f"{HELD_OUT_PHOTO}0001.jpg"])
    assert main(["evaluate", "photos", str(tmp_path / "sport.npz"), "--json", str(tmp_path / "f.json")]) == 0
    printed = capsys.readouterr().out
    assert "seen from" in printed and "limbs" in printed
    written = json.loads((tmp_path / "f.json").read_text())
    assert written["benchmark"] == "photos sport, split validation"
    assert written["facing"]["all"]["people"] == 1


def test_facing_is_told_only_where_all_limbs_are_labelled():
    assert "facing" not in figures(run(Perfect(records(4)), benchmark(records(4))))
