"""The clip that posefix makes to be tried on."""

import av
import numpy as np

from app.jobs.demo import FPS, SECONDS, body_at, make_demo_clip


def test_the_demo_clip_has_picture_sound_and_known_joints(tmp_path):
    truth = make_demo_clip(tmp_path / "demo.mp4", seconds=1.0)
    assert truth.shape == (FPS, 15, 2)
    assert np.isfinite(truth).all()
    with av.open(str(tmp_path / "demo.mp4")) as container:
        assert container.streams.video[0].frames == FPS
        assert container.streams.audio[0].codec_context.name == "aac"
        assert abs(container.duration / av.time_base - 1.0) < 0.06
    assert [path.name for path in tmp_path.iterdir()] == ["demo.mp4"]


def test_the_demo_moves_without_jerks():
    joints = np.stack([body_at(number / FPS).keypoints for number in range(round(SECONDS * FPS))])
    assert np.linalg.norm(np.diff(joints, axis=0), axis=2).max() < 40
