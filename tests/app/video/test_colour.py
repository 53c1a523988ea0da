"""Film for HDR screens comes out as film for usual ones: levels, neutral greys, tags."""

import av
import numpy as np
import pytest

import app
from app.video.colour import HLG, PQ, display_light, standard_code
from app.video.writer import write_video

# Code values of BT.2408: paper white is 75 % of HLG and 58 % of PQ.
PAPER_WHITE = {HLG: 0.75, PQ: 0.58}
MASTERS = {HLG: "arib-std-b67", PQ: "smpte2084"}


@pytest.mark.parametrize("transfer", PAPER_WHITE)
def test_paper_white_is_where_the_standards_put_it(transfer):
    light = display_light(np.full((1, 3), PAPER_WHITE[transfer]), transfer)
    assert light == pytest.approx(1.0, abs=0.01)
    assert display_light(np.zeros((1, 3)), transfer) == pytest.approx(0, abs=1e-6)


def test_what_is_dark_is_left_alone_and_what_is_bright_rolls_off_to_white():
    greys = np.repeat(np.linspace(0, 1000 / 203, 200)[:, None], 3, axis=1)
    code = standard_code(greys)
    assert np.ptp(code, axis=1).max() < 1e-3
    assert (np.diff(code[:, 0]) > 0).all()
    dark = greys[:, 0] < 0.5
    np.testing.assert_allclose(code[dark, 0], greys[dark, 0] ** (1 / 2.4), atol=1e-3)
    assert 0.85 < np.interp(1.0, greys[:, 0], code[:, 0]) < 0.93
    assert code[-1, 0] == pytest.approx(1, abs=1e-3)


def write_high_range(path, transfer, grey):
    """A grey film of 10 bits in BT.2020."""
    parameters = f"log-level=none:pools=1:colorprim=bt2020:transfer={MASTERS[transfer]}:colormatrix=bt2020nc"
    with av.open(str(path), "w") as output:
        stream = output.add_stream(
            "libx265", rate=25, options={"preset": "ultrafast", "x265-params": parameters}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p10le"
        for number in range(5):
            frame = av.VideoFrame(160, 120, "yuv420p10le")
            for plane, value in zip(frame.planes, (64 + 876 * grey, 512, 512), strict=True):
                plane.update(np.full(plane.buffer_size // 2, round(value), np.uint16).tobytes())
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("transfer", PAPER_WHITE)
def test_hdr_film_is_read_at_the_brightness_of_usual_film(tmp_path, transfer):
    path = write_high_range(tmp_path / "a.mov", transfer, PAPER_WHITE[transfer])
    video = app.open_video(path)
    assert video.info.high_range
    frame = next(video.batches(size=1)).frames[0]
    wanted = 255 * standard_code(np.ones((1, 3)))[0]
    assert np.abs(frame - wanted).max() <= 2
    # Taken as it is, paper white would be a light grey, or a middle one.
    assert frame.mean() > 255 * PAPER_WHITE[transfer] + 15


@pytest.mark.parametrize("size", [(160, 120), (1280, 720)])
def test_the_result_says_what_its_colours_are_and_they_are_that(tmp_path, size):
    colours = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200], [128, 128, 128]], np.uint8)
    picture = np.repeat(np.repeat(colours[None], size[1], axis=0), size[0] // 4, axis=1)
    with write_video(tmp_path / "a.mp4", width=size[0], height=size[1], fps=25) as writer:
        writer.write(picture, pts_seconds=0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frame = next(container.decode(video=0))
        tags = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
        assert tags == (1, 1, 1, 1)  # BT.709, and not the full range
        shown = frame.to_ndarray(format="rgb24", src_colorspace="ITU709")
    middles = shown[size[1] // 2, size[0] // 8 :: size[0] // 4]
    assert np.abs(middles.astype(int) - colours).max() < 8
