"""Loaders on tiny made-up releases, targets, crops and augmentation."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose

from estimators.datasets.records import (
    PoseRecord,
    load_lsp,
    load_lspet,
    load_negatives,
    load_photos,
    load_youtube_pose,
    youtube_pose_videos,
)
from estimators.known_skeletons import LSP
from estimators.sfn.codec import SFNHeatmap
from estimators.sfn.pipelines import crop_pipeline
from estimators.sfn.training.dataset import RecordDataset, person_box
from estimators.sfn.training.mixture import Mixture, TrainingSource, by_facing, load_training_data
from estimators.skeletons import JOINTS
from tests.fixtures.releases import (
    make_lsp,
    make_lspet,
    make_photos,
    make_releases,
    make_youtube_pose,
    write_picture,
)
from tests.fixtures.sfn_parts import TINY, drawn_data


def test_lsp_is_read_person_centric_and_split(tmp_path):
    joints = make_lsp(tmp_path / "lsp", 1002) - 0.5  # from the corner of the picture to its first pixel
    train, watched, test = (
        load_lsp(tmp_path / "lsp", split=split) for split in ("train", "validation", "test")
    )
    assert (len(train), len(watched), len(test)) == (900, 100, 2)
    assert watched[0].name == "im0901.jpg"
    assert test[0].name == "im1001.jpg"
    np.testing.assert_allclose(test[0].keypoints[JOINTS.index("right_ankle")], joints[:2, 0, 1000], rtol=1e-6)
    np.testing.assert_allclose(train[7].keypoints[JOINTS.index("left_wrist")], joints[:2, 11, 7], rtol=1e-6)
    assert np.isnan(train[0].keypoints[JOINTS.index("head")]).all()


def test_lsp_extended_leaves_out_unlabelled_joints(tmp_path):
    joints = np.ones((1, 14, 3), np.float32)
    joints[0, LSP.joints.index("left_knee")] = (0, 0, 0)
    np.savez(tmp_path / "joints.npz", names=np.array(["a.jpg"]), joints=joints)
    write_picture(tmp_path / "images" / "a.jpg")
    (record,) = load_lspet(tmp_path)
    assert np.isnan(record.keypoints[JOINTS.index("left_knee")]).all()
    assert np.isfinite(record.keypoints[JOINTS.index("right_knee")]).all()


def test_youtube_pose_is_read_as_released(tmp_path):
    locs = make_youtube_pose(tmp_path / "yt", {"one": 0, "two": 1}) - 0.5
    assert youtube_pose_videos(tmp_path / "yt") == {"one": False, "two": True}
    records = load_youtube_pose(tmp_path / "yt", videos=["two"])
    assert [record.name for record in records] == ["two/frame_000003.jpg", "two/frame_000009.jpg"]
    np.testing.assert_allclose(records[0].keypoints[JOINTS.index("right_wrist")], locs[:, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(records[1].keypoints[JOINTS.index("left_shoulder")], locs[:, 6, 0], rtol=1e-6)
    assert np.isnan(records[0].keypoints[JOINTS.index("neck")]).all()


def test_cleaned_labels_of_lsp_extended_are_preferred(tmp_path):
    make_lspet(tmp_path)
    make_lspet(tmp_path, heads=np.array([[7.0, 9.0]], np.float32))
    (record,) = load_lspet(tmp_path)
    assert record.keypoints[JOINTS.index("head")].tolist() == [7, 9]
    assert record.keypoints[JOINTS.index("left_knee")].tolist() == [1, 1]


def test_photos_are_read_from_one_file(tmp_path):
    path = tmp_path / "photos" / "sport.npz"
    joints = make_photos(path, ["000000001.jpg", "000070001.jpg", "000000002.jpg"])
    every = load_photos(path, split=None)
    assert [record.name for record in every] == ["000000001.jpg", "000070001.jpg", "000000002.jpg"]
    assert [int(record.image.mean().round()) for record in every] == [0, 10, 20]
    np.testing.assert_array_equal(np.stack([record.keypoints for record in every]), joints)
    assert [record.name for record in load_photos(path, split="validation")] == ["000070001.jpg"]
    np.savez(path, names=np.array(["a"]))
    with pytest.raises(ValueError, match=r"sport\.npz: no file of photos .*offsets, joints, names"):
        load_photos(path, split=None)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"sport\.npz: no file of photos"):
        load_photos(path, split=None)


def test_without_youtube_pose_no_frame_is_trained_on_and_heads_are_between_neck_and_crown(tmp_path):
    make_releases(tmp_path)
    without = load_training_data(tmp_path, youtube_pose=False, drawn=2)
    assert not any("/" in record.name for source in without.sources for record in source.records)
    (lsp,) = (source for source in without.sources if source.name == "lsp")
    head, neck, top = (lsp.records[0].keypoints[JOINTS.index(name)] for name in ("head", "neck", "head_top"))
    np.testing.assert_allclose(head, (neck + top) / 2)
    with_it = load_training_data(tmp_path, drawn=2)
    assert np.isnan(with_it.sources[0].records[0].keypoints[JOINTS.index("head")]).all()


def test_shares_and_weights_can_be_chosen(tmp_path):
    make_releases(tmp_path)
    data = load_training_data(tmp_path, drawn=2, shares={"sport": 0.5, "lspet": 0})
    shares = {source.name: source.share for source in data.sources}
    assert shares["sport"] == 0.5 and "lspet" not in shares
    with pytest.raises(ValueError, match=r"Invalid source \(coco\)\. Supported values are lsp, lspet, sport"):
        load_training_data(tmp_path, drawn=2, shares={"coco": 1})
    with pytest.raises(ValueError, match=r"Invalid facing \(back\)\. Supported values are front, behind"):
        load_training_data(tmp_path, drawn=2, facing_weights={"back": 2})
    with pytest.raises(ValueError, match=r"each must be above 0"):
        load_training_data(tmp_path, drawn=2, facing_weights={"behind": 0})


def test_people_seen_from_behind_are_drawn_as_often_as_they_weigh():
    front = record_with(
        left_shoulder=(60, 20), right_shoulder=(40, 20), left_hip=(58, 60), right_hip=(42, 60)
    )
    back = record_with(left_shoulder=(40, 20), right_shoulder=(60, 20), left_hip=(42, 60), right_hip=(58, 60))
    people = [front] * 3 + [replace(back, name="back")]
    assert by_facing([front], {"behind": 3.0}) is None
    source = TrainingSource("people", 1.0, people, weights=by_facing(people, {"behind": 3.0}))
    mixture = Mixture([source], config=TINY, seed=0)
    drawn: list[str] = []

    class Named(list):
        def __getitem__(self, index: int) -> None:
            drawn.append(people[index].name)

    mixture.datasets = [Named(people)]
    for number in range(600):
        mixture[number]
    assert 0.44 < np.mean([name == "back" for name in drawn]) < 0.56


def test_the_upper_body_alone_can_be_the_box():
    keypoints = np.full((len(JOINTS), 2), 150.0, np.float32)
    upper = [
        i for i, name in enumerate(JOINTS) if "hip" not in name and "knee" not in name and "ankle" not in name
    ]
    keypoints[upper] = np.random.default_rng(0).uniform(40, 80, (len(upper), 2))
    keypoints[JOINTS.index("left_wrist")] = np.nan
    record = PoseRecord("a", np.zeros((200, 200, 3), np.uint8), keypoints)
    still = {"scale": (1.0, 1.0), "shift": 0.0, "rotation": 0.0}
    for share, reach in ((0.0, 69.0), (1.0, 28.0)):
        box = {"type": "mmpose.RandomPersonBox", "frame_share": 0.0, "stray_share": 0.0, "upper_share": share}
        sample = RecordDataset(records=[record], pipeline=[{**box, **still}])[0]
        assert abs(sample["bbox_scale"][0] / 2 - reach).max() < 20
    assert abs(sample["bbox_center"][0] - 60).max() < 10


def test_a_missing_set_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"joints\.mat: not found"):
        load_lsp(tmp_path, split="train")


def codec() -> SFNHeatmap:
    return SFNHeatmap(input_size=(192, 192), heatmap_size=(48, 48), sigma=2.0)


def test_decoding_inverts_encoding_to_fractions_of_a_pixel():
    joints = np.random.default_rng(2).uniform(20, 170, (1, 15, 2))
    encoded = codec().encode(joints, np.ones((1, 15)))
    decoded, scores = codec().decode(encoded["heatmaps"])
    # The codec's input coordinates run over the box, 192 / 191 times the pixel's.
    assert np.abs(decoded - joints * 192 / 191).max() < 0.15
    assert (scores > 0.9).all()


def test_absent_joints_are_learnt_and_unlabelled_ones_are_not():
    joints = np.full((1, 3, 2), 96.0)
    joints[0, 1] = (-30, 96)
    encoded = codec().encode(joints, np.array([[1.0, 1.0, 0.0]]))
    assert encoded["keypoint_weights"].tolist() == [[1, 1, 0]]
    assert encoded["heatmaps"][0].max() > 0.9
    assert encoded["heatmaps"][1].max() == 0


def test_nothing_fires_in_negatives(tmp_path):
    write_picture(tmp_path / "n.jpg")
    dataset = RecordDataset(records=load_negatives(tmp_path, split="train"), pipeline=[])
    entry = dataset.get_data_info(0)
    encoded = codec().encode(entry["keypoints"], entry["keypoints_visible"])
    assert encoded["heatmaps"].max() == 0
    assert (encoded["keypoint_weights"] == 1).all()


def record_with(**joints: tuple[float, float]) -> PoseRecord:
    keypoints = np.full((15, 2), np.nan, np.float32)
    for name, joint in joints.items():
        keypoints[JOINTS.index(name)] = joint
    image = np.zeros((100, 120, 3), np.uint8)
    return PoseRecord("made-up", image, keypoints)


def test_flipping_swaps_left_and_right():
    record = record_with(left_wrist=(10, 50), right_elbow=(100, 20))
    flip = {"type": "mmpose.RandomFlip", "direction": "horizontal", "prob": 1.0}
    flipped = RecordDataset(records=[record], pipeline=[flip])[0]
    assert flipped["keypoints"][0, JOINTS.index("right_wrist")].tolist() == [109, 50]
    assert flipped["keypoints"][0, JOINTS.index("left_elbow")].tolist() == [19, 20]
    visible = [JOINTS[index] for index in np.flatnonzero(flipped["keypoints_visible"][0])]
    assert visible == ["left_elbow", "right_wrist"]


@pytest.mark.parametrize("rotation", [0.0, 33.0])
@pytest.mark.parametrize("scale", [150.0, 700.0])
def test_crops_put_joints_where_the_picture_shows_them(scale: float, rotation: float):
    frame = np.zeros((720, 960, 3), np.uint8)
    spot = (431.0, 302.0)
    cv2.circle(frame, (431, 302), 14, (255, 255, 255), -1)
    crop = Compose([{"type": "mmpose.AreaTopdownAffine", "input_size": (192, 192), "use_udp": True}])(
        {
            "img": frame,
            "bbox_center": np.array([[440.0, 310.0]], np.float32),
            "bbox_scale": np.array([[scale, scale]], np.float32),
            "bbox_rotation": np.array([rotation], np.float32),
            "keypoints": np.array([[spot]], np.float32),
        }
    )
    rows, columns = np.nonzero(crop["img"][..., 0] > 127)
    shown = np.array([columns.mean(), rows.mean()])
    assert np.abs(shown - crop["transformed_keypoints"][0, 0]).max() < 0.35


def test_person_box_holds_the_labelled_joints():
    keypoints = np.array([[10, 20], [50, 60], [np.nan, np.nan]], np.float32)
    x1, y1, x2, y2 = person_box(keypoints, (100, 100, 3))[0]
    assert x1 < 10 and y1 < 20 and x2 > 50 and y2 > 60
    assert person_box(np.full((3, 2), -5.0), (30, 40, 3))[0].tolist() == [0, 0, 39, 29]


def test_sample_n_is_the_same_in_every_order():
    data = drawn_data()
    first = Mixture(data.sources, config=TINY, seed=5)
    second = Mixture(data.sources, config=TINY, seed=5)
    second[0]
    assert (first[7].images == second[7].images).all()
    assert not (first[8].images == second[7].images).all()


def test_crop_pipeline_gives_the_network_s_size():
    figure = drawn_data().lsp_validation[0]
    sample = RecordDataset(records=[figure], pipeline=crop_pipeline(TINY))[0]
    assert tuple(sample["inputs"].shape) == (3, 64, 64)
