"""Keypoints in CSV files: read, corrected and written by ``posefix correct``."""

import csv

import numpy as np
import pytest

from app.commands.main import main
from app.errors import PosefixError
from app.keypoints import tidy_csv
from estimators.skeletons import UPPER_BODY

HEADINGS = "frame,joint,x,y,score"


def write_clip(path, *, frames=30, missing=(), skip=()):
    """A person walking to the right; some (frame, joint) are missing, some frames have no line at all."""
    lines = [HEADINGS]
    for frame in range(frames):
        for number, joint in enumerate(UPPER_BODY):
            if frame in skip or (frame, joint) in missing:
                continue
            lines.append(f"{frame + 7},{joint},{100 + 2 * frame + 15 * number},{80 + 9 * number % 40},0.9")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_columns_come_in_any_order_and_missing_joints_are_nan(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "\ufeffy, x,joint,camera,frame\n2,1,head,c,5\n,,neck,c,5\n4.5,-3,neck,c,8\n", encoding="utf-8"
    )
    table = tidy_csv.read(path)
    assert (table.first_frame, table.joints) == (5, ("head", "neck"))
    expected = np.full((4, 2, 3), np.nan)
    expected[0, 0, :2], expected[3, 1, :2] = (1, 2), (-3, 4.5)
    np.testing.assert_array_equal(table.keypoints, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frame,joint,x\n", "no column y"),
        ("", "no column frame, joint, x, y"),
        (HEADINGS, "no lines but the headings"),
        (f"{HEADINGS}\n0,head,1,2,1\n0,head,1,2,1", "line 3: a second head in frame 0"),
        (f"{HEADINGS}\n0,head,wide,2,1", r"line 2: Invalid x \(wide\)"),
        (f"{HEADINGS}\n0,head,inf,2,1", r"line 2: Invalid x \(inf\)"),
        (f"{HEADINGS}\n0,head,1,,1", "line 2: only one of x and y"),
        (f"{HEADINGS}\n0,head,1,2,90", r"Invalid score \(90\). Supported values are 0 to 1"),
        (f"{HEADINGS}\n-1,head,1,2,1", r"Invalid frame \(-1\)"),
        (f"{HEADINGS}\n1.5,head,1,2,1", r"Invalid frame \(1.5\)"),
        (f"{HEADINGS}\n,head,1,2,1", r"Invalid frame \(\)"),
        (f"{HEADINGS}\n1,,1,2,1", "line 2: no joint named"),
        (f"{HEADINGS}\n0,head,1,2,1\n90000000,head,1,2,1", "Check their numbers"),
    ],
)
def test_bad_tables_are_refused_with_the_line(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(PosefixError, match=message) as caught:
        tidy_csv.read(path)
    assert str(path) in str(caught.value)


def test_what_is_no_text_or_not_there_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(PosefixError, match="not a CSV file"):
        tidy_csv.read(path)
    with pytest.raises(PosefixError, match="cannot be read"):
        tidy_csv.read(tmp_path / "none.csv")


def test_a_csv_file_is_corrected_and_its_gaps_are_filled_and_marked(tmp_path, capsys):
    gap = {(frame, "left_wrist") for frame in range(10, 14)}
    path = write_clip(tmp_path / "clip.csv", missing=gap, skip={20})
    assert main(["correct", str(path), "--fps", "30", "--device", "cpu"]) == 0
    assert "filled 11" in capsys.readouterr().err  # 4 and the 7 joints of the frame without a line
    with (tmp_path / "clip_corrected.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30 * 7
    filled = [(int(row["frame"]), row["joint"]) for row in rows if row["filled"] == "1"]
    assert set(filled) == {(frame + 7, joint) for frame, joint in gap} | {(27, joint) for joint in UPPER_BODY}
    assert all(float(row["error_px"]) > 0 and row["unsure"] in "01" for row in rows)
    assert {row["score"] for row in rows if row["filled"] == "0"} == {"0.900"}
    assert {row["score"] for row in rows if row["filled"] == "1"} == {""}
    given = tidy_csv.read(path)
    again = tidy_csv.read(tmp_path / "clip_corrected.csv")
    assert (again.first_frame, set(again.joints)) == (7, set(UPPER_BODY))
    order = [again.joints.index(joint) for joint in given.joints]
    apart = np.linalg.norm(again.keypoints[:, order, :2] - given.keypoints[..., :2], axis=2)
    assert 0 < np.nanmean(apart) < 20


def test_correcting_a_csv_file_says_what_it_lacks(tmp_path, capsys):
    path = write_clip(tmp_path / "clip.csv")
    assert main(["correct", str(path), "--device", "cpu"]) == 2
    assert (
        "clip.csv: a CSV file does not say how fast its frames follow. Give --fps." in capsys.readouterr().err
    )
    with pytest.raises(SystemExit, match="2"):
        main(["correct", str(path), "--fps", "0"])
    assert "argument --fps: Invalid number (0). Supported values are above 0." in capsys.readouterr().err
    assert main(["correct", str(tmp_path / "clip.mp4")]) == 1
    assert "clip.mp4: a video, not keypoints. Estimate and correct its joints with" in capsys.readouterr().err
    path.write_text(f"{HEADINGS}\n0,tail,1,2,1\n")
    assert main(["correct", str(path), "--fps", "30", "--device", "cpu"]) == 1
    assert "clip.csv: Invalid joints (tail): the corrector knows none of them" in capsys.readouterr().err
    assert not (tmp_path / "clip_corrected.csv").exists()
