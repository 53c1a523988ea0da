"""The clips that other tests build on are what they claim to be, seen by FFmpeg alone."""

import av
import numpy as np
import pytest

from tests.fixtures import clips


def stream_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.codec_context, [packet.pts for packet in container.demux(stream) if packet.size]


def decoded(path):
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def codecs(path):
    with av.open(str(path)) as container:
        return [stream.codec_context.name for stream in container.streams]


def test_the_good_one_moves_flashes_and_beeps(tmp_path):
    path = clips.good(tmp_path / "a.mp4")
    assert codecs(path) == ["h264", "aac"]
    frames = decoded(path)
    np.testing.assert_allclose([frame.time for frame in frames], clips.TIMES, atol=1e-6)
    for number, frame in enumerate(frames):
        wanted = clips.picture(number, seconds=clips.TIMES[number])
        assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - wanted).mean() < 2
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    loud = np.abs(sound) > 0.1
    assert loud[24_500:28_300].mean() > 0.6
    assert not loud[:22_000].any()
    assert not loud[31_000:].any()


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("a.mp4", {"sound": None}, ["h264"]),
        ("a.mov", {"sound": "aac"}, ["h264", "aac"]),
        ("a.mkv", {"sound": "libopus"}, ["h264", "opus"]),
        ("a.webm", {"codec": "libvpx-vp9", "sound": "libopus"}, ["vp9", "opus"]),
        ("a.avi", {"codec": "mpeg4"}, ["mpeg4"]),
        ("a.ts", {"sound": "aac"}, ["h264", "aac"]),
    ],
)
def test_containers_hold_the_codecs_asked_for(tmp_path, name, options, expected):
    path = clips.write_clip(tmp_path / name, **options)
    assert codecs(path) == expected
    assert len(decoded(path)) == clips.COUNT


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_the_turned_one_is_stored_on_its_side_with_a_flag(tmp_path, turn):
    path = clips.turned(tmp_path / "a.mp4", turn)
    frame = decoded(path)[0]
    assert (frame.width, frame.height) == (160, 120)
    # FFmpeg counts anticlockwise, from -180 to 180.
    assert (frame.rotation + turn) % 360 == 0
    # Turned clockwise by 90, the upright top-left corner was the stored bottom-left one.
    rows, columns = {90: (-4, 4), 180: (-4, -4), 270: (4, -4)}[turn]
    red, green, blue = frame.to_ndarray(format="rgb24")[rows, columns]
    assert blue > 200
    assert max(red, green) < 60


def test_odd_sizes_bit_depths_and_uneven_times(tmp_path):
    context, _ = stream_of(clips.odd_size(tmp_path / "odd.mp4"))
    assert (context.width, context.height) == (161, 121)
    context, _ = stream_of(clips.ten_bit(tmp_path / "ten.mp4"))
    assert context.pix_fmt == "yuv420p10le"
    times = [frame.time for frame in decoded(clips.uneven(tmp_path / "uneven.mp4"))]
    np.testing.assert_allclose(times, clips.UNEVEN_TIMES, atol=1e-6)
    assert len(decoded(clips.one_frame(tmp_path / "one.mp4"))) == 1


def test_a_later_picture_starts_later_than_the_sound(tmp_path):
    path = clips.write_clip(tmp_path / "a.mp4", sound="aac", start=0.25)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).time == pytest.approx(0.25, abs=1e-3)
    with av.open(str(path)) as container:
        assert next(container.decode(audio=0)).time == pytest.approx(0, abs=1e-3)


def test_the_trimmed_one_shows_only_its_later_frames(tmp_path):
    path = clips.trimmed(tmp_path / "a.mp4", hidden=5)
    _, stored = stream_of(path)
    assert len(stored) == clips.COUNT
    frames = decoded(path)
    np.testing.assert_allclose([frame.time for frame in frames], clips.TIMES[:-5], atol=1e-6)
    shown = frames[0].to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown - clips.picture(5, seconds=clips.TIMES[5])).mean() < 2


def test_the_unknown_sound_is_a_stream_without_a_decoder(tmp_path):
    with av.open(str(clips.unknown_sound(tmp_path / "a.mkv"))) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert container.streams.audio[0].codec_context is None


def test_the_broken_ones_are_broken_in_their_own_way(tmp_path):
    assert clips.empty(tmp_path / "empty.mp4").stat().st_size == 0
    for path in (clips.text(tmp_path / "text.mp4"), clips.without_index(tmp_path / "cut.mp4")):
        with pytest.raises(av.error.InvalidDataError):
            av.open(str(path))
    assert codecs(clips.audio_only(tmp_path / "sound.mp4")) == ["aac"]
    nothing = clips.no_frames(tmp_path / "nothing.mp4")
    assert codecs(nothing) == ["h264"]
    assert decoded(nothing) == []


@pytest.mark.parametrize("make", [clips.cut_off, clips.damaged])
def test_the_half_broken_ones_begin_well(tmp_path, make):
    path = make(tmp_path / "a.mp4")
    good = 0
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == clips.COUNT
        try:
            for number, frame in enumerate(container.decode(video=0)):
                wanted = clips.picture(number, seconds=clips.TIMES[number])
                good += np.abs(frame.to_ndarray(format="rgb24").astype(int) - wanted).mean() < 2
        except av.error.InvalidDataError:
            pass
    assert 5 <= good < clips.COUNT
