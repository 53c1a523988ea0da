"""Films of 200 made-up kinds give the frames and times that FFmpeg's plain decoding gives.

A few of them run always; ``pytest tests/app/video/test_variants.py --all-variants`` runs all.
"""

import av
import numpy as np
import pytest

import app
from tests.fixtures.readings import read_all
from tests.fixtures.variants import NO_TIMES, Variant, variant, write_variant


def plainly(path):
    """Stored pictures and times, by FFmpeg through PyAV, with nothing of ours in between."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        return [frame.to_ndarray(format="rgb24") for frame in frames], [frame.time for frame in frames]


def test_a_variant_gives_what_ffmpeg_gives(tmp_path, variant_number):
    film: Variant = variant(variant_number)
    path = write_variant(film, tmp_path)
    video = app.open_video(path)
    numbers, times, frames, breaks, warnings, notes = read_all(video, size=8)
    pictures, stamps = plainly(path)

    assert numbers.tolist() == list(range(len(pictures))) == list(range(len(film.times)))
    for frame, stored in zip(frames, pictures, strict=True):
        assert np.abs(frame.astype(int) - film.upright(stored)).mean() < 1
    # FFmpeg's times where they are times at all, and always those that the film was made with.
    if all(stamp is not None for stamp in stamps) and all(np.diff(stamps) > 0):
        np.testing.assert_allclose(times, np.subtract(stamps, stamps[0]), atol=1e-6)
    # Milliseconds are as fine as Matroska and FLV go.
    np.testing.assert_allclose(times, film.times, atol=1.1e-3 if film.rate < 1000 else 1e-4)

    info = video.info
    assert (info.width, info.height) == film.size
    assert (info.rotation, info.mirrored) == (film.turn, film.mirrored)
    aspect = film.aspect if film.turn in (0, 180) else 1 / film.aspect
    assert info.pixel_aspect == pytest.approx(float(aspect), rel=1e-3)
    if film.even:
        assert info.fps == pytest.approx(float(film.rate), rel=0.02)
    assert (breaks, warnings) == ([], [])
    assert len(notes) == (film.suffix in NO_TIMES)
