"""YR as an estimator: people with their own left and right, in boxes, and followed through a video."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import estimators
import weights
from app.commands.main import main
from estimators.yr import create, create_upper
from estimators.yr.body import FULL, UPPER
from estimators.yr.configuration import YRConfiguration
from estimators.yr.estimator import YREstimator
from estimators.yr.evaluation import by_group, correct, own_placement
from estimators.yr.part_detector import PartDetector, Placements
from estimators.yr.processor import score_at, to_poses
from estimators.yr.search import LARGEST, Tracker, find_people
from estimators.yr.store import save_model
from estimators.yr.training.samples import parse, read_image
from tests.fixtures import clips
from tests.fixtures.fakes import BlobEstimator
from tests.fixtures.yr_models import random_model

CPU = torch.device("cpu")


def placements(count=1, body=FULL, seed=0):
    rng = np.random.default_rng(seed)
    parts = len(body.parents)
    corner = rng.uniform(0, 100, (count, parts, 2))
    boxes = np.concatenate([corner, corner + 19], axis=2)
    return Placements(
        boxes, np.sort(rng.normal(size=count))[::-1], rng.normal(size=(count, parts)),
        np.zeros((count, parts), int), np.zeros(count, int),
    )  # fmt: skip


def test_left_and_right_are_the_persons():
    found = placements()
    poses = to_poses(found, YRConfiguration.uncalibrated("full", threshold=0.0), pts_seconds=1.5)
    joints = FULL.skeleton.joints
    assert len(joints) == 14 and poses.pts_seconds == 1.5
    # Part 6 is the wrist on the viewer's left: the right one of somebody who faces the camera.
    np.testing.assert_allclose(
        poses.keypoints[0, joints.index("right_wrist"), :2], found.points[0, 6], rtol=1e-6
    )
    np.testing.assert_allclose(poses.keypoints[0, joints.index("neck"), :2], found.points[0, 1], rtol=1e-6)
    whole = [*found.boxes[0, :, :2].min(axis=0), *found.boxes[0, :, 2:].max(axis=0)]
    np.testing.assert_allclose(poses.boxes[0], whole, rtol=1e-6)


def test_scores_rise_with_the_evidence():
    found = placements(2, UPPER)
    rows = tuple((1.0, 0.5, float(joint)) for joint in range(7))
    configuration = YRConfiguration("upper", 4, 10, 0.0, (2.0, 1.0), rows)
    poses = to_poses(found, configuration, pts_seconds=0)
    joints = UPPER.skeleton.joints
    part, row = UPPER.joints["left_elbow"], joints.index("left_elbow")
    evidence = found.responses[0, part] + 0.5 * found.scores[0] + row
    assert poses.keypoints[0, joints.index("right_elbow"), 2] == pytest.approx(1 / (1 + np.exp(-evidence)))
    assert poses.scores[0] == pytest.approx(1 / (1 + np.exp(-(2 * found.scores[0] + 1))))
    assert poses.scores[0] > poses.scores[1]


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).integers(0, 255, (70, 90, 3), dtype=np.uint8)


def easy_model():
    """A model that takes anything for a person."""
    model = random_model(UPPER.parents)
    root = replace(model.parts[0], bias=np.full((1, 1), 20.0))
    return replace(model, parts=(root, *model.parts[1:]))


@pytest.fixture(scope="module")
def estimator():
    configuration = YRConfiguration.uncalibrated("upper", threshold=-1.5, interval=3)
    return YREstimator(easy_model(), configuration, device=CPU, weights_sha256="0" * 64)


def test_it_keeps_the_interface(estimator, noise):
    assert isinstance(estimator, estimators.Estimator)
    (poses,) = estimator.estimate(noise[None], pts_seconds=[0.5])
    assert len(poses.scores) >= 1 and poses.keypoints.shape[1:] == (7, 3)
    assert (np.diff(poses.scores) <= 0).all()
    assert ((poses.keypoints[..., 2] >= 0) & (poses.keypoints[..., 2] <= 1)).all()
    with pytest.raises(ValueError, match="frames"):
        estimator.estimate(noise[None], pts_seconds=[0.0, 1.0])
    with pytest.raises(ValueError, match="boxes"):
        estimator.estimate(noise[None], pts_seconds=[0.0], boxes=[])


def test_boxes_are_searched_one_by_one(estimator, noise):
    boxes = np.array([[10, 5, 80, 60], [0, 0, 8, 8], [300, 300, 340, 340]], np.float32)
    (poses,) = estimator.estimate(noise[None], pts_seconds=[0.0], boxes=[boxes])
    np.testing.assert_array_equal(poses.boxes, boxes)
    assert np.isfinite(poses.keypoints[0]).all() and poses.scores[0] > 0
    for nobody in (1, 2):
        assert np.isnan(poses.keypoints[nobody, :, :2]).all()
        assert (poses.keypoints[nobody, :, 2] == 0).all() and poses.scores[nobody] == 0
    crop = noise[None, :, 2:]
    (alone,) = estimator.estimate(crop, pts_seconds=[0.0], boxes=[boxes[:1] - [2, 0, 2, 0]])
    np.testing.assert_allclose(alone.keypoints[0, :, :2] + (2, 0), poses.keypoints[0, :, :2], atol=1e-3)


def test_a_region_is_searched_in_pixels_of_the_frame(noise):
    detector = PartDetector(easy_model())
    inside = find_people(detector, noise[10:60, 20:80], people=1)
    region = find_people(detector, noise, region=np.array([20.0, 10, 79, 59]), people=1)
    np.testing.assert_allclose(region.boxes, inside.boxes + np.array([20, 10, 20, 10]))


def test_large_frames_are_shrunk_and_their_people_are_not():
    small = np.random.default_rng(1).integers(0, 255, (LARGEST, LARGEST + 20, 3), dtype=np.uint8)
    large = np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)
    detector = PartDetector(easy_model())
    # Only coarse levels: quicker.
    found = find_people(detector, large, people=1, part_side=12 * 2 * 8)
    same = find_people(detector, small, people=1, part_side=12 * 8)
    sides = found.boxes[..., 2:] - found.boxes[..., :2] + 1
    assert (sides >= 8 * 24 / 2).all() and (sides <= 8 * 24 * 2).all()
    np.testing.assert_allclose(found.boxes[..., :2], same.boxes[..., :2] * 2)
    np.testing.assert_allclose(found.boxes[..., 2:], same.boxes[..., 2:] * 2 + 1)


class Spy:
    """A detector that finds one person where it is told to, and notes how large a picture it gets."""

    def __init__(self):
        self.model = random_model(UPPER.parents)
        self.sizes = []
        self.lost = False

    def detect(self, image, **_):
        self.sizes.append(image.shape[:2])
        if self.lost:
            return self.nothing()
        found = placements(1, UPPER)
        height, width = image.shape[:2]
        boxes = np.tile([width / 2 - 20, height / 2 - 20, width / 2 + 20, height / 2 + 20], (1, 12, 1))
        return replace(found, boxes=boxes)

    def nothing(self):
        return PartDetector(random_model(UPPER.parents)).nothing()


def test_fast_mode_looks_where_the_person_was():
    spy = Spy()
    tracker, frame = Tracker(spy), np.zeros((300, 400, 3), np.uint8)
    first = tracker.find(frame, 0.0)
    second = tracker.find(frame, 0.1)
    assert spy.sizes[0] == (300, 400) and max(spy.sizes[1]) < 70
    np.testing.assert_allclose(second.boxes, first.boxes, atol=1)
    spy.lost = True
    assert len(tracker.find(frame, 0.2)) == 0
    assert spy.sizes[2][0] < 70 and spy.sizes[3] == (300, 400), "lost: the whole frame again"
    spy.lost = False
    assert len(tracker.find(frame, 0.3)) == 0 and len(spy.sizes) == 4, (
        "nobody to follow: not searched at once"
    )
    tracker.find(frame, 0.8)
    assert spy.sizes[4] == (300, 400), "but soon"
    tracker.find(frame, 5.0)
    assert spy.sizes[5] == (300, 400), "now and then the whole frame"
    tracker.find(frame, 1.0)
    assert spy.sizes[6] == (300, 400), "another video"
    tracker.find(frame, 1.1)
    assert max(spy.sizes[7]) < 70


def test_fast_mode_follows_whom_it_is_sure_of():
    spy = Spy()
    score = float(spy.detect(np.zeros((9, 9))).scores[0])
    frame = np.zeros((300, 400, 3), np.uint8)
    unsure = Tracker(spy, follow_from=score + 0.1)
    unsure.find(frame, 0.0)
    assert len(unsure.find(frame, 0.1)) == 0, "found, but not worth following"
    spy.sizes.clear()
    fading = Tracker(spy, lost_below=score + 0.1)
    fading.find(frame, 0.0)
    fading.find(frame, 0.1)
    assert [size == (300, 400) for size in spy.sizes] == [True, False, True], "too faint: searched again"


def test_a_likelihood_has_its_score():
    configuration = YRConfiguration.uncalibrated("upper", threshold=-0.5)
    found = replace(placements(body=UPPER), scores=np.array([score_at(0.3, configuration)]))
    assert to_poses(found, configuration, pts_seconds=0.0).scores[0] == pytest.approx(0.3)


def test_fast_mode_is_chosen_when_the_estimator_is_made(tmp_path, noise):
    path = tmp_path / "mine.safetensors"
    configuration = YRConfiguration.uncalibrated("upper", threshold=0.0, interval=3)
    save_model(path, random_model(UPPER.parents), configuration)
    made = estimators.create("yr_upper", device=CPU, weights=path, fast=True)
    found = made.estimate(np.stack([noise, noise]), pts_seconds=[0.0, 0.04])
    assert len(found) == 2 and all(len(poses.scores) for poses in found)


def test_weights_files_make_estimators(tmp_path):
    path = tmp_path / "mine.safetensors"
    configuration = YRConfiguration.uncalibrated("upper", threshold=0.0, interval=3)
    save_model(path, random_model(UPPER.parents), configuration)
    for factory, name in ((create, "yr"), (create_upper, "yr_upper")):
        made = factory(device=CPU, weights=path)
        assert made.name == name
        assert made.skeleton is UPPER.skeleton
        assert made.weights_sha256 == weights.sha256(path)
    with pytest.raises(weights.WeightsError):
        create(device=CPU, weights=tmp_path / "none.safetensors")


def test_released_model_finds_somebody(shared_data):
    made = create(device=CPU, weights=shared_data / "yr_reference" / "PARSE_model.mat")
    image = read_image(shared_data / "parse" / "im0111.jpg")
    (poses,) = made.estimate(image[None], pts_seconds=[0.0])
    joints = made.skeleton.joints
    person = dict(zip(joints, poses.keypoints[0], strict=True))
    assert person["head_top"][1] < person["left_hip"][1] < person["left_ankle"][1]
    assert person["right_shoulder"][0] < person["left_shoulder"][0], "faces the camera"


def test_correct_keypoints_lie_within_a_tenth_of_the_person():
    points = np.array([[0.0, 0], [0, 99], [40, 50]])
    moved = points + np.array([[9.9, 0], [0, 10.1], [np.nan, 0]])
    assert correct(moved, points).tolist() == [True, False, False]
    table = by_group(np.array([[True, False, True]]), ["neck", "head_top", "left_hip"])
    assert table == {"head": 50.0, "hip": 100.0, "mean": 75.0}


def test_the_own_placement_covers_the_person():
    found = placements(3)
    far = replace(found, boxes=found.boxes + np.array([1000, 0, 0])[:, None, None])
    assert own_placement(far, found.points[1]) == 1
    assert own_placement(far, found.points[1] + 5000) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["train", "yr", "--data", "nowhere", "--body", "whole"], "Invalid body (whole)"),
        (["train", "yr", "--data", "nowhere"], "nowhere"),
        (["train", "yr", "--data", "nowhere", "--sets", "mpii"], "Invalid data set (mpii)"),
        (["evaluate", "parse", "nowhere", "--weights", "none.mat"], "none.mat"),
    ],
)
def test_wrong_usage_is_told(arguments, says, capsys):
    assert main(arguments) != 0
    assert says in capsys.readouterr().err


def test_an_estimator_without_a_fast_mode_is_refused(tmp_path, capsys):
    clip = clips.silent(tmp_path / "a.mp4")
    assert main([str(clip), "--estimator", "sfn", "--fast", "--device", "cpu"]) == 2
    assert "Invalid --fast: sfn has no fast mode" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [clip]


def test_fast_asks_for_the_fast_mode(tmp_path, monkeypatch):
    asked = []

    def create(name, *, device, weights=None, options=None, fast=False):
        asked.append(fast)
        return BlobEstimator(finds_people=True)

    monkeypatch.setattr(estimators, "create", create)
    clip = clips.silent(tmp_path / "a.mp4")
    assert main([str(clip), "--fast", "--no-video", "--quiet"]) == 0
    assert main([str(clip), "--overwrite", "--no-video", "--quiet"]) == 0
    assert asked == [True, False]


@pytest.mark.parametrize(("name", "skeleton"), [("yr", FULL.skeleton), ("yr_upper", UPPER.skeleton)])
def test_the_shipped_models_are_found_by_name(name, skeleton):
    made = estimators.create(name, device=CPU)
    assert made.name == name and made.skeleton == skeleton and made.finds_people
    assert made.weights_sha256 == weights.sha256(weights.find(name.replace("_", "-")))


def test_the_shipped_model_finds_a_person_it_was_trained_on(shared_data):
    sample = parse(shared_data / "parse", FULL, numbers=range(1, 2))[0]
    poses = estimators.create("yr", device=CPU).estimate(sample.read()[None], pts_seconds=[0.0])[0]
    viewer = poses.keypoints[0, list(FULL.skeleton.flip_indices), :2]
    labels = sample.points
    assert correct(viewer, labels).mean() > 0.7 and poses.scores[0] > 0.5
