"""Video in, overlay and data out, with models whose answers are known."""

from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

import app
from app.jobs.batch import Models, Options, describe_correction, run_job
from app.jobs.inputs import Job
from app.jobs.progress import Reporter
from app.rendering.stills import FrameChoice
from app.tracking.selection import PeopleSelection
from app.video.writer import write_video
from tests.fixtures.fakes import LAYOUT, BlobDetector, BlobEstimator, ShiftCorrector, blob_frames

CENTRES = [(30 + 2 * i, 60) for i in range(30)]
FPS = 10.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "blob.mp4"
    with write_video(path, width=160, height=120, fps=FPS) as writer:
        for number, frame in enumerate(blob_frames(CENTRES)):
            writer.write(frame, pts_seconds=number / FPS)
    return path


def process(clip, **options):
    result = app.estimate(app.open_video(clip), BlobEstimator(), detector=BlobDetector(), **options)
    return app.correct(result, ShiftCorrector())


def test_every_frame_gets_its_joints(clip):
    result = process(clip)
    (person,) = result.people
    assert result.frame_indices.tolist() == list(range(30))
    np.testing.assert_allclose(result.pts_seconds, np.arange(30) / FPS, atol=1e-5)
    truth = np.array(CENTRES)[:, None] + LAYOUT * 24
    np.testing.assert_allclose(person.initial[..., :2], truth, atol=2)
    np.testing.assert_allclose(person.corrected, person.initial[..., :2] + [2, 0])
    np.testing.assert_allclose(person.moved_px, 2, atol=1e-4)


def test_start_and_end_take_a_part(clip):
    result = process(clip, start=1.0, end=2.0)
    assert result.frame_indices.tolist() == list(range(10, 20))
    np.testing.assert_allclose(result.pts_seconds, np.arange(10, 20) / FPS, atol=1e-5)


def test_a_part_outside_the_video_is_refused(clip):
    with pytest.raises(app.PosefixError, match=r"no frame from --start 99.*: the video ends at "):
        process(clip, start=99)


def test_the_overlay_has_the_timing_and_the_joints(clip, tmp_path):
    video, result, path = app.open_video(clip), process(clip, start=0.5), tmp_path / "overlay.mp4"
    app.render(video, result, path, style=app.Style(radius=3))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        frames = list(container.decode(stream))
        assert np.allclose([frame.time for frame in frames], np.arange(25) / FPS, atol=1e-4)
        assert abs(float(stream.duration * stream.time_base) - 2.5) <= 0.1
        picture = frames[3].to_ndarray(format="rgb24").astype(int)
    x, y = np.round(result.people[0].corrected[3, 6]).astype(int)
    red, green, blue = picture[y, x]
    assert red > 180
    assert green > 150
    assert blue < 120


def test_an_odd_size_is_made_even_without_moving_the_picture(tmp_path):
    frame = np.random.default_rng(0).integers(0, 255, (49, 51, 3), dtype=np.uint8)
    frame = np.repeat(np.repeat(frame[:7, :17], 7, axis=0), 3, axis=1)
    with write_video(tmp_path / "odd.mp4", width=51, height=49, fps=5) as writer:
        for number in range(3):
            writer.write(frame, pts_seconds=number / 5)
    with av.open(str(tmp_path / "odd.mp4")) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert picture.shape == (50, 52, 3)
    assert np.abs(picture[:49, :51].astype(int) - frame).mean() < 40


def test_variable_frame_rates_keep_their_timing(tmp_path):
    times = [0.0, 0.1, 0.15, 0.5, 0.51, 1.2]
    with write_video(tmp_path / "vfr.mp4", width=64, height=48, fps=5) as writer:
        for seconds in times:
            writer.write(np.zeros((48, 64, 3), np.uint8), pts_seconds=seconds)
    video = app.open_video(tmp_path / "vfr.mp4")
    read = np.concatenate([batch.pts_seconds for batch in video.batches(size=4)])
    np.testing.assert_allclose(read, times, atol=1e-4)


def test_the_stages_are_timed_and_reported(clip, tmp_path):
    video, told = app.open_video(clip), []
    result = app.estimate(video, BlobEstimator(), detector=BlobDetector(), progress=told.append)
    assert set(result.run.seconds) == {"decode", "find", "estimate"}
    result = app.correct(result, ShiftCorrector())
    assert set(result.run.seconds) == {"decode", "find", "estimate", "correct"}
    drawing = app.render(video, result, tmp_path / "o.mp4", progress=told.append)
    assert set(drawing) == {"decode", "render", "encode"}
    assert sum(told) == 60


def test_what_a_run_was_told_is_saved_with_its_result(clip, tmp_path):
    people = PeopleSelection(count=2, min_seconds=0.2)
    app.save(process(clip, start=0.5, end=2.0, people=people), tmp_path / "a.json")
    record = app.load(tmp_path / "a.json").run
    assert record.options == {
        "start": 0.5,
        "end": 2.0,
        "box": None,
        "people": 2,
        "person": None,
        "min_track": 0.2,
        "detector": "blob",
    }
    assert all(seconds >= 0 for seconds in record.seconds.values())
    assert record.warnings == ()


def run(clip, folder, **options):
    job = Job(clip, folder, "blob_posefix")
    with Reporter(files=1, quiet=True) as reporter:
        models = Models(estimator=BlobEstimator(), corrector=ShiftCorrector(), detector=BlobDetector())
        return run_job(job, Options(**options), models=models, reporter=reporter)


def test_a_job_writes_all_that_is_asked_for_and_nothing_else(clip, tmp_path):
    outcome = run(clip, tmp_path, frames=FrameChoice.parse("3,7"), montage=True)
    assert (outcome.status, outcome.frames) == ("done", 30)
    assert outcome.corrected == "moved 2.0 px"
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*"))
    assert written == [
        "blob_posefix.json",
        "blob_posefix.mp4",
        "blob_posefix_frames/blob_posefix_000003.png",
        "blob_posefix_frames/blob_posefix_000007.png",
        "blob_posefix_montage.png",
    ]


def test_a_clip_of_one_frame_gives_a_picture_too(tmp_path):
    path = tmp_path / "photo.mp4"
    with write_video(path, width=160, height=120, fps=FPS) as writer:
        writer.write(blob_frames([(60, 60)])[0], pts_seconds=0)
    run(path, tmp_path)
    picture = cv2.imread(str(tmp_path / "blob_posefix.png"))
    assert picture.shape == (120, 160, 3)
    blue, green, red = np.moveaxis(picture.astype(int), 2, 0)
    assert ((blue < 100) & (green > 150) & (red > 180)).sum() > 20


def test_without_video_there_is_data_alone(clip, tmp_path):
    run(clip, tmp_path, video=False)
    assert [path.name for path in tmp_path.iterdir()] == ["blob_posefix.json"]
    assert app.load(tmp_path / "blob_posefix.json").people[0].corrected.shape == (30, 7, 2)


def test_what_exists_is_skipped_and_overwrite_redoes_it(clip, tmp_path):
    run(clip, tmp_path, video=False)
    data = tmp_path / "blob_posefix.json"
    data.write_text("mine")
    outcome = run(clip, tmp_path, video=False)
    assert outcome.status == "skipped"
    assert str(data) in outcome.message
    assert data.read_text() == "mine"
    assert run(clip, tmp_path, video=False, overwrite=True).status == "done"
    assert data.read_text() != "mine"


def test_a_clip_without_anybody_still_ends_well(tmp_path):
    path = tmp_path / "empty.mp4"
    with write_video(path, width=160, height=120, fps=FPS) as writer:
        for number, frame in enumerate(blob_frames([None] * 6)):
            writer.write(frame, pts_seconds=number / FPS)
    outcome = run(path, tmp_path)
    assert (outcome.status, outcome.corrected) == ("done", "nobody found")
    assert app.load(tmp_path / "blob_posefix.json").people == ()
    assert app.open_video(tmp_path / "blob_posefix.mp4").info.frames == 6


class CountingCorrector(ShiftCorrector):
    """Remembers how many frames it was given at a time."""

    def __init__(self):
        self.frames = []

    def correct(self, keypoints, *, pts_seconds, joints):
        self.frames.append(len(pts_seconds))
        return super().correct(keypoints, pts_seconds=pts_seconds, joints=joints)


def test_what_was_corrected_is_said_in_a_few_words(clip):
    result = process(clip)
    assert describe_correction(result) == "moved 2.0 px"
    unsure, filled = np.zeros((2, 30, 7), bool)
    unsure[4:6, :3] = unsure[9, 2] = filled[3, :2] = True
    person = replace(result.people[0], unsure=unsure, filled=filled)
    result = replace(result, people=(person, replace(person, unsure=np.roll(unsure, 1, axis=0))))
    assert describe_correction(result) == "2 people, moved 2.0 px, filled 4, unsure in 5 of 30 frames"


def test_nothing_is_corrected_across_a_leap_to_somebody_else(clip):
    result = app.estimate(app.open_video(clip), BlobEstimator(), detector=BlobDetector())
    result.people[0].boxes[12:] += 500
    result.people[0].boxes[20:22] = np.nan
    corrector = CountingCorrector()
    corrected = app.correct(result, corrector)
    assert corrector.frames == [12, 18]
    assert corrected.people[0].corrected.shape == (30, 7, 2)
