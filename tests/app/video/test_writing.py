"""Writing video: what players play, upright, with the source's times and its sound in step."""

from fractions import Fraction

import av
import numpy as np
import pytest

import app
from app.video.writer import write_video
from tests.fixtures import clips
from tests.fixtures.fakes import BlobDetector, BlobEstimator, ShiftCorrector


def process(path, folder, **options):
    """The overlay of a clip."""
    video = app.open_video(path)
    result = app.correct(
        app.estimate(video, BlobEstimator(), detector=BlobDetector(), **options), ShiftCorrector()
    )
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
    first = next(app.open_video(path).batches(size=1)).frames[0]
    mark = first[3:10, 3:10].reshape(-1, 3).mean(axis=0)
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


@pytest.mark.parametrize(("sound", "rate"), [("aac", 48_000), ("mp2", 48_000)])
def test_joined_recordings_keep_their_sound_in_step(tmp_path, sound, rate):
    # The second begins where its own clock says 7 s, and the flash is not in it; the beep of the first is.
    first = clips.write_clip(tmp_path / "1.ts", sound=sound)
    path = clips.joined(tmp_path / "both.ts", first, first)
    overlay = process(path, tmp_path)
    with av.open(str(overlay)) as container:
        assert len(list(container.decode(video=0))) == 2 * clips.COUNT
    with av.open(str(overlay)) as container:
        waves = [(frame.time, np.abs(frame.to_ndarray()).max() > 0.15) for frame in container.decode(audio=0)]
    beeps = [time for time, loud in waves if loud]
    # One flash at 0.5 s of either recording; each takes about a second.
    assert min(beeps) == pytest.approx(0.5, abs=0.05)
    assert min(time for time in beeps if time > 1) == pytest.approx(1.5, abs=0.08)
    assert max(beeps) < 1.75


def test_the_aspect_of_the_pixels_is_passed_on(tmp_path):
    source = clips.write_clip(tmp_path / "a.mp4", aspect=Fraction(3, 4))
    overlay = process(source, tmp_path)
    with av.open(str(overlay)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(3, 4)
    assert app.open_video(overlay).info.pixel_aspect == 0.75


def test_frames_of_other_size_are_in_the_result(tmp_path):
    overlay = process(clips.other_size_later(tmp_path / "a.mp4"), tmp_path)
    info = app.open_video(overlay).info
    assert (info.width, info.height, info.frames) == (160, 120, 40)


@pytest.mark.parametrize("rate", [1000, 2000])
def test_high_rates_are_written(tmp_path, rate):
    times = tuple(number / rate for number in range(20))
    source = clips.write_clip(tmp_path / "a.mp4", times=times, rate=rate, options={"bf": "0"})
    np.testing.assert_allclose(frame_times(process(source, tmp_path)), times, atol=1 / 90_000)


def test_two_who_write_the_same_file_at_once_both_write_it_whole(tmp_path):
    target = tmp_path / "a.mp4"
    writers = [write_video(target, width=160, height=120, fps=25) for _ in range(2)]
    # More frames than the encoder keeps back, so that both have something in their files.
    for writer, frames in zip([writer.__enter__() for writer in writers], (70, 80), strict=True):
        for number in range(frames):
            writer.write(clips.picture(number, seconds=0, count=80), pts_seconds=number / 25)
    for writer, frames in zip(writers, (70, 80), strict=True):
        writer.__exit__(None, None, None)
        # Who ends last has the file.
        assert app.open_video(target).info.frames == frames
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
