"""A TensorFlow Lite model as a function of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class LiteNetwork:
    """Runs a model on LiteRT, on the processor.

    Args:
        model: the content of a ``.tflite`` file with one input (1, side, side, 3).
        threads: of the processor.
        outputs: shapes of the outputs that are wanted, without the batch's dimension of 1.

    Raises:
        ValueError: the model is damaged, or has other inputs or outputs.
    """

    def __init__(self, model: bytes, *, threads: int, outputs: Sequence[tuple[int, ...]]) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter: Any = Interpreter(model_content=model, num_threads=threads)
        self._interpreter.allocate_tensors()
        (entrance,) = self._interpreter.get_input_details()
        self._input = entrance["index"]
        found = {
            tuple(out["shape"][1:].tolist()): out["index"] for out in self._interpreter.get_output_details()
        }
        if missing := [shape for shape in outputs if shape not in found]:
            raise ValueError(f"no output of shape {missing[0]} among {sorted(found)}")
        self._outputs = [found[shape] for shape in outputs]

    def __call__(self, picture: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        """The outputs for one picture (side, side, 3), in the order in which their shapes were given."""
        self._interpreter.set_tensor(self._input, picture[None].astype(np.float32, copy=False))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index)[0] for index in self._outputs]


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 / (1 + exp(-x)), for any x."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64)))
