"""Tables of keypoints, in whatever dialect a spreadsheet or a program writes them."""

import csv

import numpy as np
import pytest

from app.commands.main import main
from app.errors import PosefixError
from app.keypoints import formats
from estimators.skeletons import JOINTS
from tests.fixtures.walker import lines_of, walk

HEADINGS = "frame,joint,x,y,score"
PLAIN = lines_of(walk(6))


def read(path, text, *, encoding="utf-8", **options):
    path = path / "a.csv"
    path.write_bytes(text.encode(encoding))
    return formats.load(path, format="csv", **options)


@pytest.fixture
def plain(tmp_path):
    return read(tmp_path, "\n".join(PLAIN))


def same_points(one, other):
    assert one.skeleton == other.skeleton
    for ours, theirs in zip(one.tracks, other.tracks, strict=True):
        np.testing.assert_array_equal(ours.points, theirs.points)


def test_columns_come_in_any_order_and_missing_joints_are_nan(tmp_path):
    clip = read(tmp_path, "\ufeffy, x,joint,camera,frame\n200,1,head,c,5\n,,neck,c,5\n4.5,-3,neck,c,8\n")
    assert (clip.frame_indices.tolist(), clip.skeleton.joints) == ([5, 6, 7, 8], ("head", "neck"))
    expected = np.full((4, 2, 3), np.nan)
    expected[0, 0, :2], expected[3, 1, :2] = (1, 200), (-3, 4.5)
    np.testing.assert_array_equal(clip.tracks[0].points, expected)


SEMICOLONS = [line.replace(",", ";") for line in PLAIN]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("\n".join(SEMICOLONS), "utf-8"),
        ("\n".join(line.replace(".", ",") for line in SEMICOLONS), "utf-8"),
        ("\r\n".join(line.replace(",", "\t") for line in PLAIN), "utf-8"),
        ("\n".join(line.replace(",", "|") for line in PLAIN), "utf-8"),
        ("\n".join(PLAIN), "utf-8-sig"),
        ("\n".join(PLAIN), "utf-16"),
        ("Recorded on Monday\n\n" + "\n".join(PLAIN), "utf-8"),
        ("\n".join(["Frame,Joint,X,Y,Score", *PLAIN[1:]]), "utf-8"),
        ("\n".join(["FRAME_ID,keypoint,x_px,y (px),confidence", *PLAIN[1:]]), "utf-8"),
        ("\n".join(["frame,bodypart,x,y,likelihood", *PLAIN[1:]]), "utf-8"),
        ("\n".join(f'"{line}"'.replace(",", '","') for line in PLAIN), "utf-8"),
        ("\n".join([PLAIN[0], *(line.replace(",", ".0,", 1) for line in PLAIN[1:])]), "utf-8"),
    ],
    ids=[
        "semicolons", "decimal commas", "tabs", "bars", "byte-order mark", "utf-16", "title", "capitals",
        "other words", "DeepLabCut's words", "quotes", "frames with a point",
    ],
)  # fmt: skip
def test_dialects_are_read_alike(tmp_path, plain, text, encoding):
    same_points(read(tmp_path, text, encoding=encoding), plain)


@pytest.mark.parametrize("missing", ["", "NA", "NaN", "nan", "null", "None", "n/a", "-"])
def test_words_for_missing_are_known(tmp_path, missing):
    clip = read(tmp_path, f"{HEADINGS}\n0,head,100,50,1\n0,neck,{missing},{missing},{missing}\n")
    assert np.isnan(clip.tracks[0].points[0, 1]).all()


@pytest.mark.parametrize(
    "style",
    [
        lambda side, part: f"{side[0].upper()}{part.capitalize()}",
        lambda side, part: f"{side.capitalize()}{part.capitalize()}",
        lambda side, part: f"{side}_{part}".upper(),
        lambda side, part: f"{part}_{side[0]}",
        lambda side, part: f"{part}{side[0].upper()}",
        lambda side, part: f"{side[0]}{part}",
        lambda side, part: f"{side} {part}",
        lambda side, part: f"{side[0]}-{part}",
    ],
    ids=[
        "LShoulder",
        "LeftShoulder",
        "LEFT_SHOULDER",
        "shoulder_l",
        "shoulderL",
        "lshoulder",
        "left shoulder",
        "l-",
    ],
)
def test_joints_have_the_names_of_other_programs(tmp_path, plain, style):
    names = {joint: style(*joint.split("_")) for joint in JOINTS if joint.startswith(("left_", "right_"))}
    names["head_top"] = "HeadTop"
    lines = [",".join(names.get(cell, cell) for cell in line.split(",")) for line in PLAIN]
    clip = read(tmp_path, "\n".join(lines))
    same_points(clip, plain)
    assert clip.joint_names[3] == names["left_shoulder"], "they keep them in what is written"


def test_coco_has_its_head_between_nose_and_ears(tmp_path):
    joints = ("nose", "left_ear", "right_ear", "left_eye", "right_eye")
    lines = [HEADINGS, *(f"0,{joint},{100 + n},{n},1" for n, joint in enumerate(joints))]
    skeleton = read(tmp_path, "\n".join(lines)).skeleton
    assert skeleton.sources("head") == (0, 1, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frame,joint,x\n", "no column y"),
        ("frame;joint;x\n", "no column y"),
        ("hello\n", "no column frame, joint, x, y. The first line must name"),
        (HEADINGS, "no lines but the headings"),
        (f"{HEADINGS}\n0,head,1,2,1\n0,head,1,2,1", "line 3: a second head in frame 0"),
        (f"person,{HEADINGS}\nA,0,head,1,2,1\nA,0,head,1,2,1", "line 3: a second head of A in frame 0"),
        (f"{HEADINGS}\n0,head,wide,2,1", r"line 2: Invalid x \(wide\)"),
        (f"{HEADINGS}\n0,head,inf,2,1", r"line 2: Invalid x \(inf\)"),
        (f"{HEADINGS}\n0,head,1e39,2,1", r"line 2: Invalid x, y \(1e\+39, 2\): no picture is so large"),
        (f"{HEADINGS}\n\n0,head,1,-1e9,1", r"line 3: Invalid x, y \(1, -1e\+09\)"),
        (f"{HEADINGS}\n0,head,1,,1", "line 2: only one of x and y"),
        (f"{HEADINGS}\n0,head,1", "line 2: only one of x and y"),
        (f"{HEADINGS}\n-1,head,1,2,1", r"Invalid frame \(-1.0\)"),
        (f"{HEADINGS}\n1.5,head,1,2,1", r"Invalid frame \(1.5\)"),
        (f"{HEADINGS}\n,head,1,2,1", r"Invalid frame \(\)"),
        (f"{HEADINGS}\n1,,1,2,1", "line 2: no joint named"),
        (f"{HEADINGS}\n0,head,1,2,1\n90000000,head,1,2,1", "line 3: frame 90000000 lies 90000000 frames off"),
        ("frame,joint,x,x,y\n0,head,1,2,1", r"x \(column 3\) and x \(column 4\) may both be x"),
        (
            "frame,joint,x,y,confidence,visibility\n0,head,1,2,1,1",
            r"confidence \(column 5\) and visibility \(column 6\) may both be score",
        ),
        (
            f"{HEADINGS}\n0,LWrist,1,2,1\n0,left_wrist,1,2,1",
            "LWrist and left_wrist are both taken for left_wrist",
        ),
    ],
)
def test_bad_tables_are_refused_with_the_line(tmp_path, text, message):
    with pytest.raises(PosefixError, match=message) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "a.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_text_or_not_there_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    for data, message in (
        (b"frame,joint,x,y\n0,\xff,1,2", "not UTF-8 text"),
        (b"\0\1\2\3", "not a CSV file"),
    ):
        path.write_bytes(data)
        with pytest.raises(PosefixError, match=message):
            formats.load(path)
    with pytest.raises(PosefixError, match="cannot be read"):
        formats.load(tmp_path / "none.csv")


def test_one_damaged_frame_number_is_refused_and_a_long_absence_is_not(tmp_path):
    lines = lines_of(walk(60))
    with pytest.raises(PosefixError, match="line 902: frame 1000000 lies 999941 frames off the others"):
        read(tmp_path, "\n".join([*lines, "1000000,head,1,2,1"]))
    with pytest.raises(PosefixError, match="line 2: frame 0 lies 1000000 frames off the others"):
        read(tmp_path, "\n".join([lines[0], "0,head,1,2,1", *lines_of(walk(60), first=1_000_000)[1:]]))
    clip = read(tmp_path, "\n".join([*lines, "9000,head,1,2,1"]))
    assert len(clip.frame_indices) == 9001


def test_people_have_a_column(tmp_path):
    text = "frame,person,joint,x,y\n3,Ann,head,100,2\n3,Bob,head,300,4\n4,Bob,head,300,5\n"
    clip = read(tmp_path, text)
    assert [(track.id, track.name) for track in clip.tracks] == [(0, "Ann"), (1, "Bob")]
    clip = read(tmp_path, text.replace("Ann", "7").replace("Bob", "2.0"))
    assert [(track.id, track.name) for track in clip.tracks] == [(2, ""), (7, "")]


def test_times_and_shots_have_columns(tmp_path):
    text = "frame,joint,x,y,seconds,shot\n3,head,100,2,0.5,0\n5,head,101,4,0.7,0\n6,head,300,5,0.9,1\n"
    clip = read(tmp_path, text)
    np.testing.assert_allclose(clip.pts_seconds, [0.5, 0.6, 0.7, 0.9])
    assert clip.cuts == (3,)
    with pytest.raises(
        PosefixError, match=r"frame 6: its time \(0.7 s\) does not come after that of frame 5"
    ):
        read(tmp_path, text.replace("0.9", "0.7"))


def test_0_0_is_missing_without_a_score_or_with_one_of_0(tmp_path):
    lines = "0,head,100,50,1\n0,neck,0,0,{}\n"
    for score, missing in (("0", True), ("", True), ("0.9", False)):
        clip = read(tmp_path, f"{HEADINGS}\n{lines.format(score)}")
        assert np.isnan(clip.tracks[0].points[0, 1, 0]) == missing


@pytest.mark.parametrize(
    ("scores", "wanted", "note"),
    [
        ((0.2, 1.0), (0.2, 1.0), None),
        ((20, 90), (0.2, 0.9), "scores from 20 to 90: taken for percent"),
        ((0.5, 1.2), (0.5, 1.0), "scores from 0.5 to 1.2: cut at 0 and 1"),
        ((3, 6), (0.5, 1.0), "scores from 3 to 6: divided by 6"),
        ((-0.1, 0.5), (0.0, 0.5), "scores from -0.1 to 0.5: cut at 0 and 1"),
    ],
)
def test_scores_beyond_0_to_1_are_mapped_and_it_is_said(tmp_path, scores, wanted, note):
    text = "\n".join(
        [HEADINGS, *(f"0,{joint},100,50,{s}" for joint, s in zip(("head", "neck"), scores, strict=True))]
    )
    clip = read(tmp_path, text)
    np.testing.assert_allclose(clip.tracks[0].points[0, :, 2], wanted)
    assert clip.notes == (() if note is None else (note,))


# ---- the command


def run(path, *options):
    return main(["correct", str(path), "--device", "cpu", *options])


def write_clip(path, *, missing=(), skip=(), first=7):
    """The upper body of a walk; some (frame, joint) are missing, some frames have no line at all."""
    points = walk(30)
    points[list(skip)] = np.nan
    for frame, joint in missing:
        points[frame, JOINTS.index(joint)] = np.nan
    path.write_text("\n".join(lines_of(points, first=first)) + "\n")
    return path


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_csv_file_is_corrected_and_its_gaps_are_filled_and_marked(tmp_path, capsys):
    gap = {(frame, "left_wrist") for frame in range(10, 14)}
    path = write_clip(tmp_path / "clip.csv", missing=gap, skip={20})
    assert run(path, "--fps", "30") == 0
    assert "filled 19" in capsys.readouterr().err  # 4 and the 15 joints of the frame without a line
    rows = rows_of(tmp_path / "clip_corrected.csv")
    assert len(rows) == 30 * 15
    filled = {(int(row["frame"]), row["joint"]) for row in rows if row["filled"] == "1"}
    assert filled == {(frame + 7, joint) for frame, joint in gap} | {(27, joint) for joint in JOINTS}
    assert all(float(row["error_px"]) > 0 and row["unsure"] in "01" for row in rows)
    assert all((row["score"] == "") == (row["filled"] == "1") for row in rows)
    given, again = formats.load(path), formats.load(tmp_path / "clip_corrected.csv")
    assert again.skeleton == given.skeleton and again.frame_indices[0] == 7
    apart = np.linalg.norm(again.tracks[0].points[..., :2] - given.tracks[0].points[..., :2], axis=2)
    assert 0 < np.nanmean(apart) < 20


def test_zeros_give_what_empty_joints_give(tmp_path):
    lines = lines_of(walk(40))
    zeros = [
        f"{','.join(line.split(',')[:2])},0,0,0" if line[:3] in ("11,", "12,") else line for line in lines
    ]
    empty = [line for line in lines if line[:3] not in ("11,", "12,")]
    for name, text in (("zeros", zeros), ("empty", empty)):
        (tmp_path / f"{name}.csv").write_text("\n".join(text))
        assert run(tmp_path / f"{name}.csv", "--fps", "25") == 0
    one, other = (rows_of(tmp_path / f"{name}_corrected.csv") for name in ("zeros", "empty"))
    assert one == other
    assert sum(row["filled"] == "1" for row in one) == 30


def test_shares_of_the_picture_ask_for_its_size_and_keep_their_digits(tmp_path, capsys):
    points = walk(40)
    shares = points / (640, 480, 1)
    for name, values, decimals in (("pixels", points, 3), ("shares", shares, 6)):
        (tmp_path / f"{name}.csv").write_text("\n".join(lines_of(values, decimals=decimals)))
    assert run(tmp_path / "shares.csv", "--fps", "25") == 2
    assert (
        "shares of the picture (0 to 1). Give the picture's --size WIDTHxHEIGHT." in capsys.readouterr().err
    )
    assert run(tmp_path / "shares.csv", "--fps", "25", "--size", "640x480") == 0
    assert run(tmp_path / "pixels.csv", "--fps", "25") == 0
    one, other = (
        np.array([(float(row["x"]), float(row["y"])) for row in rows_of(tmp_path / f"{name}_corrected.csv")])
        for name in ("pixels", "shares")
    )
    np.testing.assert_allclose(other * (640, 480), one, atol=2e-3)


def test_a_cut_and_a_leap_end_what_is_corrected_together(tmp_path):
    """What lies beyond them does not matter: the same rows alone give the same."""
    points = walk(40)
    far = walk(40, start=(2000.0, 260.0))
    (tmp_path / "alone.csv").write_text("\n".join(lines_of(points)))
    leap = [*lines_of(points), *lines_of(far, first=40)[1:]]
    (tmp_path / "leap.csv").write_text("\n".join(leap))
    near = [*lines_of(points), *lines_of(walk(40, start=(260.0, 250.0)), first=40)[1:]]
    cut = [near[0] + ",shot", *(f"{line},{int(int(line.split(',')[0]) >= 40)}" for line in near[1:])]
    (tmp_path / "cut.csv").write_text("\n".join(cut))
    (tmp_path / "near.csv").write_text("\n".join(near))
    results = {}
    for name in ("alone", "leap", "cut", "near"):
        assert run(tmp_path / f"{name}.csv", "--fps", "25") == 0
        results[name] = [
            (r["x"], r["y"]) for r in rows_of(tmp_path / f"{name}_corrected.csv") if int(r["frame"]) < 40
        ]
    assert results["leap"] == results["alone"]
    assert results["cut"] == results["alone"]
    assert results["near"] != results["alone"], "without the cut, what follows does matter"


def test_correcting_a_csv_file_says_what_it_lacks(tmp_path, capsys):
    path = write_clip(tmp_path / "clip.csv")
    assert run(path) == 2
    assert "clip.csv: does not say how fast its frames follow. Give --fps." in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        run(path, "--fps", "0")
    assert "argument --fps: Invalid number (0). Supported values are above 0." in capsys.readouterr().err
    assert run(path, "--fps", "25", "--size", "wide") == 2
    assert "Invalid size (wide). Width and height are wanted: 1920x1080." in capsys.readouterr().err
    assert run(path, "--fps", "25", "--skeleton", "spider") == 2
    assert "Invalid skeleton (spider). Supported values are" in capsys.readouterr().err
    assert main(["correct", str(tmp_path / "clip.mp4")]) == 1
    assert "clip.mp4: a video, not keypoints. Estimate and correct its joints with" in capsys.readouterr().err
    assert run(tmp_path / "none.csv") == 1
    assert "none.csv: cannot be read" in capsys.readouterr().err
    path.write_text(f"{HEADINGS}\n0,tail,100,2,1\n")
    assert run(path, "--fps", "30") == 1
    said = capsys.readouterr().err
    assert "clip.csv: Invalid joints (tail): the corrector knows none of them" in said
    assert "--smooth-others" in said
    assert not (tmp_path / "clip_corrected.csv").exists()


def test_a_bad_file_does_not_stop_the_next(tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("hello")
    good = write_clip(tmp_path / "good.csv")
    assert main(["correct", str(tmp_path / "bad.csv"), str(good), "--fps", "25", "--device", "cpu"]) == 1
    assert (tmp_path / "good_corrected.csv").exists()
    assert main(["correct", str(good), "--fps", "25", "--device", "cpu"]) == 0
    assert "exists" in capsys.readouterr().err
