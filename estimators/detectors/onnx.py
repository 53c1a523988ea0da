"""Detectors in ONNX files: RTMDet, YOLOX and YOLO as they are exported by their own programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from estimators.boxes import nms
from estimators.detectors.interface import Detections
from estimators.extras import ONNX, require
from estimators.onnx.preprocessing import Colours, chosen_size
from estimators.onnx.session import OnnxSession

PREFIX = "onnx:"
PERSON = 0  # among the classes of COCO
FAINTEST = 0.1
SAME_PERSON = 0.6  # intersection over union
USUAL_SIDE = "640x640"
GREY = 114  # beyond the frame
STRIDES = (8, 16, 32)
Array = NDArray[np.floating]


@dataclass(frozen=True)
class Kind:
    """A family of detectors.

    Attributes:
        colours: of its input.
    """

    colours: Colours


KINDS = {
    "rtmdet": Kind(Colours(mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395), order="bgr")),
    "yolox": Kind(Colours(mean=(0, 0, 0), std=(1, 1, 1), order="bgr")),
    "yolo": Kind(Colours(mean=(0, 0, 0), std=(255, 255, 255))),
}


def create(name: str, *, device: torch.device) -> OnnxDetector:
    """The detector of ``onnx:FILE`` or ``onnx:FILE,KIND``; outputs tell the kind where it is not given.

    Raises:
        ValueError: onnxruntime is not installed, or the kind or the model's outputs are not known.
        weights.WeightsError: the file is missing or damaged.
    """
    require(ONNX, name=name, what="detector")
    file, _, kind = name.removeprefix(PREFIX).partition(",")
    if kind and kind not in KINDS:
        raise ValueError(f"Invalid kind of detector ({kind}). Supported values are {', '.join(KINDS)}.")
    return OnnxDetector(OnnxSession(Path(file), device=device), kind=kind, name=name)


class OnnxDetector:
    """See :class:`estimators.detectors.Detector`.

    Args:
        session: the model.
        kind: one of ``KINDS``; empty: told by the outputs.
        name: as in ``--detector``.

    Raises:
        ValueError: the outputs are of no known kind.
    """

    def __init__(self, session: OnnxSession, *, kind: str, name: str) -> None:
        self.name = name
        self._session = session
        option = "" if session.width and session.height else USUAL_SIDE
        size = chosen_size(session.notes, width=session.width, height=session.height, option=option)
        self._width, self._height = size
        blank = np.zeros((1, self._height, self._width, 3), np.float32)
        outputs = [output for output in session.run(blank).values() if output.ndim in (2, 3)]
        told = _told(outputs)
        if told is None:
            shapes = ", ".join(str(output.shape) for output in outputs)
            raise ValueError(
                f"{session.path}: Invalid outputs ({shapes}). Supported values are boxes (N, M, 5) with "
                "labels (N, M), boxes (N, M, 6), YOLOX's (N, M, 5 + classes), YOLO's (N, 4 + classes, M)."
            )
        self._colours = KINDS[kind or told].colours

    def detect(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """See :meth:`estimators.detectors.Detector.detect`."""
        return [self._people(frame) for frame in frames]

    def _people(self, frame: NDArray[np.uint8]) -> Detections:
        picture, scale = self._letterboxed(frame)
        outputs = list(self._session.run(self._colours(picture[None])).values())
        boxes, scores = decoded(outputs, size=(self._width, self._height))
        rows = np.flatnonzero(scores >= FAINTEST)
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        rows = rows[nms(boxes[rows], limit=SAME_PERSON)]
        # Their pixels' corners are at whole numbers.
        found = boxes[rows] / scale - 0.5
        height, width = frame.shape[:2]
        inside = np.clip(found, -0.5, np.array([width, height, width, height]) - 0.5)
        return Detections(inside.astype(np.float32), np.clip(scores[rows], 0, 1).astype(np.float32))

    def _letterboxed(self, frame: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
        """The frame in the upper left corner of the input, as large as it fits; and its scale."""
        height, width = frame.shape[:2]
        scale = min(self._width / width, self._height / height)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        picture = np.full((self._height, self._width, 3), GREY, np.uint8)
        picture[: size[1], : size[0]] = cv2.resize(frame, size, interpolation=how)
        return picture, scale


def _told(outputs: list[Array]) -> str | None:
    """Which kind of detector gives such outputs; None where none does."""
    boxes = [output for output in outputs if output.ndim == 3]
    if len(boxes) != 1:
        return None
    rows, columns = boxes[0].shape[1:]
    labelled = any(output.shape == boxes[0].shape[:2] for output in outputs)
    if columns == 5 and labelled:
        return "rtmdet"
    if columns == 6 and rows <= 1000:
        return "yolo"
    if len(outputs) > 1 or min(rows, columns) < 5:
        return None
    return "yolo" if rows < columns else "yolox"


def decoded(outputs: list[Array], *, size: tuple[int, int]) -> tuple[Array, Array]:
    """Boxes (M, 4) in pixels of the input and scores (M,) of being a person, from a picture's outputs."""
    boxes = next(output for output in outputs if output.ndim == 3)
    (first,), (rows, columns) = boxes, boxes.shape[1:]
    if columns == 5 and len(outputs) > 1:
        labels = next(output for output in outputs if output.shape == boxes.shape[:2])[0]
        return first[:, :4], np.where(labels == PERSON, first[:, 4], 0)
    if columns == 6 and rows <= 1000:
        return first[:, :4], np.where(first[:, 5].round() == PERSON, first[:, 4], 0)
    if rows < columns:
        return _corners(first[:2].T, first[2:4].T), first[4 + PERSON]
    centres, sides = _yolox(first, size)
    return _corners(centres, sides), first[:, 4] * first[:, 5 + PERSON]


def _corners(centres: Array, sides: Array) -> Array:
    return np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)


def _yolox(rows: Array, size: tuple[int, int]) -> tuple[Array, Array]:
    """Centres and sides, in pixels, of what YOLOX says relative to the cells of its three grids."""
    cells, steps = [], []
    for stride in STRIDES:
        y, x = np.meshgrid(np.arange(size[1] // stride), np.arange(size[0] // stride), indexing="ij")
        cells.append(np.column_stack([x.ravel(), y.ravel()]))
        steps.append(np.full((x.size, 1), stride))
    grid, step = np.concatenate(cells), np.concatenate(steps)
    return (rows[:, :2] + grid) * step, np.exp(rows[:, 2:4]) * step
