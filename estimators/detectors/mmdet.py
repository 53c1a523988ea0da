"""MMDetection as a source of boxes, where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from estimators.detectors.interface import Detections
from weights.files import FileError

PREFIX = "mmdet:"
FAINTEST = 0.1
CURE = (
    "Install mmdet and an mmcv with its operators "
    "(https://mmdetection.readthedocs.io), or leave --detector away."
)


class MMDetDetector:
    """See :class:`estimators.detectors.Detector`.

    Args:
        inferencer: an ``mmdet.apis.DetInferencer``.
        name: as in ``--detector``.
    """

    def __init__(self, inferencer: Any, *, name: str) -> None:
        self.name = name
        self._inferencer = inferencer
        classes: Sequence[str] = inferencer.model.dataset_meta["classes"]
        if "person" not in classes:
            raise ValueError(f"Invalid detector ({name}): its classes ({', '.join(classes)}) have no person.")
        self._person = list(classes).index("person")

    def detect(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """See :meth:`estimators.detectors.Detector.detect`."""
        # MMDetection takes arrays as OpenCV reads them.
        pictures = [np.ascontiguousarray(frame[..., ::-1]) for frame in frames]
        answer = self._inferencer(pictures, return_datasamples=True, no_save_vis=True, no_save_pred=True)
        return [self._people(sample.pred_instances) for sample in answer["predictions"]]

    def _people(self, instances: Any) -> Detections:
        scores = instances.scores.detach().cpu().numpy().astype(np.float32)
        labels = instances.labels.detach().cpu().numpy()
        boxes = instances.bboxes.detach().cpu().numpy().astype(np.float32).reshape(-1, 4)
        rows = np.flatnonzero((labels == self._person) & (scores >= FAINTEST))
        rows = rows[np.argsort(-scores[rows])]
        # Its pixels' corners are at whole numbers.
        return Detections(boxes[rows] - np.float32(0.5), scores[rows])


def create(name: str, *, device: torch.device) -> MMDetDetector:
    """The detector that ``mmdet:ALIAS`` or ``mmdet:CONFIG.py,CHECKPOINT.pth`` names.

    Raises:
        ValueError: MMDetection is not installed, knows no such alias, or a file is missing.
    """
    model, _, checkpoint = name.removeprefix(PREFIX).partition(",")
    for path in filter(None, (model if model.endswith(".py") else "", checkpoint)):
        if not Path(path).is_file():
            raise FileError(f"{path}: no such file. Check the path given to --detector.")
    try:
        from mmdet.apis import DetInferencer
    except (ImportError, AssertionError) as error:  # mmdet asserts that it likes the mmcv it finds
        raise ValueError(
            f"Invalid detector ({name}): MMDetection cannot be used ({error}). {CURE}"
        ) from error
    return MMDetDetector(
        DetInferencer(model=model, weights=checkpoint or None, device=str(device), show_progress=False),
        name=name,
    )
