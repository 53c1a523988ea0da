"""The person detector: its pictures, its network, its training, and detectors of MMDetection."""

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

import weights
from app.commands.main import main
from estimators import detectors
from estimators.boxes import iou
from estimators.datasets.records import draw_figures
from estimators.datasets.synthetic import draw_background
from estimators.detectors import Detections, Detector
from estimators.detectors.small.configuration import DetectorConfig
from estimators.detectors.small.decoding import decode
from estimators.detectors.small.modeling import build, export, restore
from estimators.detectors.small.training.photos import DetectorData, Photo, as_photo
from estimators.detectors.small.training.scenes import SceneMaker
from estimators.detectors.small.training.targets import loss_of, make_targets
from estimators.detectors.small.training.train import DetectorTrainer, DetectorTraining
from estimators.detectors.small.training.validation import validate
from estimators.skeletons import JOINTS

CPU = torch.device("cpu")
TINY = DetectorConfig(longer_side=64, channels=(4, 4, 4, 4), neck=4)


@pytest.fixture(scope="module")
def data():
    photos = [photo for record in draw_figures(12, seed=4) if (photo := as_photo(record)) is not None]
    rng = np.random.default_rng(1)
    return DetectorData(
        photos={"lsp": photos}, empty=[draw_background(rng, size=(120, 160)) for _ in range(4)]
    )


def maker(data, *, side=96, seed=0):
    return SceneMaker(data.photos, shares={"lsp": 1.0}, empty=data.empty, side=side, seed=seed)


def test_a_scene_follows_from_its_number(data):
    one, same, other = maker(data).make(7), maker(data).make(7), maker(data).make(8)
    np.testing.assert_array_equal(one.picture, same.picture)
    np.testing.assert_array_equal(np.array(one.boxes), np.array(same.boxes))
    assert not np.array_equal(one.picture, other.picture)


@settings(max_examples=40, deadline=None)
@given(number=st.integers(0, 10**6))
@example(number=1046)  # its anchor lies between the last two columns, and is mirrored
def test_people_of_a_scene_lie_in_it(data, number):
    scene = maker(data).make(number)
    assert scene.picture.shape == (96, 96, 3)
    for anchor, box in zip(scene.anchors, scene.boxes, strict=True):
        assert (anchor >= 0).all()
        assert (anchor <= 95).all()
        assert (box[:2] <= anchor + 1).all()
        assert (box[2:] >= anchor - 1).all()


def test_perfect_maps_have_the_least_loss_and_are_read_as_the_boxes(data):
    scene = next(s for n in range(50) if len((s := maker(data).make(n)).boxes) == 2)
    targets = make_targets([scene])
    logits = torch.where(targets.peaks >= 1, 6.0, -6.0)
    edges = targets.edges.nan_to_num(8.0)
    good = float(loss_of(logits, edges, targets))
    assert good < float(loss_of(-logits, edges, targets))
    assert good < float(loss_of(logits, edges * 1.5, targets))
    boxes, scores = decode(logits[0], edges[0], threshold=0.5)
    assert (scores > 0.99).all()
    for box in scene.boxes:
        assert iou(box, boxes).max() > 0.6


def test_an_edge_that_nobody_labelled_teaches_nothing(data):
    scene = next(s for n in range(50) if len((s := maker(data).make(n)).boxes) == 1)
    scene.boxes[0][3] = np.nan
    targets = make_targets([scene])
    logits, edges = torch.zeros_like(targets.peaks), torch.ones_like(targets.edges, requires_grad=True)
    loss_of(logits, edges, targets).backward()
    assert (edges.grad[0, 3] == 0).all()
    assert (edges.grad[0, 0] != 0).any()


def test_a_photo_with_the_upper_body_alone_has_no_lower_edge():
    (record,) = draw_figures(1, seed=0)
    whole = as_photo(record)
    upper = record.keypoints.copy()
    upper[[i for i, name in enumerate(JOINTS) if name.split("_")[-1] in ("hip", "knee", "ankle")]] = np.nan
    cut = as_photo(replace(record, keypoints=upper))
    assert isinstance(whole, Photo)
    assert np.isfinite(whole.box).all()
    assert np.isfinite(cut.box).tolist() == [True, True, True, False]
    upper[JOINTS.index("left_shoulder")] = np.nan
    assert as_photo(replace(record, keypoints=upper)) is None


def test_weights_survive_a_file(tmp_path):
    model = build(TINY).eval()
    digest = export(tmp_path / "a.safetensors", config=TINY, model=model)
    config, again = restore(tmp_path / "a.safetensors")
    assert config == TINY
    assert digest == weights.sha256(tmp_path / "a.safetensors")
    picture = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        for ours, theirs in zip(model(picture), again(picture), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("options", [{"longer_side": 100}, {"channels": (1, 2, 3)}, {"neck": 0}])
def test_sizes_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match="Invalid"):
        DetectorConfig(**options)


def trainer(data, folder, **options):
    return DetectorTrainer(
        config=TINY,
        settings=DetectorTraining(
            **({"samples": 16, "batch_size": 4, "side": 64, "validate_every": 8} | options)
        ),
        data=(data, data),
        folder=folder,
        device=CPU,
        report=lambda entry: None,
    )


def test_training_lowers_the_loss_and_goes_on_where_it_stopped(data, tmp_path, monkeypatch):
    monkeypatch.setattr("estimators.detectors.small.training.train.VALIDATION_SCENES", 4)
    first = trainer(data, tmp_path / "a", samples=32)
    losses = []
    backward = first._backward
    first._backward = lambda *given: losses.append(backward(*given)) or losses[-1]
    first.run()
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    again = trainer(data, tmp_path / "a", samples=48)
    again.run(resume=True)
    assert (tmp_path / "a" / "history.jsonl").read_text().count("\n") == 6
    again.export(tmp_path / "f.safetensors")
    config, _ = restore(tmp_path / "f.safetensors")
    assert config.training["samples"] == 48


def test_validation_counts_what_is_found(data):
    scenes = [maker(data, seed=3).make(n) for n in range(6)]

    class Perfect(torch.nn.Module):
        def forward(self, picture):
            number = next(
                n for n, s in enumerate(scenes) if (s.picture == picture[0].permute(1, 2, 0).numpy()).all()
            )
            targets = make_targets([scenes[number]])
            return torch.where(targets.peaks >= 1, 6.0, -6.0), targets.edges.nan_to_num(8.0)

    class Blind(torch.nn.Module):
        def forward(self, picture):
            cells = picture.shape[-1] // 8
            return torch.full((1, cells, cells), -9.0), torch.ones(1, 4, cells, cells)

    assert sum(len(scene.boxes) for scene in scenes) > 3
    found = validate(Perfect(), scenes, device=CPU)
    assert found["recall"] > 0.85
    assert found["false_a_scene"] < 0.2
    assert validate(Blind(), scenes, device=CPU)["average_precision"] == 0


# The shipped one.


@pytest.fixture(scope="module")
def shipped():
    return detectors.create(device=CPU)


def test_the_shipped_detector_keeps_the_interface(shipped):
    assert isinstance(shipped, Detector)
    frames = np.random.default_rng(0).integers(0, 255, (2, 90, 161, 3), dtype=np.uint8)
    answers = shipped.detect(frames)
    assert len(answers) == 2
    for found in answers:
        assert isinstance(found, Detections)
        assert found.boxes.dtype == np.float32
        assert (found.boxes >= -0.5).all()
        assert (found.boxes <= np.array([160.5, 89.5] * 2)).all()
        assert (np.diff(found.scores) <= 0).all()
    with pytest.raises(ValueError, match="uint8"):
        shipped.detect(frames.astype(np.float32))


def test_the_shipped_detector_finds_drawn_people_and_nobody_in_front_of_them(shipped):
    hits, people = 0, draw_figures(12, seed=77)
    for record in people:
        (found,) = shipped.detect(record.image[None])
        photo = as_photo(record)
        if photo is not None and len(found.boxes):
            hits += iou(np.clip(photo.box, 0, 240), found.boxes[found.scores >= 0.3]).max(initial=0) > 0.4
    assert hits >= 8


# MMDetection.


class Inferencer:
    """As ``mmdet.apis.DetInferencer``: two people and a dog."""

    def __init__(self, **options):
        self.options = options
        self.model = SimpleNamespace(dataset_meta={"classes": ("dog", "person")})

    def __call__(self, pictures, **_):
        self.pictures = pictures
        instances = SimpleNamespace(
            scores=torch.tensor([0.5, 0.9, 0.8, 0.01]),
            labels=torch.tensor([1, 0, 1, 1]),
            bboxes=torch.tensor([[0, 0, 4, 8], [1, 1, 2, 2], [10, 0, 14, 8], [0, 0, 1, 1]]).float(),
        )
        return {"predictions": [SimpleNamespace(pred_instances=instances) for _ in pictures]}


@pytest.fixture
def mmdet(monkeypatch):
    package, apis = ModuleType("mmdet"), ModuleType("mmdet.apis")
    apis.DetInferencer = Inferencer
    monkeypatch.setitem(sys.modules, "mmdet", package)
    monkeypatch.setitem(sys.modules, "mmdet.apis", apis)


def test_a_detector_of_mmdetection_finds_people_alone(mmdet):
    found_by = detectors.create("mmdet:rtmdet-tiny", device=CPU)
    assert isinstance(found_by, Detector)
    frames = np.zeros((1, 20, 20, 3), np.uint8)
    frames[..., 0] = 200
    (found,) = found_by.detect(frames)
    np.testing.assert_allclose(found.scores, [0.8, 0.5])
    np.testing.assert_allclose(found.boxes, [[9.5, -0.5, 13.5, 7.5], [-0.5, -0.5, 3.5, 7.5]])
    # Blue comes first there.
    assert found_by._inferencer.pictures[0][0, 0].tolist() == [0, 0, 200]


def test_a_config_and_a_checkpoint_are_passed_on(mmdet, tmp_path):
    config, checkpoint = tmp_path / "a.py", tmp_path / "a.pth"
    with pytest.raises(ValueError, match=r"a\.py: no such file"):
        detectors.create(f"mmdet:{config},{checkpoint}", device=CPU)
    config.touch()
    checkpoint.touch()
    made = detectors.create(f"mmdet:{config},{checkpoint}", device=CPU)
    assert (made._inferencer.options["model"], made._inferencer.options["weights"]) == (
        str(config),
        str(checkpoint),
    )


def test_without_mmdetection_one_line_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "mmdet", None)
    monkeypatch.setitem(sys.modules, "mmdet.apis", None)
    (tmp_path / "a.mp4").touch()
    assert main([str(tmp_path / "a.mp4"), "--detector", "mmdet:rtmdet-tiny", "--device", "cpu"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert "MMDetection cannot be used" in line
    assert "--detector" in line


def test_a_detector_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match=r"Invalid detector \(huge\)\. Supported values are small, "):
        detectors.create("huge", device=CPU)


def test_a_turned_photo_turns_the_person_and_keeps_all_of_the_picture():
    (record,) = draw_figures(1, seed=0)
    photo = as_photo(record)
    turned = photo.turned(90.0)
    assert (np.abs(np.subtract(turned.picture.shape[:2], photo.picture.shape[1::-1])) <= 1).all()
    np.testing.assert_allclose(turned.extent, photo.extent, rtol=1e-4)
    # A quarter turn to the left: what was x is height less y, and the other way round.
    np.testing.assert_allclose(turned.points[:, 0], photo.points[:, 1], atol=2)
    x, y = np.round(photo.points[1]).astype(int)
    u, v = np.round(turned.points[1]).astype(int)
    near = turned.picture[v - 1 : v + 2, u - 1 : u + 2].astype(int)
    assert np.abs(near - photo.picture[y, x]).sum(axis=2).min() < 60


def test_who_is_known_from_the_shoulders_down_has_a_head_above_them():
    (record,) = draw_figures(1, seed=0)
    headless = record.keypoints.copy()
    headless[[JOINTS.index(name) for name in ("head", "head_top", "neck")]] = np.nan
    guessed, whole = as_photo(replace(record, keypoints=headless)).box, as_photo(record).box
    assert abs(guessed[1] - whole[1]) < 0.08 * (whole[3] - whole[1])
