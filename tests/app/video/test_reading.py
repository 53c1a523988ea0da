"""Reading video: facts, upright pixels, times, and what is kept of a damaged file."""

import itertools

import numpy as np
import pytest

import app
from tests.fixtures import clips

# Between one lossy frame and the next; a turned, shifted or wrongly coloured frame differs by far more.
CLOSE = 2.0


def read(path, **options):
    """Numbers, times and pictures of all frames, from small batches."""
    batches = list(app.open_video(path).batches(**{"size": 7, **options}))
    return tuple(
        np.concatenate([getattr(batch, name) for batch in batches])
        for name in ("indices", "pts_seconds", "frames")
    )


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


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_right_frames_at_the_right_times(tmp_path, kind):
    name, options = KINDS[kind]
    video = app.open_video(clips.write_clip(tmp_path / name, **options))
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
def test_turned_clips_come_upright(tmp_path, name, turn):
    path = clips.turned(tmp_path / name, turn)
    size = (160, 120) if turn == 180 else (120, 160)
    info = app.open_video(path).info
    assert (info.rotation, info.width, info.height) == (turn, *size)
    assert difference(read(path)[2], size=size).max() < CLOSE


def test_turned_clips_come_upright_where_decord_gives_up(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no")

    monkeypatch.setattr("decord.VideoReader", fail)
    for turn in (90, 180, 270):
        size = (160, 120) if turn == 180 else (120, 160)
        path = clips.turned(tmp_path / f"{turn}.mp4", turn)
        numbers, times, frames = read(path)
        assert numbers.tolist() == list(range(20))
        np.testing.assert_allclose(times, clips.TIMES, atol=1e-3)
        assert difference(frames, size=size).max() < CLOSE


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


@pytest.mark.parametrize("size", [1, 3, 64])
@pytest.mark.parametrize(("at", "kept"), [(0.3, 5), (0.5, 10)])
def test_damage_ends_the_video_and_keeps_what_came_before(tmp_path, at, kept, size):
    path = clips.damaged(tmp_path / "a.mp4", at=at)
    batches = list(app.open_video(path).batches(size=size))
    frames = np.concatenate([batch.frames for batch in batches])
    assert kept <= len(frames) < clips.COUNT
    assert difference(frames).max() < CLOSE  # what FFmpeg makes up of a damaged frame is no frame
    # The last frames say what is wrong behind them, whatever the size of the batches.
    (line,) = batches[-1].warnings
    assert line.startswith(f"{path}: damaged, it breaks off after frame {len(frames)} of 20")
    assert not any(batch.warnings for batch in batches[:-1])
