"""What users' videos are like, through the command line: one clear line, the right status, nothing stray."""

import json
from fractions import Fraction
from functools import partial

import av
import decord
import numpy as np
import pytest

import app
from tests.app.jobs.test_bad_places import there
from tests.fixtures import clips
from tests.fixtures.fakes import LAYOUT


def joints_are_on_the_square(path, *, count=clips.COUNT, size=(160, 120)):
    """Whether the data file at ``path`` has the joints of the clip's first frames, in upright pixels."""
    result = app.load(path)
    (person,) = result.people
    truth = [clips.centre(number, count=count, size=size) for number in range(len(person.initial))]
    wanted = np.array(truth)[:, None] + LAYOUT * clips.SIDE
    return np.abs(person.initial[..., :2] - wanted).max() < 3


# Nothing can be made of these.


def missing(path):
    return path


def web_page(path):
    path.write_text("<!DOCTYPE html><html><body>404 Not Detections</body></html>")
    return path


def half_an_index(path):
    """Cut off within the index."""
    whole = clips.good(path).read_bytes()
    path.write_bytes(whole[: whole.index(b"moov") + 60])
    return path


UNUSABLE = {
    "missing": (missing, "no such file. Check the path."),
    "empty": (clips.empty, "empty (0 bytes). Copy or record it again."),
    "text": (clips.text, "not a video that FFmpeg knows. Convert it to MP4 (H.264) first."),
    "web page": (web_page, "not a video that FFmpeg knows. Convert it to MP4 (H.264) first."),
    "audio only": (clips.audio_only, "only sound, no picture. Give a file with video in it."),
    "zero-length": (clips.no_frames, "no frame in it can be decoded. Copy or record it again."),
    "no moov": (clips.without_index, "cut off: its index (moov) is missing. Copy or record it again"),
    "half a moov": (half_an_index, "its index (moov) cannot be read. Copy or record it again."),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_file_gets_one_line_with_the_cure_and_no_result(tmp_path, posefix, kind):
    make, words = UNUSABLE[kind]
    path = make(tmp_path / "video.mp4")
    before = there(tmp_path)
    status, (line,) = posefix(path)
    assert status == 1
    assert line.startswith(f"{path}: ")
    assert words in line
    assert line.endswith(".")
    assert there(tmp_path) == before


def test_a_file_whose_folder_is_a_file_is_missing(tmp_path, posefix):
    path = clips.good(tmp_path / "video.mp4") / "other.mp4"
    assert posefix(path) == (1, [f"{path}: no such file. Check the path."])


# What came before the damage is kept, and the user is told.

# Matroska does not count its frames; where less than a second is missing, nobody can tell.
LONG = tuple(number / clips.FPS for number in range(4 * clips.COUNT))


def cut_off_matroska(path, codec="libx264"):
    whole = clips.write_clip(path, times=LONG, codec=codec, options={"g": "5"}).read_bytes()
    path.write_bytes(whole[: round(0.6 * len(whole))])
    return path


@pytest.mark.parametrize(
    ("make", "name", "frames"),
    [
        (clips.cut_off, "video.mp4", clips.COUNT),
        (clips.damaged, "video.mp4", clips.COUNT),
        (cut_off_matroska, "video.mkv", len(LONG)),
        (partial(cut_off_matroska, codec="libvpx-vp9"), "video.webm", len(LONG)),
    ],
)
def test_what_came_before_the_damage_is_kept(tmp_path, posefix, make, name, frames):
    path = make(tmp_path / name)
    status, (line,) = posefix(path)
    assert status == 1
    kept = len(app.load(tmp_path / "video_posefix.json").pts_seconds)
    assert frames / 4 <= kept < frames
    assert line == (
        f"{path}: damaged, it breaks off after frame {kept} of {frames}; what came before is kept. "
        "Copy or record it again for the rest."
    )
    assert joints_are_on_the_square(tmp_path / "video_posefix.json", count=frames)
    assert app.open_video(tmp_path / "video_posefix.mp4").info.frames == kept
    assert there(tmp_path) == sorted([name, "video_posefix.json", "video_posefix.mp4"])


def test_a_leap_in_time_is_a_cut_and_loses_nothing(tmp_path, posefix):
    times = (*clips.TIMES[:10], *(seconds + 86_400 for seconds in clips.TIMES[10:]))
    path = clips.write_clip(tmp_path / "video.mkv", times=times)
    assert posefix(path, "--min-track", "0.1") == (0, [])
    result = app.load(tmp_path / "video_posefix.json")
    np.testing.assert_allclose(result.pts_seconds, clips.TIMES, atol=1e-3)
    assert result.cuts == (10,)
    # Nobody is followed from one recording to the next.
    found = [np.flatnonzero(person.found).tolist() for person in result.people]
    assert sorted(found) == [list(range(10)), list(range(10, 20))]
    assert result.run.warnings == ()
    (note,) = result.run.notes
    assert note.startswith(f"{path}: its clock jumps before frame 10, as where recordings are joined.")


def test_pictures_that_decord_makes_up_are_not_taken(tmp_path, posefix, monkeypatch):
    given = []

    class MakesUp(decord.VideoReader):
        def __init__(self, *arguments, fault_tol=-1, **options):
            assert fault_tol > 0
            super().__init__(*arguments, **options)

        def next(self):
            given.append(super().next())
            if len(given) > 5:
                raise decord.DECORDLimitReachedError("more than 2 duplicate frames")
            return given[-1]

    monkeypatch.setattr(decord, "VideoReader", MakesUp)
    assert posefix(clips.silent(tmp_path / "a.mp4"), "--no-video") == (0, [])
    assert len(given) == 6
    assert joints_are_on_the_square(tmp_path / "a_posefix.json")
    assert len(app.load(tmp_path / "a_posefix.json").pts_seconds) == clips.COUNT


# These are fine, and only look odd.


def not_utf8(path):
    """Its title is in the encoding of another time."""
    content = clips.write_clip(path, sound="aac").read_bytes()
    assert b"VideoHandler" in content
    path.write_bytes(content.replace(b"VideoHandler", b"Vid\xe9o\xffandler"))
    return path


def tiny(path):
    """As wide as decord reads wrongly."""
    return clips.write_clip(path, size=(48, 40), times=(0.0,))


ODD = {
    "good": (clips.good, "a.mp4", (160, 120), clips.TIMES, "aac"),
    "no audio": (clips.silent, "a.mp4", (160, 120), clips.TIMES, None),
    "one frame": (clips.one_frame, "a.mp4", (160, 120), (0.0,), None),
    "odd size": (clips.odd_size, "a.mp4", (161, 121), clips.TIMES, None),
    "rotation 90": (lambda path: clips.turned(path, 90), "a.mp4", (120, 160), clips.TIMES, None),
    "rotation 180": (lambda path: clips.turned(path, 180), "a.mov", (160, 120), clips.TIMES, None),
    "rotation 270": (lambda path: clips.turned(path, 270), "a.mp4", (120, 160), clips.TIMES, None),
    "variable frame rate": (clips.uneven, "a.mkv", (160, 120), clips.UNEVEN_TIMES, None),
    "10-bit": (clips.ten_bit, "a.mp4", (160, 120), clips.TIMES, None),
    "tiny": (tiny, "a.mp4", (48, 40), (0.0,), None),
    "title": (not_utf8, "a.mp4", (160, 120), clips.TIMES, "aac"),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_clip_is_done_like_any_other(tmp_path, posefix, kind):
    make, name, size, times, sound = ODD[kind]
    assert posefix(make(tmp_path / name)) == (0, [])
    data, video = tmp_path / "a_posefix.json", tmp_path / "a_posefix.mp4"
    picture = ["a_posefix.png"] if len(times) == 1 else []  # of a photograph
    assert there(tmp_path) == sorted([name, data.name, video.name, *picture])
    assert joints_are_on_the_square(data, count=len(times), size=size)
    result = app.load(data)
    assert (result.source.width, result.source.height) == size
    np.testing.assert_allclose(result.pts_seconds, times, atol=1e-3)
    with av.open(str(video)) as container:
        assert [stream.codec_context.name for stream in container.streams.audio] == [sound] * bool(sound)
        frames = list(container.decode(video=0))
    assert {(frame.width, frame.height, frame.rotation) for frame in frames} == {
        (size[0] + size[0] % 2, size[1] + size[1] % 2, 0)
    }
    np.testing.assert_allclose([frame.time for frame in frames], times, atol=1e-3)


def test_the_frames_of_a_program_stream_are_all_there(tmp_path, posefix):
    # 25 frames a second: MPEG-2 knows no 20.
    times = tuple(number / 25 for number in range(25))
    with av.open(str(tmp_path / "a.mpg"), "w") as output:
        stream = output.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number, seconds in enumerate(times):
            picture = clips.picture(number, seconds=seconds, count=25)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert posefix(tmp_path / "a.mpg") == (0, [])
    assert joints_are_on_the_square(tmp_path / "a_posefix.json", count=25)
    found = app.load(tmp_path / "a_posefix.json").pts_seconds
    # FFmpeg guesses the times that are not written.
    np.testing.assert_allclose(found, times, atol=0.05)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("a.mkv", "libmp3lame", 11_025), ("a.mov", "pcm_s16le", 192_000), ("a.avi", "pcm_s16le", 22_255)],
)
def test_sound_at_a_rate_that_mp4_does_not_know_is_brought_to_one(
    tmp_path, monkeypatch, posefix, name, codec, rate
):
    monkeypatch.setattr(clips, "SAMPLE_RATE", rate)
    assert posefix(clips.write_clip(tmp_path / name, codec="mpeg4", sound=codec)) == (0, [])
    with av.open(str(tmp_path / "a_posefix.mp4")) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.name == "aac"
        assert stream.duration * stream.time_base == pytest.approx(1, abs=0.1)
        sounds = [(frame.time, np.abs(frame.to_ndarray()).max()) for frame in container.decode(stream)]
    assert 0.4 < min(time for time, loudness in sounds if loudness > 0.2) <= clips.FLASH[0]


def damaged_sound(path):
    """Noise at the start of its sound that looks like the header of another kind of AAC."""
    content = bytearray(clips.good(path).read_bytes())
    with av.open(str(path)) as container:
        first = next(packet.pos for packet in container.demux(audio=0) if packet.size)
    content[first : first + 8] = b"\xff\xf1" + b"\xff" * 6
    path.write_bytes(content)
    return path


def test_damaged_sound_does_not_cost_the_picture(tmp_path, posefix):
    assert posefix(damaged_sound(tmp_path / "a.mp4")) == (0, [])
    assert app.open_video(tmp_path / "a_posefix.mp4").info.frames == clips.COUNT


def refuse_constants(word):
    raise AssertionError(f"{word} is not JSON")


def test_the_data_of_a_frame_without_anybody_is_strict_json(tmp_path, posefix):
    clips.good(tmp_path / "a.mp4")
    # From a box with nobody in it, the person is found some frames later at best.
    assert posefix(tmp_path / "a.mp4", "--box", "120,90,20,20", "--no-video")[0] == 0
    text = (tmp_path / "a_posefix.json").read_text()
    json.loads(text, parse_constant=refuse_constants)
