"""Loaders on tiny made-up releases, targets, crops and augmentation."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import Compose
from scipy.io import savemat

from estimators.datasets.records import (
    LSP_JOINTS,
    PoseRecord,
    load_lsp,
    load_lspet,
    load_negatives,
    load_youtube_pose,
    youtube_pose_videos,
)
from estimators.sfn.codec import SFNHeatmap
from estimators.sfn.pipelines import crop_pipeline
from estimators.sfn.training.dataset import RecordDataset, person_box
from estimators.sfn.training.mixture import Mixture, load_training_data
from estimators.skeletons import JOINTS
from tests.fixtures.sfn_parts import TINY, drawn_data

SHAPE = (40, 60, 3)


def write_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(SHAPE, 90, np.uint8))


def make_lsp(folder: Path, count: int) -> np.ndarray:
    joints = np.random.default_rng(0).uniform(1, 39, (3, 14, count))
    folder.mkdir(parents=True)
    savemat(folder / "joints.mat", {"joints": joints})
    for number in range(count):
        write_picture(folder / "images" / f"im{number + 1:04d}.jpg")
    return joints


def make_youtube_pose(folder: Path, videos: dict[str, int]) -> np.ndarray:
    """Two frames a video, listed against the order of time."""
    folder.mkdir(parents=True)
    locs = np.random.default_rng(1).uniform(1, 39, (2, 7, 2))
    fields = [("videoname", "O"), ("locs", "O"), ("frameids", "O"), ("isYouTubePoseSubset", "O")]
    data = np.array([(name, locs, [9, 3], flag) for name, flag in videos.items()], dtype=fields)
    savemat(folder / "YouTube_Pose_dataset.mat", {"data": data})
    for name in videos:
        for frame in (3, 9):
            write_picture(folder / "GT_frames" / name / f"frame_{frame:06d}.jpg")
    return locs


def test_lsp_is_read_person_centric_and_split(tmp_path):
    joints = make_lsp(tmp_path / "lsp", 1002)
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
    joints[0, LSP_JOINTS.index("left_knee")] = (0, 0, 0)
    np.savez(tmp_path / "joints.npz", names=np.array(["a.jpg"]), joints=joints)
    write_picture(tmp_path / "images" / "a.jpg")
    (record,) = load_lspet(tmp_path)
    assert np.isnan(record.keypoints[JOINTS.index("left_knee")]).all()
    assert np.isfinite(record.keypoints[JOINTS.index("right_knee")]).all()


def test_youtube_pose_is_read_as_released(tmp_path):
    locs = make_youtube_pose(tmp_path / "yt", {"one": 0, "two": 1})
    assert youtube_pose_videos(tmp_path / "yt") == {"one": False, "two": True}
    records = load_youtube_pose(tmp_path / "yt", videos=["two"])
    assert [record.name for record in records] == ["two/frame_000003.jpg", "two/frame_000009.jpg"]
    np.testing.assert_allclose(records[0].keypoints[JOINTS.index("right_wrist")], locs[:, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(records[1].keypoints[JOINTS.index("left_shoulder")], locs[:, 6, 0], rtol=1e-6)
    assert np.isnan(records[0].keypoints[JOINTS.index("neck")]).all()


def test_the_test_sets_are_never_trained_on(tmp_path):
    make_lsp(tmp_path / "lsp", 1001)
    joints = np.ones((1, 14, 3), np.float32)
    (tmp_path / "lspet").mkdir()
    np.savez(tmp_path / "lspet" / "joints.npz", names=np.array(["a.jpg"]), joints=joints)
    write_picture(tmp_path / "lspet" / "images" / "a.jpg")
    write_picture(tmp_path / "inria_negatives" / "n.jpg")
    videos = {"train": 0, "test": 1, "9KSpndERzNU": 0}
    make_youtube_pose(tmp_path / "youtube_pose", videos)
    data = load_training_data(tmp_path, drawn=2)
    names = {record.name for source in data.sources for record in source.records}
    watched = {record.name for record in (*data.lsp_validation, *data.youtube_validation)}
    assert not any(name.startswith("test/") for name in names | watched)
    assert "im1001.jpg" not in names | watched
    assert not names & watched
    without = load_training_data(tmp_path, youtube_pose=False, drawn=2)
    assert not any("/" in record.name for source in without.sources for record in source.records)
    (lsp,) = (source for source in without.sources if source.name == "lsp")
    head, neck, top = (lsp.records[0].keypoints[JOINTS.index(name)] for name in ("head", "neck", "head_top"))
    np.testing.assert_allclose(head, (neck + top) / 2)
    assert np.isnan(data.sources[0].records[0].keypoints[JOINTS.index("head")]).all()


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
    assert (first[7]["inputs"] == second[7]["inputs"]).all()
    assert not (first[8]["inputs"] == second[7]["inputs"]).all()


def test_crop_pipeline_gives_the_network_s_size():
    figure = drawn_data().lsp_validation[0]
    sample = RecordDataset(records=[figure], pipeline=crop_pipeline(TINY))[0]
    assert tuple(sample["inputs"].shape) == (3, 64, 64)
