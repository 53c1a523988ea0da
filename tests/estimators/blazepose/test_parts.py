"""BlazePose without its networks: geometry, refinement, the vendor's file."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest

from estimators.blazepose.landmarks import CELLS, refined
from estimators.blazepose.person_detector import SIDE, PersonDetector, _groups, _square, anchor_centres
from estimators.blazepose.region import Region
from estimators.blazepose.task_file import DETECTOR, LANDMARKS, LARGEST_MODEL, read_task_file
from weights import WeightsError

MODEL = b"\x00\x00\x00\x00TFL3" + b"\x00" * 64


def task_file(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {DETECTOR: MODEL, LANDMARKS: MODEL, **members}.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def test_the_anchors_are_those_the_detector_was_trained_with():
    centres = anchor_centres()
    assert centres.shape == (2254, 2)  # 28 x 28 x 2 + 14 x 14 x 2 + 7 x 7 x 6
    np.testing.assert_allclose(centres[:3] * SIDE, [[4, 4], [4, 4], [12, 4]])
    np.testing.assert_allclose(centres[-1] * SIDE, [208, 208])


@pytest.mark.parametrize(
    ("rim", "angle"), [((100, 20), 0), ((180, 100), np.pi / 2), ((100, 180), np.pi), ((20, 100), -np.pi / 2)]
)
def test_a_region_stands_a_leaning_person_upright(rim, angle):
    region = Region.around_circle(np.array([100.0, 100.0]), np.array(rim, float))
    assert region.size == pytest.approx(200)  # 1.25 times the circle's diameter of 160
    assert np.cos(region.angle - angle) == pytest.approx(1)
    to_frame = region.to_frame(256)
    above = to_frame @ [128, 128 - 80 * 256 / 200, 1]
    np.testing.assert_allclose(above, rim, atol=1e-9)


def test_a_crop_shows_what_its_map_says():
    frame = np.zeros((200, 300, 3), np.uint8)
    frame[60:63, 200:203] = 255
    region = Region(180, 80, 120, 0.4)
    y, x = np.argwhere(region.crop(frame, 256)[..., 0] > 200).mean(axis=0)
    np.testing.assert_allclose(region.to_frame(256) @ [x, y, 1], [201, 61], atol=0.5)


@pytest.mark.parametrize("box", [(10, 20, 90, 60), (-40, -30, 60, 400), (250, 150, 900, 800), (0, 0, 20, 10)])
def test_the_detectors_square_maps_back_to_the_frame(box):
    frame = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    picture, scale, origin = _square(frame, np.array(box, np.float32))
    assert picture.shape == (SIDE, SIDE, 3)
    longer = max(box[2] - box[0], box[3] - box[1])
    assert longer <= scale <= longer + 2
    np.testing.assert_allclose(origin + scale / 2, [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], atol=1)
    places = (np.arange(SIDE) + 0.5) / SIDE * scale
    x, y = places + origin[0], places + origin[1]
    far = 1.5 + scale / SIDE
    outside = (x[None] < -far) | (x[None] > 299 + far) | (y[:, None] < -far) | (y[:, None] > 199 + far)
    inside = (x[None] > far) & (x[None] < 299 - far) & (y[:, None] > far) & (y[:, None] < 199 - far)
    assert (picture[outside] == 0).all()
    assert inside.any()
    assert (picture[inside] > 0).any(axis=1).mean() > 0.99


def test_boxes_of_one_person_are_one_group():
    boxes = np.array(
        [[0, 0, 10, 10], [50, 50, 60, 60], [1, 0, 11, 10], [49, 50, 61, 60], [100, 0, 110, 10.0]]
    )
    assert [group.tolist() for group in _groups(boxes)] == [[0, 2], [1, 3], [4]]
    assert _groups(np.empty((0, 4))) == []


def test_heatmaps_move_points_to_their_middle():
    places = np.array([[20.3, 30.8], [0.4, 63.5], [-3.0, 10.0], [40.0, 40.0]]) / CELLS
    heatmaps = np.full((CELLS, CELLS, 4), -20.0)
    heatmaps[31, 21, 0] = heatmaps[31, 22, 0] = 5.0  # row, column
    heatmaps[62, 1, 1] = 5.0
    heatmaps[10, 0, 2] = 5.0
    heatmaps[40, 40, 3] = -1.0  # not sure
    moved = refined(places, heatmaps) * CELLS
    np.testing.assert_allclose(moved, [[21.5, 31], [1, 62], [-3, 10], [40, 40]], atol=1e-4)


def test_a_heatmap_far_from_its_point_does_not_pull():
    places, heatmaps = np.array([[20.5, 20.5]]) / CELLS, np.full((CELLS, CELLS, 1), -20.0)
    heatmaps[20, 24, 0] = 9.0  # four cells away
    np.testing.assert_allclose(refined(places, heatmaps), places)
    heatmaps[20, 23, 0] = 9.0
    np.testing.assert_allclose(refined(places, heatmaps) * CELLS, [[23, 20]], atol=1e-3)


def test_both_models_come_out_of_the_file(tmp_path):
    models = read_task_file(task_file(tmp_path / "a.task", **{LANDMARKS: MODEL + b"x"}))
    assert (models.detector, models.landmarks) == (MODEL, MODEL + b"x")


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({DETECTOR: None}, f"no {DETECTOR} in it"),
        ({LANDMARKS: None}, f"no {LANDMARKS} in it"),
        ({LANDMARKS: b"<html>not found</html>"}, "no TensorFlow Lite model"),
        ({LANDMARKS: MODEL + bytes(LARGEST_MODEL)}, "unpacks to over 64 MiB"),
    ],
)
def test_files_of_something_else_are_refused(members, says, tmp_path):
    path = task_file(tmp_path / "a.task", **members)
    with pytest.raises(WeightsError, match=says) as error:
        read_task_file(path)
    assert str(path) in str(error.value)


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path):
    path = tmp_path / "bomb.task"
    task_file(path, **{LANDMARKS: MODEL + bytes(LARGEST_MODEL)})
    content = bytearray(path.read_bytes())
    claimed = struct.pack("<I", 100)
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.rfind(signature)
        content[at + offset : at + offset + 4] = claimed
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="bomb"):
        read_task_file(path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04" + bytes(50)])
def test_what_is_no_zip_is_refused(content, tmp_path):
    path = tmp_path / "a.task"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"not a readable \.task file"):
        read_task_file(path)
    with pytest.raises(WeightsError, match="no such weights file"):
        read_task_file(tmp_path / "b.task")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_are_unpacked_without_a_limit_are_refused(method, tmp_path):
    path = tmp_path / "a.task"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(DETECTOR, MODEL)
        archive.writestr(LANDMARKS, MODEL)
    with pytest.raises(WeightsError, match="unusual way"):
        read_task_file(path)


def test_a_damaged_member_is_refused(tmp_path):
    path = task_file(tmp_path / "a.task", **{LANDMARKS: MODEL + zlib.compress(bytes(9999)) * 3})
    content = bytearray(path.read_bytes())
    at = content.index(LANDMARKS.encode()) + len(LANDMARKS) + 20
    content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"a\.task"):
        read_task_file(path)


def test_a_model_of_something_else_is_no_detector():
    pytest.importorskip("ai_edge_litert")
    with pytest.raises((ValueError, RuntimeError)):
        PersonDetector(io.BytesIO(MODEL).getvalue(), threads=1)
