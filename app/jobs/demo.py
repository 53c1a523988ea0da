"""A clip to try posefix on: a drawn person who walks in, waves, squats and jumps, with known joints."""

from __future__ import annotations

import tempfile
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from app.video.writer import write_video
from estimators.datasets.synthetic import (
    Appearance,
    DrawnBody,
    Pose,
    between,
    draw_background,
    draw_body,
    place,
    pose_at,
)

WIDTH, HEIGHT = 640, 480
FPS = 25
BODY_HEIGHT = 330.0
# Movement and yaw: walks in from the right, waves, squats, jumps.
SCENES = (("walk", 1.2), ("wave", 0.1), ("squat", 0.3), ("jumping_jack", 0.0))
SCENE_SECONDS, EASE_SECONDS = 2.0, 0.6
SECONDS = SCENE_SECONDS * len(SCENES)
SAMPLE_RATE = 44_100


def make_demo_clip(path: Path, *, seconds: float = SECONDS, seed: int = 3) -> NDArray[np.float32]:
    """Writes the clip, with a soft tone as its sound.

    Args:
        path: an ``.mp4``.
        seconds: how much of the eight seconds there are.
        seed: of the background and the clothes.

    Returns:
        float32, (frames, 15, 2): the true joints in pixels, in the order of
        :data:`estimators.skeletons.JOINTS`.

    Raises:
        PosefixError: the folder or the disk does not take the file.
    """
    rng = np.random.default_rng(seed)
    background = draw_background(rng, size=(HEIGHT, WIDTH))
    # Pale, as rooms are: the person stands out as they do in footage.
    background = (background // 3 + 130).astype(np.uint8)
    look = Appearance()
    truth = []
    with tempfile.TemporaryDirectory() as folder:
        tone = Path(folder) / "tone.wav"
        _write_tone(tone, seconds)
        with write_video(path, width=WIDTH, height=HEIGHT, fps=FPS, sound_from=tone) as writer:
            for number in range(round(seconds * FPS)):
                body = body_at(number / FPS)
                frame = background.copy()
                draw_body(frame, body, look)
                writer.write(frame, pts_seconds=number / FPS)
                truth.append(body.keypoints)
    return np.array(truth, np.float32)


def body_at(seconds: float) -> DrawnBody:
    """The person at some time of the clip."""
    scene = min(int(seconds / SCENE_SECONDS), len(SCENES) - 1)
    pose = _scene(scene, seconds)
    # PeopleSelection ease from one movement into the next.
    left = (scene + 1) * SCENE_SECONDS - seconds
    if left < EASE_SECONDS and scene + 1 < len(SCENES):
        share = 0.5 + 0.5 * np.cos(np.pi * left / EASE_SECONDS)
        pose = between(pose, _scene(scene + 1, seconds), float(share))
    x, floor = WIDTH / 2 + 90 * max(0.0, SCENE_SECONDS - seconds), HEIGHT * 0.53
    body = place(pose, height=BODY_HEIGHT, pelvis=(x, floor))
    # The lower foot stands on the floor, so that a squat lowers the hips.
    sunk = floor + 0.46 * BODY_HEIGHT - body.keypoints[-2:, 1].max()
    return place(pose, height=BODY_HEIGHT, pelvis=(x, floor + sunk))


def _scene(scene: int, seconds: float) -> Pose:
    motion, yaw = SCENES[scene]
    return pose_at(motion, seconds - scene * SCENE_SECONDS, yaw=yaw)


def _write_tone(path: Path, seconds: float) -> None:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = (2000 * np.sin(2 * np.pi * 220 * times) * np.sin(np.pi * times) ** 2).astype(np.int16)
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
