"""BlazePose with networks: made-up ones, and the vendor's where they have been fetched."""

from __future__ import annotations

import json
import zipfile

import cv2
import numpy as np
import pytest
import torch

import estimators
from estimators.blazepose import estimator as module
from estimators.blazepose.estimator import BlazePoseEstimator
from estimators.blazepose.landmarks import Landmarks
from estimators.blazepose.person_detector import Candidate
from estimators.blazepose.region import Region
from estimators.blazepose.task_file import DETECTOR, LANDMARKS, TaskFile, read_task_file
from estimators.known_skeletons import BLAZEPOSE
from tests.fixtures.estimator_cases import blazepose_file
from weights import WeightsError

CPU = torch.device("cpu")
FRAME = np.zeros((200, 300, 3), np.uint8)
WHOLE = np.array([0, 0, 299, 199], np.float32)


class Detector:
    """Finds what it is told to."""

    def __init__(self, found):
        self.found, self.asked = found, []

    def detect(self, frame, box):
        self.asked.append(box.tolist())
        return self.found


class Network:
    """Puts all joints into the middle of the region."""

    def __init__(self, presence=0.9):
        self.presence, self.asked = presence, []

    def look(self, frame, region):
        self.asked.append(region)
        points = np.tile([region.x, region.y], (33, 1))
        return Landmarks(points, np.linspace(0, 1, 33), self.presence, Region(region.x + 1, region.y, 50, 0))


def candidate(x, y, size, score=0.9):
    return Candidate(score, Region(x, y, size, 0.0), np.array([x, y - size / 4]))


@pytest.fixture
def build(monkeypatch):
    def made(found=(), presence=0.9, passes=1, curves=None):
        monkeypatch.setattr(module, "PersonDetector", lambda *_, **__: Detector(list(found)))
        monkeypatch.setattr(module, "LandmarkNetwork", lambda *_, **__: Network(presence))
        return BlazePoseEstimator(
            name="blazepose_lite",
            models=TaskFile(b"", b""),
            curves=curves or {},
            weights_sha256="0" * 64,
            threads=1,
            passes=passes,
        )

    return made


def look(estimator, box=WHOLE):
    (poses,) = estimator.estimate(FRAME[None], pts_seconds=[0.0], boxes=[box[None]])
    return poses.keypoints[0]


def test_the_whole_frame_is_searched_once_and_no_box_beyond_it(build):
    estimator = build()
    estimator.estimate(FRAME[None], pts_seconds=[0.0])
    look(estimator, np.array([100, 50, 200, 150], np.float32))
    look(estimator, np.array([-50, 150, 50, 400], np.float32))
    whole, wide, edge = estimator._detector.asked
    assert whole == [0, 0, 299, 199]
    np.testing.assert_allclose(wide, [70, 20, 230, 180])
    np.testing.assert_allclose(edge, [0, 75, 125, 199])


def test_of_several_people_the_one_of_the_box_is_looked_at(build):
    found = [candidate(60, 100, 150, 0.95), candidate(220, 100, 150, 0.8)]
    estimator = build(found)
    np.testing.assert_allclose(
        look(estimator, np.array([160, 40, 280, 160], np.float32))[:, :2], [[220, 100]] * 33
    )
    np.testing.assert_allclose(
        look(estimator, np.array([0, 40, 120, 160], np.float32))[:, :2], [[60, 100]] * 33
    )
    np.testing.assert_allclose(look(estimator)[:, :2], [[60, 100]] * 33)  # the surest


def test_where_the_detector_finds_nobody_the_box_is_looked_at(build):
    estimator = build()
    look(estimator, np.array([100, 50, 140, 150], np.float32))
    assert estimator._network.asked == [Region(120, 100, 125, 0)]
    outside = np.array([400, 300, 500, 400], np.float32)
    look(estimator, outside)
    assert len(estimator._detector.asked) == 1  # there is nothing to search beyond the frame


def test_each_pass_looks_where_the_last_one_says(build):
    estimator = build([candidate(100, 100, 80)], passes=3)
    look(estimator)
    assert [(region.x, region.size) for region in estimator._network.asked] == [
        (100, 80),
        (101, 50),
        (102, 50),
    ]


def test_nobody_there_means_missing_joints(build):
    pose = look(build([candidate(100, 100, 80)], presence=0.4))
    assert np.isnan(pose[:, :2]).all()
    assert (pose[:, 2] == 0).all()


def test_scores_follow_the_curves_of_their_joints(build):
    curves = {"wrist": [(0.0, 0.0), (1.0, 0.5)], "other": [(0.0, 0.1), (1.0, 1.0)]}
    pose = look(build([candidate(100, 100, 80)], curves=curves))
    wrist = BLAZEPOSE.joints.index("right_wrist")
    assert pose[wrist, 2] == pytest.approx(0.5 * wrist / 32)
    assert pose[0, 2] == pytest.approx(0.1)
    thumb = BLAZEPOSE.joints.index("left_thumb")  # without a label anywhere, as the wrist
    assert pose[thumb, 2] == pytest.approx(0.5 * thumb / 32)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"passes": "0"}, "Invalid passes (0)"), ({"threads": "-1"}, "Invalid threads (-1)")],
)
def test_options_out_of_range_are_refused(options, says, tmp_path):
    pytest.importorskip("ai_edge_litert")
    with pytest.raises(ValueError) as error:
        estimators.create("blazepose_lite", device=CPU, options=options)
    assert says in str(error.value)


def test_without_litert_the_cure_is_named(monkeypatch):
    monkeypatch.setattr("estimators.extras.find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r"ai_edge_litert is not installed. Run: pip install 'posefix\[blazepose\]'"
    ):
        estimators.create("blazepose_lite", device=CPU)


def test_models_of_something_else_are_refused(tmp_path):
    lite = blazepose_file("lite")
    models = read_task_file(lite)
    exchanged = tmp_path / "exchanged.task"
    with zipfile.ZipFile(exchanged, "w") as archive:
        archive.writestr(DETECTOR, models.landmarks)
        archive.writestr(LANDMARKS, models.detector)
    with pytest.raises(WeightsError, match=r"exchanged\.task: no model of BlazePose"):
        estimators.create("blazepose_lite", device=CPU, weights=exchanged)


@pytest.fixture(scope="module", params=["lite", "full"])
def blazepose(request):
    return estimators.create(f"blazepose_{request.param}", device=CPU, weights=blazepose_file(request.param))


@pytest.fixture(scope="module")
def squats(shared_data):
    """Frames (N, H, W, 3) of a man who squats, and his joints (N, 33, 2) from the vendor's own program."""
    video = cv2.VideoCapture(str(shared_data / "videos/squats.mp4"))
    joints = np.array(json.loads((shared_data / "videos/squats.keypoints.json").read_text()))
    return np.stack([video.read()[1][..., ::-1] for _ in range(31)])[::10], joints[:31:10, :, :2]


def test_a_man_who_squats_is_found_where_the_vendors_program_finds_him(blazepose, squats):
    frames, joints = squats
    for poses, expected in zip(
        blazepose.estimate(frames, pts_seconds=[0.0] * len(frames)), joints, strict=True
    ):
        body = poses.keypoints[0, 11:33]
        assert np.median(np.linalg.norm(body[:, :2] - expected[11:33], axis=1)) < 12  # of 790 pixels
        assert poses.keypoints[0, 11:17, 2].min() > 0.5
        assert poses.scores[0] > 0.7


def test_a_mirrored_picture_gives_the_mirrored_pose(blazepose, squats):
    frames, _ = squats
    (there,) = blazepose.estimate(frames[:1], pts_seconds=[0.0])
    mirrored = np.ascontiguousarray(frames[:1, :, ::-1])
    (back,) = blazepose.estimate(mirrored, pts_seconds=[0.0])
    pose = back.keypoints[0, list(BLAZEPOSE.flip_indices)]
    expected = there.keypoints[0, :, :2] * [-1, 1] + [frames.shape[2] - 1, 0]
    body = slice(11, 33)
    assert np.median(np.linalg.norm(pose[body, :2] - expected[body], axis=1)) < 12


def test_a_man_upside_down_or_lying_is_found_all_the_same(blazepose, squats):
    frames, _ = squats
    (there,) = blazepose.estimate(frames[:1], pts_seconds=[0.0])
    lying = np.ascontiguousarray(np.rot90(frames[0], k=-1))  # clockwise: (x, y) -> (H - 1 - y, x)
    (found,) = blazepose.estimate(lying[None], pts_seconds=[0.0])
    x, y = there.keypoints[0, :, :2].T
    expected = np.column_stack([frames.shape[1] - 1 - y, x])
    body = slice(11, 33)
    assert np.median(np.linalg.norm(found.keypoints[0, body, :2] - expected[body], axis=1)) < 12


def test_a_box_around_a_person_gives_what_the_whole_frame_gives(blazepose, squats):
    frames, _ = squats
    (whole,) = blazepose.estimate(frames[:1], pts_seconds=[0.0])
    points = whole.keypoints[0, :, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    box = np.concatenate([low - 40, high + 40])[None].astype(np.float32)
    (boxed,) = blazepose.estimate(frames[:1], pts_seconds=[0.0], boxes=[box])
    assert np.median(np.linalg.norm(boxed.keypoints[0, :, :2] - points, axis=1)) < 8


def test_nobody_is_in_a_picture_without_anything(blazepose):
    for shade in (0, 128, 255):
        (poses,) = blazepose.estimate(np.full((1, 240, 320, 3), shade, np.uint8), pts_seconds=[0.0])
        assert np.isnan(poses.keypoints[..., 0]).all()
        assert poses.scores.tolist() == [0]
