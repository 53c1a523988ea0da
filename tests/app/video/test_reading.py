"""Reading video: facts, upright pixels and times, the same whoever decodes; and files that are odd."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import cv2
import decord
import numpy as np
import pytest

import app
from app.video import decord_backend
from app.video.decord_backend import DecordBackend
from app.video.pyav_backend import PyAVBackend
from app.video.reader import Video
from tests.fixtures import clips
from tests.fixtures.readings import read_all

DATA = Path(__file__).parents[2] / "data" / "files"
BACKENDS = {"pyav": PyAVBackend, "decord": DecordBackend}

# Between one lossy frame and the next; a turned, shifted or wrongly coloured frame differs by far more.
CLOSE = 2.0


def read(path, **options):
    """Numbers, times and pictures of all frames."""
    return read_all(app.open_video(path), **options)[:3]


def difference(frames, *, times=clips.TIMES, size=(160, 120), skip=0):
    """Mean absolute difference to what the clip shows, of each frame."""
    wanted = [
        clips.picture(number, seconds=seconds, count=len(times), size=size)
        for number, seconds in enumerate(times)
    ][skip : skip + len(frames)]
    return np.abs(frames.astype(int) - np.stack(wanted)).mean(axis=(1, 2, 3))


# What a file is.


def test_the_facts_of_a_clip(tmp_path):
    info = app.open_video(clips.good(tmp_path / "a.mp4")).info
    assert (info.width, info.height, info.frames, info.frames_counted) == (160, 120, 20, True)
    assert (info.video_codec, info.audio_codec, info.rotation) == ("h264", "aac", 0)
    assert (info.fps, info.duration_seconds, info.start_seconds) == (20, pytest.approx(1), 0)
    assert "mp4" in info.container
    assert app.open_video(clips.silent(tmp_path / "b.mp4")).info.audio_codec is None


def test_the_cover_of_a_song_is_no_video(tmp_path):
    with pytest.raises(app.PosefixError, match="only sound, no picture"):
        app.open_video(clips.song_with_cover(tmp_path / "song.mp3"))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv"])
def test_a_late_start_is_told_and_is_no_part_of_the_duration(tmp_path, name):
    video = app.open_video(clips.write_clip(tmp_path / name, start=3.0))
    assert video.info.start_seconds == pytest.approx(3.0, abs=0.05)
    assert video.info.duration_seconds == pytest.approx(1.0, abs=0.06)
    assert video.info.fps == pytest.approx(20)
    batches = list(video.batches(size=7))
    times = np.concatenate([batch.pts_seconds for batch in batches])
    np.testing.assert_allclose(times, clips.TIMES, atol=2e-3)
    assert not any(batch.warnings for batch in batches)


def test_the_cover_of_a_film_is_not_the_film(tmp_path):
    for name in ("a.mkv", "a.mp4"):
        path = clips.still_first(tmp_path / name, cover=True)
        assert (app.open_video(path).info.width, app.open_video(path).info.height) == (160, 120)
        assert difference(read(path)[2]).max() < CLOSE


@pytest.mark.parametrize("large", [False, True])
def test_a_still_picture_before_the_film_is_not_the_film(tmp_path, monkeypatch, large):
    # Whoever decodes: it does not hang on how large the film is.
    monkeypatch.setattr(decord_backend, "AHEAD_BYTES", 0 if large else 10**12)
    path = clips.still_first(tmp_path / "a.mkv")
    video = app.open_video(path)
    assert (video.info.width, video.info.height, video.info.stream) == (160, 120, 1)
    numbers, times, frames, _, warnings, _ = read_all(video)
    assert numbers.tolist() == list(range(20))
    np.testing.assert_allclose(times, clips.TIMES, atol=1e-3)
    assert difference(frames).max() < CLOSE
    assert warnings == []


# What its frames are.

KINDS = {
    "mp4": ("a.mp4", {}),
    "b-frames": ("a.mp4", {"options": {"bf": "2", "g": "10", "preset": "medium"}}),
    "mov": ("a.mov", {}),
    "mkv": ("a.mkv", {}),
    "webm": ("a.webm", {"codec": "libvpx-vp9"}),
    "avi": ("a.avi", {"codec": "mpeg4"}),
    "ts": ("a.ts", {"sound": "aac"}),
    "hevc": ("a.mp4", {"codec": "libx265"}),
    "10-bit h264": ("a.mp4", {"pix_fmt": "yuv420p10le"}),
    "10-bit hevc": ("a.mp4", {"codec": "libx265", "pix_fmt": "yuv420p10le"}),
    "4:4:4": ("a.mkv", {"codec": "ffv1", "pix_fmt": "yuv444p"}),
    "fragments": ("a.mp4", {"fragments": True}),
}


DECORD_DOES = ("mp4", "b-frames", "mov", "hevc", "10-bit h264", "10-bit hevc")


@pytest.fixture(params=BACKENDS)
def opened(request):
    """Opens a file with each of the backends; one that does not take such files skips the test."""

    def open_with(path, **options):
        info = app.open_video(path, **options).info
        if request.param == "decord" and not decord_backend.serves(info, PyAVBackend(info, turn=0)):
            pytest.skip("not read by decord")
        turn = options.get("rotate", 0)
        return Video(info, [BACKENDS[request.param](info, turn=turn)])

    return open_with


@pytest.mark.parametrize("kind", KINDS)
def test_decord_reads_short_films_with_an_index_and_pyav_all_others(tmp_path, monkeypatch, kind):
    name, options = KINDS[kind]
    path = clips.write_clip(tmp_path / name, **options)
    assert app.open_video(path).backend == ("decord" if kind in DECORD_DOES else "pyav")
    monkeypatch.setattr(decord_backend, "AHEAD_BYTES", 0)
    assert app.open_video(path).backend == "pyav"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_right_frames_at_the_right_times(tmp_path, opened, kind):
    name, options = KINDS[kind]
    video = opened(clips.write_clip(tmp_path / name, **options))
    batches = list(video.batches(size=7))
    assert [len(batch) for batch in batches] == [7, 7, 6]
    assert np.concatenate([batch.indices for batch in batches]).tolist() == list(range(20))
    times = np.concatenate([batch.pts_seconds for batch in batches])
    np.testing.assert_allclose(times, clips.TIMES, atol=1e-3)
    frames = np.concatenate([batch.frames for batch in batches])
    assert frames.dtype == np.uint8
    assert difference(frames).max() < CLOSE
    assert not any(batch.warnings for batch in batches)


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_turned_clips_come_upright(tmp_path, opened, name, turn):
    video = opened(clips.turned(tmp_path / name, turn))
    size = (160, 120) if turn == 180 else (120, 160)
    assert (video.info.rotation, video.info.width, video.info.height) == (turn, *size)
    numbers, times, frames = read_all(video)[:3]
    assert numbers.tolist() == list(range(20))
    np.testing.assert_allclose(times, clips.TIMES, atol=1e-3)
    assert difference(frames, size=size).max() < CLOSE


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_the_user_can_turn_a_film_that_has_no_flag_or_a_wrong_one(tmp_path, opened, rotate):
    for turn in (0, 90):
        path = clips.turned(tmp_path / "a.mp4", turn) if turn else clips.silent(tmp_path / "a.mp4")
        size = (120, 160) if turn == 90 else (160, 120)
        video = opened(path, rotate=rotate)
        assert (video.info.width, video.info.height) == (size if rotate == 180 else size[::-1])
        frames = np.rot90(read_all(video).frames, rotate // 90, axes=(1, 2))
        assert difference(frames, size=size).max() < CLOSE


def test_there_are_four_turns(tmp_path):
    with pytest.raises(ValueError, match=r"Invalid rotate \(45\). Supported values are 0, 90, 180, 270."):
        app.open_video(clips.silent(tmp_path / "a.mp4"), rotate=45)


def test_a_mirrored_clip_is_shown_as_players_show_it(tmp_path):
    for mirror in ((-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0)):
        path = clips.write_clip(tmp_path / "a.mp4", size=(120, 120), matrix=mirror)
        video = app.open_video(path)
        assert video.info.mirrored
        frames = read_all(video).frames
        if mirror == (-1, 0, 0, 1):
            frames = frames[:, :, ::-1]
        elif mirror == (1, 0, 0, -1):
            frames = frames[:, ::-1]
        else:
            frames = frames.transpose(0, 2, 1, 3)
        assert difference(frames, size=(120, 120)).max() < CLOSE


@pytest.mark.parametrize("turn", [0, 90])
def test_the_aspect_of_pixels_is_told_for_the_upright_picture(tmp_path, turn):
    path = clips.write_clip(tmp_path / "a.mp4", turn=turn, aspect=Fraction(4, 3))
    assert app.open_video(path).info.pixel_aspect == pytest.approx(3 / 4 if turn else 4 / 3)
    assert app.open_video(clips.silent(tmp_path / "b.mp4")).info.pixel_aspect == 1


@pytest.mark.parametrize(
    ("name", "size"), [("a.mp4", (120, 160)), ("a.mkv", (120, 160)), ("a.ts", (240, 180))]
)
def test_a_size_that_changes_is_letterboxed_to_the_first(tmp_path, name, size):
    path = clips.other_size_later(tmp_path / name, size=size)
    video = app.open_video(path)
    numbers, times, frames, _, warnings, notes = read_all(video)
    assert numbers.tolist() == list(range(40))
    np.testing.assert_allclose(times, np.arange(40) / clips.FPS, atol=1e-3)
    assert difference(frames[:20]).max() < CLOSE
    for number, frame in enumerate(frames[20:]):
        right = clips.picture(number, seconds=clips.TIMES[number], size=size)
        scale = min(160 / size[0], 120 / size[1])
        inner = cv2.resize(right, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        left = (160 - inner.shape[1]) // 2
        assert np.abs(frame[:, left : left + inner.shape[1]].astype(int) - inner).mean() < 2 * CLOSE
        assert frame[:, :left].max(initial=0) == frame[:, left + inner.shape[1] :].max(initial=0) == 0
    width, height = size
    assert notes == [
        f"{path}: from frame 20 on it has pictures of {width}x{height} pixels, not 160x120; they are shown "
        "as large as the first ones allow, with black beside them."
    ]
    assert warnings == []


def test_odd_sizes_are_read_as_they_are(tmp_path):
    path = clips.odd_size(tmp_path / "a.mp4")
    info = app.open_video(path).info
    assert (info.width, info.height) == (161, 121)
    assert difference(read(path)[2], size=(161, 121)).max() < CLOSE


def test_uneven_times_are_kept(tmp_path):
    for name in ("a.mp4", "a.mkv", "a.ts"):
        path = clips.write_clip(tmp_path / name, times=clips.UNEVEN_TIMES)
        _, times, frames = read(path)
        np.testing.assert_allclose(times, clips.UNEVEN_TIMES, atol=1e-3)
        assert difference(frames, times=clips.UNEVEN_TIMES).max() < CLOSE


def test_what_an_edit_list_hides_stays_hidden(tmp_path):
    path = clips.trimmed(tmp_path / "a.mp4", hidden=5)
    numbers, times, frames = read(path)
    assert numbers.tolist() == list(range(15))
    np.testing.assert_allclose(times, clips.TIMES[:15], atol=1e-4)
    assert difference(frames, skip=5).max() < CLOSE
    numbers, times, frames = read(path, start=0.2)
    assert numbers.tolist() == list(range(4, 15))
    assert difference(frames, skip=9).max() < CLOSE


# When its frames are.


def plainly(path):
    """Pictures by FFmpeg through PyAV, with nothing of ours in between."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", ["ps20.vob", "Q_30_15.mpg"])
def test_program_streams_show_the_films_own_pictures(name):
    # decord shows frames 12 to 17, then 6 to 19, of the first, without a word.
    numbers, times, frames = read(DATA / name)
    right = plainly(DATA / name)
    assert numbers.tolist() == list(range(len(right)))
    np.testing.assert_allclose(times, np.arange(len(right)) / 25, atol=1e-6)
    assert np.array_equal(frames, right)


def test_pictures_with_a_palette_are_not_black(tmp_path):
    numbers, _, frames = read(clips.palette_avi(tmp_path / "a.avi"))
    assert len(numbers) == 5
    for number, frame in enumerate(frames):
        grey = clips.picture(number, seconds=0, size=(162, 120))[..., :1]
        assert np.abs(frame.astype(int) - grey).max() <= 1


@pytest.mark.parametrize("name", ["a.h264", "a.hevc"])
def test_a_raw_stream_runs_at_the_rate_that_it_names_and_it_is_said(tmp_path, name):
    path = clips.raw(tmp_path / name)
    video = app.open_video(path)
    _, times, frames, _, warnings, notes = read_all(video)
    assert (video.info.fps, video.info.frames) == (20, 20)
    np.testing.assert_allclose(times, clips.TIMES, atol=1e-9)
    assert difference(frames).max() < CLOSE
    assert notes == [
        f"{path}: the file has no time for any frame; they are taken to follow at 20 frames/s. --fps gives "
        "another rate."
    ]
    assert warnings == []
    video = app.open_video(path, fps=50)
    np.testing.assert_allclose(read_all(video).times, np.arange(20) / 50, atol=1e-9)


def test_frames_that_avi_keeps_in_the_order_of_decoding_come_evenly(tmp_path):
    video = app.open_video(clips.reordered_avi(tmp_path / "a.avi"))
    _, times, frames, _, warnings, notes = read_all(video)
    np.testing.assert_allclose(times, clips.TIMES, atol=1e-9)
    assert difference(frames).max() < CLOSE
    assert (warnings, notes, video.info.start_seconds) == ([], [], 0)


def test_first_frames_without_a_time_are_placed_before_the_others():
    # Of 30 frames at 25 a second the first 8 have none.
    video = app.open_video(DATA / "cut_neg.mkv")
    _, times, _, _, _, notes = read_all(video)
    np.testing.assert_allclose(times, np.arange(30) / 25, atol=1e-6)
    assert video.info.start_seconds == pytest.approx(0.02 - 8 / 25)
    assert notes == [
        f"{DATA / 'cut_neg.mkv'}: the file has no time for frame 0; such frames are taken to follow at "
        "25 frames/s."
    ]


@pytest.mark.parametrize("starts", [(0, 0), (5, 0), (0, 100)])
def test_joined_recordings_go_on_after_a_break(tmp_path, starts):
    parts = [clips.write_clip(tmp_path / f"{n}.ts", start=start) for n, start in enumerate(starts)]
    path = clips.joined(tmp_path / "both.ts", *parts)
    video = app.open_video(path)
    _, times, frames, breaks, warnings, notes = read_all(video)
    np.testing.assert_allclose(times, np.arange(40) / clips.FPS, atol=1e-6)
    for part, start in zip((frames[:20], frames[20:]), starts, strict=True):
        # Before the flash, which is half a second after the file's zero.
        assert difference(part)[: 20 if start == 0 else 10].max() < CLOSE
    assert breaks == [20]
    assert notes == [
        f"{path}: its clock jumps before frame 20, as where recordings are joined. The film goes on there at "
        "20 frames/s, after a cut."
    ]
    assert warnings == []


@pytest.mark.parametrize("rate", [1000, 2000, 5000, 10_000])
def test_high_speed_cameras_keep_their_times(tmp_path, opened, rate):
    times = tuple(number / rate for number in range(20))
    video = opened(clips.write_clip(tmp_path / "a.mp4", times=times, rate=rate, options={"bf": "0"}))
    assert video.info.fps == pytest.approx(rate)
    np.testing.assert_allclose(read_all(video).times, times, atol=1e-9)


def test_decord_is_not_trusted_with_pictures_that_ffmpeg_does_not_see(tmp_path, monkeypatch):
    path = clips.silent(tmp_path / "a.mp4")
    assert app.open_video(path).backend == "decord"

    class Skips(decord.VideoReader):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.skip_frames(1)

    monkeypatch.setattr(decord, "VideoReader", Skips)
    video = app.open_video(path)
    assert video.backend == "pyav"
    assert difference(read_all(video).frames).max() < CLOSE


def test_decord_may_give_up_in_the_middle(tmp_path, monkeypatch):
    class GivesUp(decord.VideoReader):
        given = 0

        def next(self):
            GivesUp.given += 1
            if GivesUp.given > 12:
                raise decord.DECORDError("no")
            return super().next()

    monkeypatch.setattr(decord, "VideoReader", GivesUp)
    video = app.open_video(clips.silent(tmp_path / "a.mp4"))
    assert video.backend == "decord"
    numbers, times, frames = read_all(video)[:3]
    assert GivesUp.given == 13
    assert numbers.tolist() == list(range(20))
    np.testing.assert_allclose(times, clips.TIMES, atol=1e-3)
    assert difference(frames).max() < CLOSE


@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
def test_start_and_end_are_exact(tmp_path, name):
    path = clips.write_clip(tmp_path / name, options={"g": "10", "bf": "2", "preset": "medium"})
    # Every frame can be the first, or the first one left out, though times are not exact in binary.
    for first, last in itertools.combinations((0, 1, 3, 7, 10, 14, 19), 2):
        numbers, times, frames = read(path, start=clips.TIMES[first], end=clips.TIMES[last])
        assert numbers.tolist() == list(range(first, last))
        np.testing.assert_allclose(times, clips.TIMES[first:last], atol=1e-4)
        assert difference(frames, skip=first).max() < CLOSE
    numbers, _, _ = read(path, start=0.06, end=0.21)
    assert numbers.tolist() == [2, 3, 4]
    assert list(app.open_video(path).batches(size=4, start=5)) == []


def test_a_video_can_be_read_again(tmp_path):
    video = app.open_video(clips.good(tmp_path / "a.mp4"))
    first = next(video.batches(size=3)).frames
    assert np.array_equal(first, next(video.batches(size=3)).frames)
