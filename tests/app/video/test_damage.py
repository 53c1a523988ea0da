"""Damage in the middle costs the frames that it hits, and no others; the user is told which."""

import numpy as np
import pytest

import app
from app.video.pyav_backend import PyAVBackend
from tests.app.video.test_reading import CLOSE
from tests.fixtures import clips
from tests.fixtures.readings import read_all


def read(path):
    """What comes of a file, and how far each picture is from the right one."""
    reading = read_all(app.open_video(path), size=3)
    right = np.stack([clips.picture(number, seconds=clips.TIMES[number]) for number in reading.numbers])
    return reading, np.abs(reading.frames.astype(int) - right).mean(axis=(1, 2, 3))


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
@pytest.mark.parametrize(
    ("hit", "lost", "words"),
    [
        # A frame that others are decoded from costs itself; what is wrong with the others passes.
        ((8,), [8], "1 frame is left out (8)"),
        ((8, 9, 14), [8, 9, 14], "3 frames are left out (8 to 9, 14)"),
        # A key frame costs all that are decoded from it.
        ((5,), [5, 6, 7, 8, 9], "5 frames are left out (5 to 9)"),
        ((0,), [0, 1, 2, 3, 4], "5 frames are left out (0 to 4)"),
    ],
)
def test_only_what_is_hit_is_lost_and_it_is_said(tmp_path, name, hit, lost, words):
    path = clips.damaged_packets(tmp_path / name, hit, group=5)
    reading, off = read(path)
    kept = [number for number in range(clips.COUNT) if number not in lost]
    assert reading.numbers.tolist() == kept
    np.testing.assert_allclose(reading.times, np.array(clips.TIMES)[kept], atol=1.1e-3)
    # Up to the next key frame a little of the damage is left.
    assert off.max() < 4 * CLOSE
    assert off[[number < hit[0] for number in kept]].max(initial=0) < CLOSE
    cure = "all others are there. Copy or record it again for them."
    assert reading.warnings == [f"{path}: damaged, {words}; {cure}"]
    assert reading.notes == []


def test_the_last_frames_of_a_damaged_film_are_its_end(tmp_path):
    path = clips.damaged_packets(tmp_path / "a.mp4", (19,), group=5)
    reading, off = read(path)
    assert reading.numbers.tolist() == list(range(19))
    assert off.max() < CLOSE
    (line,) = reading.warnings
    assert line.startswith(f"{path}: damaged, it breaks off after frame 19 of 20")


def test_what_the_decoder_makes_up_is_not_taken(tmp_path):
    # Noise over a fifth of the film, key frames among it.
    reading, off = read(clips.damaged(tmp_path / "a.mp4", at=0.3))
    numbers = reading.numbers.tolist()
    assert numbers[:5] == [0, 1, 2, 3, 4]
    assert numbers[-5:] == [15, 16, 17, 18, 19]
    np.testing.assert_allclose(reading.times, np.array(clips.TIMES)[numbers], atol=1e-4)
    assert off.max() < CLOSE
    assert len(reading.warnings) == 1


def test_damage_outside_the_part_that_is_wanted_is_not_told(tmp_path):
    video = app.open_video(clips.damaged_packets(tmp_path / "a.mp4", (8,), group=5))
    (batch,) = video.batches(size=30, end=0.3)
    assert batch.indices.tolist() == [0, 1, 2, 3, 4, 5]
    assert batch.warnings == ()
    (batch,) = video.batches(size=30, start=0.5, end=0.7)
    assert batch.indices.tolist() == [10, 11, 12, 13]
    assert batch.warnings == ()


def test_one_thread_and_several_lose_the_same_frames(tmp_path):
    info = app.open_video(clips.damaged_packets(tmp_path / "a.mkv", (3, 12), group=5)).info
    numbers = [[frame.number for frame in PyAVBackend(info, threads=n).frames()] for n in (1, 2, 8)]
    assert numbers[0] == [n for n in range(20) if n not in (3, 12)]
    assert numbers[0] == numbers[1] == numbers[2]


@pytest.mark.parametrize("codec", ["mjpeg", "mpeg4", "libsvtav1"])
def test_other_codecs_lose_no_more_either(tmp_path, codec):
    options = {"libsvtav1": {"preset": "12", "g": "10", "svtav1-params": "pred-struct=1"}}.get(codec, {})
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = clips.write_clip(tmp_path / "a.mkv", codec=codec, pix_fmt=pix_fmt, options=options)
    clips.hit_packets(path, (6,))
    reading, _ = read(path)
    numbers = reading.numbers.tolist()
    np.testing.assert_allclose(reading.times, np.array(clips.TIMES)[numbers], atol=1.1e-3)
    assert len(reading.warnings) == 1
    assert 6 not in numbers
    assert set(range(6)) < set(numbers)
    assert set(range(10, 20)) < set(numbers)
