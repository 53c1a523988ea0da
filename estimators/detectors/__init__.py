"""Finds people in whole frames, for estimators that look into boxes.

The built-in detector is a small network of posefix's own. Detectors of MMDetection and in ONNX files do, too,
and so do boxes that another program found. See ``docs/people.md`` and ``docs/estimators.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import weights as store
from estimators.detectors.interface import Detections, Detector, people_in

if TYPE_CHECKING:
    import torch

DEFAULT = "small"
DEFAULT_WEIGHTS = "detector-small"
SUPPORTED = (
    f"{DEFAULT}, a weights FILE.safetensors, mmdet:ALIAS, mmdet:CONFIG.py,CHECKPOINT.pth, onnx:FILE[,KIND] "
    "and boxes:FILE"
)


def create(name: str = DEFAULT, *, device: torch.device) -> Detector:
    """Builds a detector.

    Args:
        name: ``small``, the built-in one; a weights file that ``posefix train detector`` wrote; an
            MMDetection detector, as ``mmdet:ALIAS`` or ``mmdet:CONFIG.py,CHECKPOINT.pth``; an ONNX file, as
            ``onnx:FILE`` or ``onnx:FILE,KIND``; or boxes that another program found, as ``boxes:FILE``.
        device: to run on.

    Raises:
        ValueError: no detector has that name, or what it needs is not there.
        weights.WeightsError: its weights are missing or damaged.
    """
    from estimators.detectors import boxes_file, mmdet, onnx

    if name.startswith(mmdet.PREFIX):
        return mmdet.create(name, device=device)
    if name.startswith(onnx.PREFIX):
        return onnx.create(name, device=device)
    if name.startswith(boxes_file.PREFIX):
        return boxes_file.create(name)
    if name != DEFAULT and not name.endswith(".safetensors"):
        raise ValueError(f"Invalid detector ({name}). Supported values are {SUPPORTED}.")
    from estimators.detectors.small.detector import SmallDetector
    from estimators.detectors.small.modeling import restore

    config, model = restore(store.find(DEFAULT_WEIGHTS) if name == DEFAULT else Path(name))
    return SmallDetector(config=config, model=model, device=device)


__all__ = ["DEFAULT", "DEFAULT_WEIGHTS", "Detections", "Detector", "create", "people_in"]
