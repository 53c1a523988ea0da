"""Detectors from elsewhere: ONNX files, and boxes in a file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from estimators import detectors
from estimators.detectors import people_in
from estimators.detectors.onnx import STRIDES, _yolox
from tests.fixtures.onnx_models import Constant, export
from weights import WeightsError

CPU = torch.device("cpu")
FRAME = np.zeros((1, 120, 240, 3), np.uint8)  # half of the input's width: scaled by 2/3 to 160
SIZE = (160, 160)
# In pixels of the input; in the frame, 1.5 times as much.
PERSON, DOG = [30.0, 20.0, 60.0, 70.0], [90.0, 20.0, 120.0, 60.0]
IN_FRAME = np.array([PERSON]) * 1.5 - 0.5


def model(tmp_path, *answers):
    names = [f"out{i}" for i in range(len(answers))]
    return export(tmp_path / "a.onnx", Constant(*answers), size=SIZE, outputs=names)


def rows(*boxes):
    return np.array([boxes], np.float32)


def centred(box):
    x1, y1, x2, y2 = box
    return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]


def test_boxes_with_labels(tmp_path):
    boxes = rows([*PERSON, 0.6], [*DOG, 0.9], [*PERSON, 0.05])
    labels = np.array([[0, 16, 0]], np.int64)
    detector = detectors.create(f"onnx:{model(tmp_path, boxes, labels)}", device=CPU)
    (found,) = detector.detect(FRAME)
    np.testing.assert_allclose(found.boxes, IN_FRAME, atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.6])


def test_boxes_with_score_and_label_in_a_row(tmp_path):
    boxes = rows([*PERSON, 0.6, 0], [*DOG, 0.9, 16])
    (found,) = detectors.create(f"onnx:{model(tmp_path, boxes)}", device=CPU).detect(FRAME)
    np.testing.assert_allclose(found.boxes, IN_FRAME, atol=1e-4)


def test_yolo_s_columns_and_one_box_a_person(tmp_path):
    near = np.array(PERSON) + 2
    table = np.zeros((1, 4 + 3, 30), np.float32)
    for column, (box, scores) in enumerate(((PERSON, (0.7, 0, 0)), (near, (0.5, 0, 0)), (DOG, (0, 0.9, 0)))):
        table[0, :, column] = [*centred(box), *scores]
    (found,) = detectors.create(f"onnx:{model(tmp_path, table)}", device=CPU).detect(FRAME)
    np.testing.assert_allclose(found.boxes, IN_FRAME, atol=1e-3)
    np.testing.assert_allclose(found.scores, [0.7])


def test_yolox_s_rows_are_relative_to_their_cells(tmp_path):
    cells = sum((SIZE[0] // stride) * (SIZE[1] // stride) for stride in STRIDES)
    table = np.zeros((1, cells, 5 + 3), np.float32)
    x, y, width, height = centred(PERSON)  # 45, 45: cell (2, 2) of stride 16
    row = (SIZE[0] // 8) * (SIZE[1] // 8) + 2 * (SIZE[0] // 16) + 2
    table[0, row] = [x / 16 - 2, y / 16 - 2, np.log(width / 16), np.log(height / 16), 0.9, 0.8, 0, 0]
    (found,) = detectors.create(f"onnx:{model(tmp_path, table)}", device=CPU).detect(FRAME)
    np.testing.assert_allclose(found.boxes, IN_FRAME, atol=1e-3)
    np.testing.assert_allclose(found.scores, [0.72], atol=1e-6)
    centres, sides = _yolox(np.zeros((cells, 8)), SIZE)
    assert centres[-1].tolist() == [128, 128]
    assert sides[-1].tolist() == [32, 32]


def test_boxes_end_at_the_frame(tmp_path):
    boxes, labels = rows([-20, -20, 300, 300, 0.6]), np.zeros((1, 1), np.int64)
    (found,) = detectors.create(f"onnx:{model(tmp_path, boxes, labels)}", device=CPU).detect(FRAME)
    np.testing.assert_allclose(found.boxes, [[-0.5, -0.5, 239.5, 119.5]])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("onnx:{folder}/none.onnx", "no such ONNX file"),
        (
            "onnx:{file},yolo99",
            "Invalid kind of detector (yolo99). Supported values are rtmdet, yolox, yolo.",
        ),
        ("onnx:{file}", "Invalid outputs ((1, 3, 4))"),
        ("large", "Supported values are small, a weights FILE.safetensors, mmdet:ALIAS"),
    ],
)
def test_what_cannot_be_used_is_refused(name, says, tmp_path):
    file = model(tmp_path, np.zeros((1, 3, 4), np.float32))
    with pytest.raises((ValueError, WeightsError)) as error:
        detectors.create(name.format(folder=tmp_path, file=file), device=CPU)
    assert says in str(error.value)


def boxes_file(tmp_path, text):
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    return detectors.create(f"boxes:{path}", device=CPU)


def test_boxes_of_a_file_come_by_the_number_of_the_frame(tmp_path):
    text = "frame, x1, y1, x2, y2, score\n3,1,2,11,22,0.5\n3,5,5,9,9,0.75\n\n5,1,2,3,4,\n"
    detector = boxes_file(tmp_path, text)
    third, fourth, fifth = people_in(detector, np.zeros((3, 4, 4, 3), np.uint8), [3, 4, 5])
    assert third.boxes.tolist() == [[5, 5, 9, 9], [1, 2, 11, 22]]
    assert third.scores.tolist() == [0.75, 0.5]
    assert fourth.boxes.shape == (0, 4)
    assert fifth.scores.tolist() == [1.0]
    with pytest.raises(ValueError, match="go with a video"):
        detector.detect(np.zeros((1, 4, 4, 3), np.uint8))


def test_files_of_the_motchallenge_count_from_one(tmp_path):
    detector = boxes_file(tmp_path, "1,7,10,20,30,40,-1,-1,-1,-1\n2,7,11,20,30,40,0.25,-1,-1,-1\n")
    first, second = people_in(detector, np.zeros((2, 4, 4, 3), np.uint8), [0, 1])
    assert first.boxes.tolist() == [[10, 20, 40, 60]]
    assert (first.scores.tolist(), second.scores.tolist()) == ([1.0], [0.25])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty. Give a line a box."),
        ("frame,x1,y1,x2\n", "no column y2"),
        ("frame,x1,y1,x2,y2\n0,1,2,three,4\n", "line 2: Invalid x2 (three)"),
        ("frame,x1,y1,x2,y2\n0,1,2,1,4\n", "line 2: Invalid box (1, 2, 1, 4): without an area"),
        ("frame,x1,y1,x2,y2\n-1,1,2,3,4\n", "line 2: Invalid frame (-1)"),
        ("0,1,2,3,4,5\n", "line 1: Invalid frame (0). Supported values are 1 and above."),
        ("1,1,2\n", "line 1: 3 columns"),
    ],
)
def test_bad_files_are_refused_with_their_line(text, says, tmp_path):
    with pytest.raises(ValueError) as error:
        boxes_file(tmp_path, text)
    assert says in str(error.value)
    assert "boxes.csv" in str(error.value)
