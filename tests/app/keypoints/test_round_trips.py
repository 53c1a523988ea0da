"""Whatever people do in a clip, every format gives it back, to its own precision."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.keypoints import formats
from app.keypoints.clip import Clip, Track, from_result
from estimators.known_skeletons import BLAZEPOSE, BODY25, COCO, POSEFIX

SIZE = (1920, 1080)
# By format: the skeleton, how far a coordinate in pixels may be off, and a score.
PRECISION = {
    "posefix": (POSEFIX, 0.0051, 6e-4),
    "csv": (POSEFIX, 0.0051, 6e-4),
    "parquet": (POSEFIX, 0, 0),
    "npz": (POSEFIX, 0, 0),
    "openpose": (BODY25, 6e-4, 6e-4),
    "coco": (COCO, 0.0051, 0.0051),
    "alphapose": (COCO, 0, 0),
    "mmpose": (COCO, 0, 0),
    "ultralytics": (COCO, 6e-6, 6e-6),
    "ultralytics_txt": (COCO, 6e-3, 6e-7),
    "mediapipe": (BLAZEPOSE, 2e-3, 6e-7),
    "deeplabcut": (POSEFIX, 0, 0),
    "deeplabcut_h5": (POSEFIX, 0, 0),
    "lightning_pose": (POSEFIX, 0, 0),
    "sleap": (POSEFIX, 0, 0),
    "sleap_analysis": (POSEFIX, 0, 0),
    "trc": (POSEFIX, 6e-7, None),
    "pose": (POSEFIX, 1e-4, 1e-6),
}
# These have no numbers of frames, and count from 0.
FROM_0 = ("ultralytics", "mediapipe", "pose", "sleap_analysis")
# These tell people apart by their place alone, and give all of a person or nothing.
BY_PLACE = ("mediapipe",)


@st.composite
def clips(draw, skeleton, *, whole=False, most=3):
    """One to three people who fidget, with anything missing, unless they are ``whole``."""
    frames = draw(st.integers(2, 12))
    count = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tracks = []
    for number in range(count):
        middle = np.array([300.0 + 600 * number, 500.0])
        places = (
            middle + rng.uniform(-150, 150, (len(skeleton.joints), 2)) + rng.uniform(-3, 3, (frames, 1, 2))
        )
        scores = rng.uniform(0.01, 1, (*places.shape[:2], 1))
        points = np.concatenate([places, scores], axis=2)
        lost = rng.random(points.shape[:2]) < draw(st.sampled_from((0, 0.1, 0.6)))
        absent = rng.random(frames) < draw(st.sampled_from((0, 0.3)))
        # All are there at both ends, so that every format has a place for them.
        lost[[0, -1]] = absent[[0, -1]] = False
        if not whole:
            points[lost] = points[absent] = np.nan
        tracks.append(Track(id=number, points=points))
    first = draw(st.integers(0, 5000))
    return Clip(
        skeleton=skeleton,
        frame_indices=np.arange(first, first + frames, dtype=np.int64),
        tracks=tuple(tracks),
        size=SIZE,
        source="clip.mp4",
    ).timed(draw(st.sampled_from((5.0, 25.0, 59.94))))


@pytest.mark.parametrize("name", sorted(PRECISION))
def test_what_is_written_comes_back(name, tmp_path_factory):
    skeleton, places, scores = PRECISION[name]

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(clip=clips(skeleton, whole=name in BY_PLACE, most=1 if name == "lightning_pose" else 3))
    def round_trip(clip):
        folder = tmp_path_factory.mktemp("trip")
        path = formats.find(name).path(folder, "clip", people=len(clip.tracks))
        assert formats.save(clip, path, name) == ()
        again = formats.load(path, format=name, fps=clip.fps, size=SIZE)
        if again.unit != "pixels":
            again = again.in_pixels(None, "")
        assert again.skeleton.joints == skeleton.joints
        start = int(clip.frame_indices[0]) if name in FROM_0 else 0
        np.testing.assert_array_equal(again.frame_indices[start:], clip.frame_indices)
        assert len(again.tracks) == len(clip.tracks)
        if name not in BY_PLACE:
            assert [track.id for track in again.tracks] == [track.id for track in clip.tracks]
        for ours, theirs in zip(clip.tracks, again.tracks, strict=True):
            np.testing.assert_allclose(
                theirs.points[start:, :, :2], ours.points[..., :2], rtol=0, atol=places
            )
            if scores is not None:
                there = ours.there
                np.testing.assert_allclose(
                    theirs.points[start:][there, 2], ours.points[there, 2], rtol=0, atol=scores
                )

    round_trip()


@settings(max_examples=30, deadline=None)
@given(clip=clips(COCO), corrected=st.booleans())
def test_a_clip_is_a_result_and_a_result_a_clip(clip, corrected):
    if corrected:
        tracks = tuple(
            replace(
                track,
                initial=track.points + 1,
                error_px=np.abs(track.points[..., 0]),
                filled=~track.there,
                unsure=track.there,
                filtered=track.there,
                prominence=0.5,
            )
            for track in clip.tracks
        )
        clip = replace(clip, tracks=tracks, cuts=(1,))
    again = from_result(clip.to_result("x"))
    assert (again.skeleton, again.size, again.source, again.cuts) == (
        clip.skeleton,
        SIZE,
        "clip.mp4",
        clip.cuts,
    )
    for name in ("frame_indices", "pts_seconds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(clip, name))
    for ours, theirs in zip(clip.tracks, again.tracks, strict=True):
        np.testing.assert_allclose(theirs.points[..., :2], ours.points[..., :2], atol=1e-3)
        assert (theirs.initial is None) == (ours.initial is None)
        for name in ("filled", "unsure", "filtered") if corrected else ():
            np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name))


def test_every_format_is_tried():
    assert set(PRECISION) == {known.name for known in formats.FORMATS}
