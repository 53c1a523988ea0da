"""What the ``posefix`` command does, in Python::

import torch
import app, estimators
from corrector import Corrector

device = torch.device("cpu")
video = app.open_video("video.mp4")
result = app.estimate(video, estimators.create("sfn", device=device))
result = app.correct(result, Corrector.from_weights(device=device))
app.render(video, result, "overlay.mp4")
app.save(result, "joints.json")

result = app.load("joints.json")
result.people[0].corrected      # float32, (frames, joints, 2), NaN where missing
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.anonymise import Heads, find_heads
    from app.errors import PosefixError
    from app.keypoints.posefix_json import load, save
    from app.pipeline import correct, estimate, render
    from app.rendering.overlay import Style
    from app.result import Person, Result
    from app.video.reader import Video, open_video

# Imported when first asked for: torch takes seconds, and ``posefix --help`` needs none of it.
_HOMES = {
    "Heads": "app.anonymise",
    "find_heads": "app.anonymise",
    "load": "app.keypoints.posefix_json",
    "save": "app.keypoints.posefix_json",
    "PosefixError": "app.errors",
    "Style": "app.rendering.overlay",
    "correct": "app.pipeline",
    "estimate": "app.pipeline",
    "render": "app.pipeline",
    "Person": "app.result",
    "Result": "app.result",
    "Video": "app.video.reader",
    "open_video": "app.video.reader",
}

__all__ = [
    "Heads",
    "Person",
    "PosefixError",
    "Result",
    "Style",
    "Video",
    "correct",
    "estimate",
    "find_heads",
    "load",
    "open_video",
    "render",
    "save",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
