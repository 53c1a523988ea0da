"""Several people in the data file, on the picture, and through the corrector; their options."""

import json
from dataclasses import replace

import numpy as np
import pytest

import app
from app.commands.main import main
from app.keypoints import posefix_json
from app.pipeline import stretches
from app.video.writer import write_video
from tests.app.keypoints.test_posefix_json import make_result
from tests.app.test_pipeline import CountingCorrector
from tests.fixtures.casts import BLUE, FPS, RED, SIZE, Actor, KnowingDetector, KnowingEstimator, film
from tests.fixtures.fakes import LAYOUT, blob_frames


def two_people():
    initial = np.concatenate([np.tile(LAYOUT * 20 + 30, (6, 1, 1)), np.full((6, 7, 1), 0.5)], axis=2)
    result = make_result(initial.astype(np.float32))
    gone = result.people[0].initial.copy()
    gone[:2] = np.nan
    second = replace(result.people[0], id=3, initial=gone, prominence=1.25)
    return replace(result, people=(result.people[0], second), cuts=(4,))


def test_tracks_and_cuts_come_back(tmp_path):
    written = two_people()
    text = posefix_json.to_document(written)
    assert text["frames"]["cuts"] == [9]
    assert [person["track"] for person in text["people"]] == [
        {"first_frame": 5, "last_frame": 10, "frames": 6, "prominence": None},
        {"first_frame": 7, "last_frame": 10, "frames": 4, "prominence": 1.25},
    ]
    posefix_json.save(written, tmp_path / "a.json")
    again = posefix_json.load(tmp_path / "a.json")
    assert again.cuts == (4,)
    assert [(person.id, person.prominence) for person in again.people] == [(0, None), (3, 1.25)]


def test_a_file_of_before_there_were_tracks_is_read(tmp_path):
    path = tmp_path / "a.json"
    posefix_json.save(two_people(), path)
    old = json.loads(path.read_text()) | {"version": 1}
    del old["frames"]["cuts"]
    for person in old["people"]:
        del person["track"]
    path.write_text(json.dumps(old))
    again = posefix_json.load(path)
    assert again.cuts == ()
    assert [person.prominence for person in again.people] == [None, None]


def test_the_corrector_stops_at_cuts_and_works_where_somebody_is():
    result = two_people()
    corrector = CountingCorrector()
    corrected = app.correct(result, corrector)
    # The last box of the first person is missing: no look was made there.
    assert corrector.frames == [4, 1, 4, 1]
    first, second = corrected.people
    assert np.isfinite(first.corrected[:5]).all()
    assert second.corrected.shape == (6, 7, 2)
    person = replace(second, boxes=np.where(np.arange(6)[:, None] < 2, np.nan, 10.0).astype(np.float32))
    person = replace(person, boxes=person.boxes + np.array([0, 0, 5, 5], np.float32))
    assert stretches(person, cuts=(4,)) == [slice(2, 4), slice(4, 6)]


def test_a_film_with_a_cut_from_file_to_result(tmp_path):
    def stands(_seconds):
        return 150

    clip = film([Actor(stands, RED)], seconds=1, seed=1) + film([Actor(stands, BLUE)], seconds=1, seed=2)
    with write_video(tmp_path / "cut.mp4", width=SIZE[0], height=SIZE[1], fps=FPS) as writer:
        for number, frame in enumerate(clip.frames):
            writer.write(frame, pts_seconds=number / FPS)

    class AnyFrame(KnowingDetector):
        """Decoded frames are not the drawn ones to the last bit: the nearest is meant."""

        def _find(self, frame):
            off = [np.abs(other.astype(int) - frame).mean() for other in self._clip.frames]
            return super()._find(self._clip.frames[int(np.argmin(off))])

    result = app.estimate(
        app.open_video(tmp_path / "cut.mp4"), KnowingEstimator(clip), detector=AnyFrame(clip)
    )
    assert result.cuts == (20,)
    assert [np.flatnonzero(person.found).tolist() for person in result.people] in (
        [list(range(20)), list(range(20, 40))],
        [list(range(20, 40)), list(range(20))],
    )


def test_two_blobs_by_the_command(tmp_path, fakes, monkeypatch):
    frames = np.maximum(blob_frames([(40, 60)] * 20, side=24), blob_frames([(120, 60)] * 20, side=16))
    with write_video(tmp_path / "a.mp4", width=160, height=120, fps=10) as writer:
        for number, frame in enumerate(frames):
            writer.write(frame, pts_seconds=number / 10)
    options = ["--quiet", "--overwrite", "--no-video"]
    everybody = {}
    for people in ("one", "all", "1", "2"):
        assert main([str(tmp_path / "a.mp4"), "--people", people, *options]) == 0
        everybody[people] = app.load(tmp_path / "a_posefix.json").people
    assert {name: len(found) for name, found in everybody.items()} == {"one": 1, "all": 2, "1": 1, "2": 2}
    larger, smaller = everybody["all"]
    assert np.nanmean(larger.initial[:, 0, 0]) < np.nanmean(smaller.initial[:, 0, 0])
    assert main([str(tmp_path / "a.mp4"), "--person", str(smaller.id), *options]) == 0
    (alone,) = app.load(tmp_path / "a_posefix.json").people
    assert alone.id == smaller.id
    assert main([str(tmp_path / "a.mp4"), "--person", "7", *options]) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--people", "none"], "Invalid people (none)"),
        (["--person", "-1"], "Invalid person (-1)"),
        (["--detector", "nope"], "Invalid detector (nope)"),
    ],
)
def test_wrong_options_are_told_in_one_line(tmp_path, capsys, options, says):
    (tmp_path / "a.mp4").touch()
    assert main([str(tmp_path / "a.mp4"), "--device", "cpu", *options]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert says in line
