"""Reading and writing video: facts, upright pixels, times, and a result that players play."""

import itertools

import av
import numpy as np
import pytest

import app
from app.video.writer import write_video
from tests import clips
from tests.fakes import BlobEstimator, ShiftCorrector

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


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv"])
def test_a_late_start_is_told_and_is_no_part_of_the_duration(tmp_path, name):
    video = app.open_video(clips.write_clip(tmp_path / name, start=3.0))
    assert video.info.start_seconds == pytest.approx(3.0, abs=0.05)
    assert video.info.duration_seconds == pytest.approx(1.0, abs=0.06)
    assert video.info.fps == pytest.approx(20)
    times = np.concatenate([batch.pts_seconds for batch in video.batches(size=7)])
    np.testing.assert_allclose(times, clips.TIMES, atol=2e-3)
    assert video.warnings == []


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
    assert video.warnings == []


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


@pytest.mark.parametrize(("at", "kept"), [(0.3, 5), (0.5, 10)])
def test_damage_ends_the_video_and_keeps_what_came_before(tmp_path, at, kept):
    path = clips.damaged(tmp_path / "a.mp4", at=at)
    video = app.open_video(path)
    frames = np.concatenate([batch.frames for batch in video.batches(size=3)])
    assert kept <= len(frames) < clips.COUNT
    assert difference(frames)[:kept].max() < CLOSE
    (line,) = video.warnings
    assert line.startswith(f"{path}: damaged, it breaks off after frame {len(frames)} of 20")
    # Reading it a second time, as rendering does, says nothing twice.
    assert sum(len(batch) for batch in video.batches(size=3)) == len(frames)
    assert video.warnings == [line]


# What is written.


def process(path, folder, **options):
    """The overlay of a clip."""
    video = app.open_video(path)
    result = app.correct(app.estimate(video, BlobEstimator(), **options), ShiftCorrector())
    app.render(video, result, folder / "overlay.mp4")
    return folder / "overlay.mp4"


def packets(path, kind):
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def frame_times(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def flash_and_beep(path):
    """When the background turns green, and when the beep begins."""
    with av.open(str(path)) as container:
        greens = [
            (frame.time, frame.to_ndarray(format="rgb24")[10:20, 60:100, 1].mean())
            for frame in container.decode(video=0)
        ]
    with av.open(str(path)) as container:
        sounds = [
            (frame.time, frame.sample_rate, np.abs(frame.to_ndarray()).max(axis=0))
            for frame in container.decode(audio=0)
        ]
    flash = next(time for time, green in greens if green > 80)
    beep = next(time + np.argmax(wave > 0.15) / rate for time, rate, wave in sounds if (wave > 0.15).any())
    return flash, beep


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.ts"])
def test_the_result_is_what_players_play(tmp_path, name):
    options = {"codec": "libvpx-vp9", "sound": "libopus"} if name == "a.webm" else {"sound": "aac"}
    source = clips.write_clip(tmp_path / name, **options)
    path = process(source, tmp_path)
    with av.open(str(path)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sound.codec_context.name == "aac"
        assert picture.average_rate == 20
        assert picture.duration * picture.time_base == pytest.approx(1.0, abs=0.05)
        assert sound.duration * sound.time_base == pytest.approx(1.0, abs=0.05)
    np.testing.assert_allclose(frame_times(path), clips.TIMES, atol=1e-3)
    # The index comes first, so that a browser starts before all is there.
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("size", [(161, 121), (160, 121), (161, 120)])
def test_odd_sizes_become_even(tmp_path, size):
    path = process(clips.write_clip(tmp_path / "a.mp4", size=size, codec="mpeg4"), tmp_path)
    info = app.open_video(path).info
    assert (info.width, info.height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)


def test_a_turned_clip_is_written_upright(tmp_path):
    path = process(clips.turned(tmp_path / "a.mp4", 90), tmp_path)
    info = app.open_video(path).info
    assert (info.rotation, info.width, info.height) == (0, 120, 160)
    # The joints are drawn over the rest.
    mark = read(path)[2][0, 3:10, 3:10].reshape(-1, 3).mean(axis=0)
    assert mark[2] > 200
    assert mark[:2].max() < 60


def test_uneven_times_are_written(tmp_path):
    path = process(clips.uneven(tmp_path / "a.mp4"), tmp_path)
    np.testing.assert_allclose(frame_times(path), clips.UNEVEN_TIMES, atol=1e-3)
    source = app.open_video(tmp_path / "a.mp4").info
    assert app.open_video(path).info.duration_seconds == pytest.approx(source.duration_seconds, abs=1e-3)


@pytest.mark.parametrize(("name", "sound"), [("a.mp4", "aac"), ("a.mkv", "aac"), ("a.mkv", "libmp3lame")])
def test_sound_that_mp4_takes_is_copied_untouched(tmp_path, name, sound):
    source = clips.write_clip(tmp_path / name, sound=sound)
    before, after = packets(source, "audio"), packets(process(source, tmp_path), "audio")
    assert len(after) >= len(before) - 1
    assert after == before[: len(after)]


SOURCES = {
    "aac": ("a.mp4", {"sound": "aac"}),
    "late picture": ("a.mp4", {"sound": "aac", "start": 0.25}),
    "opus": ("a.mkv", {"sound": "libopus"}),
    "webm": ("a.webm", {"codec": "libvpx-vp9", "sound": "libopus"}),
    "pcm": ("a.mov", {"sound": "pcm_s16le"}),
    "transport stream": ("a.ts", {"sound": "aac"}),
    "late in Matroska": ("a.mkv", {"sound": "aac", "start": 0.25}),
}


@pytest.mark.parametrize("start", [0.0, 0.1, 0.2])
@pytest.mark.parametrize("kind", SOURCES)
def test_the_beep_stays_with_the_flash(tmp_path, kind, start):
    name, options = SOURCES[kind]
    source = clips.write_clip(tmp_path / name, **options)
    flash, beep = flash_and_beep(source)
    assert abs(flash - beep) < 0.03
    flash, beep = flash_and_beep(process(source, tmp_path, start=start))
    assert flash == pytest.approx(clips.FLASH[0] - options.get("start", 0.0) - start, abs=0.03)
    assert abs(flash - beep) < 0.03


def test_the_beep_stays_with_the_flash_of_a_trimmed_clip(tmp_path):
    flash, beep = flash_and_beep(process(clips.trimmed(tmp_path / "a.mp4", hidden=5), tmp_path))
    assert flash == pytest.approx(clips.FLASH[0] - 0.25, abs=0.01)
    assert abs(flash - beep) < 0.03


def test_sound_ends_where_the_picture_ends(tmp_path):
    path = process(clips.good(tmp_path / "a.mp4"), tmp_path, end=0.4)
    with av.open(str(path)) as container:
        sound = container.streams.audio[0]
        assert sound.duration * sound.time_base == pytest.approx(0.4, abs=0.03)
    assert app.open_video(path).info.duration_seconds == pytest.approx(0.4, abs=0.01)


def test_sound_that_nobody_knows_does_not_cost_the_picture(tmp_path):
    source = clips.unknown_sound(tmp_path / "a.mkv")
    assert app.open_video(source).info.audio_codec is None
    assert app.open_video(process(source, tmp_path)).info.frames == clips.COUNT


def test_nothing_appears_when_writing_fails(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        write_video(tmp_path / "a.mp4", width=160, height=120, fps=20) as writer,
    ):
        writer.write(clips.picture(0, seconds=0), pts_seconds=0)
        writer.write(clips.picture(1, seconds=0.05), pts_seconds=1 / 0)
    assert list(tmp_path.iterdir()) == []
