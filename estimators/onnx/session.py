"""An ONNX model as a function of pictures: what its file says of itself, and what it gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from weights import WeightsError

Outputs = dict[str, NDArray[np.floating]]


class OnnxSession:
    """A model with one input of pictures, on onnxruntime.

    Args:
        path: the file.
        device: CUDA is used where onnxruntime has it.

    Attributes:
        path: the file.
        notes: what the file's metadata says, by key; values that are JSON are read as such.
        height, width: of the input; None where the file leaves it open.
        batches: whether it takes several pictures at once.

    Raises:
        WeightsError: the file is missing, damaged, or has other inputs.
    """

    def __init__(self, path: Path, *, device: torch.device) -> None:
        import onnxruntime

        if not path.is_file():
            raise WeightsError(f"{path}: no such ONNX file. Check the path.")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        wanted = (["CUDAExecutionProvider"] if device.type == "cuda" else []) + ["CPUExecutionProvider"]
        there = onnxruntime.get_available_providers()
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), options, providers=[provider for provider in wanted if provider in there]
            )
        except Exception as error:  # onnxruntime has a class of its own for every way to fail
            line = " ".join(str(error).split())[:200]
            raise WeightsError(f"{path}: not a readable ONNX model ({line}). Export it again.") from error
        self.path = path
        self.notes = _notes(self._session.get_modelmeta().custom_metadata_map)
        inputs = self._session.get_inputs()
        shape = inputs[0].shape
        if len(inputs) != 1 or len(shape) != 4 or "float" not in inputs[0].type:
            found = ", ".join(f"{one.type} {one.shape}" for one in inputs)
            raise WeightsError(
                f"{path}: Invalid inputs ({found}). Supported values are one of floats (N, 3, H, W)."
            )
        self._name, self._half = inputs[0].name, "float16" in inputs[0].type
        self._channels_last = shape[3] == 3 and shape[1] != 3
        sides = shape[1:3] if self._channels_last else shape[2:]
        self.height, self.width = (side if isinstance(side, int) and side > 0 else None for side in sides)
        self.batches = not (isinstance(shape[0], int) and shape[0] == 1)

    def run(self, pictures: NDArray[np.float32]) -> Outputs:
        """Outputs by name for pictures (N, H, W, 3)."""
        parts = [pictures] if self.batches else [pictures[i : i + 1] for i in range(len(pictures))]
        answers = [self._run(part) for part in parts]
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}

    def _run(self, pictures: NDArray[np.float32]) -> Outputs:
        given = pictures if self._channels_last else pictures.transpose(0, 3, 1, 2)
        given = np.ascontiguousarray(given, np.float16 if self._half else np.float32)
        names = [output.name for output in self._session.get_outputs()]
        answers = self._session.run(names, {self._name: given})
        return {name: np.asarray(answer) for name, answer in zip(names, answers, strict=True)}


def _notes(metadata: Mapping[str, str]) -> dict[str, Any]:
    notes: dict[str, Any] = {}
    for key, text in metadata.items():
        try:
            notes[key] = json.loads(text)
        except ValueError:
            notes[key] = text
    return notes
