"""Checkpoints of MMPose, read without running what they may hold."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from weights import WeightsError

CURE = (
    "Where you trust it, keep its weights alone: python -c \"import torch; c = torch.load('{path}', "
    "weights_only=False); torch.save({{'state_dict': c['state_dict']}}, 'weights.pth')\""
)


class _Ignored:
    """Stands for what training noted down: nothing of it is needed, and nothing of it is run."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def _nothing(*_: object) -> None:
    """Stands for ``getattr`` in those notes."""


def _globals() -> list[Callable[..., Any] | tuple[Callable[..., Any], str]]:
    """What a checkpoint may name: numpy's arrays and numbers, and MMEngine's notes, which are thrown away."""
    rebuild: Any = np.empty(0).__reduce__()[0]
    scalar: Any = np.float64(0).__reduce__()[0]
    kinds = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "U1", "O")
    allowed: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [np.ndarray, np.dtype]
    allowed += [type(np.dtype(kind)) for kind in kinds]
    for package in ("numpy.core", "numpy._core"):  # of numpy 1 and 2
        allowed += [(rebuild, f"{package}.multiarray._reconstruct"), (scalar, f"{package}.multiarray.scalar")]
    allowed += [(_Ignored, "mmengine.logging.history_buffer.HistoryBuffer"), (_nothing, "builtins.getattr")]
    return allowed


def load_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The weights of a model and what is noted of its data set (``dataset_meta``; may be empty).

    Raises:
        WeightsError: the file is missing, damaged, no checkpoint, or holds objects that would have to be run.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such checkpoint. Check the path.")
    try:
        with torch.serialization.safe_globals(_globals()):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(_refusal(path, str(error))) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: damaged checkpoint ({_first_line(error)}). Fetch it again.") from error
    return _weights(path, content), _dataset_meta(content)


def _refusal(path: Path, error: str) -> str:
    named = [line.strip() for line in error.splitlines() if "GLOBAL" in line or "Unsupported" in line]
    if not named:
        return f"{path}: no checkpoint of PyTorch ({_first_line(error)}). Fetch it again."
    what = named[0].removeprefix("WeightsUnpickler error: ").split(" was not an allowed")[0]
    return f"{path}: refused: it holds more than weights ({what}). {CURE.format(path=path)}"


def _first_line(error: object) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _weights(path: Path, content: object) -> dict[str, torch.Tensor]:
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    entries = state.items() if isinstance(state, dict) else ()
    tensors = {name: value for name, value in entries if isinstance(value, torch.Tensor)}
    if not tensors:
        raise WeightsError(f"{path}: no weights in it. Give a checkpoint of the model.")
    # As DistributedDataParallel names them.
    return {str(name).removeprefix("module."): tensor for name, tensor in tensors.items()}


def _dataset_meta(content: object) -> dict[str, Any]:
    meta = content.get("meta") if isinstance(content, dict) else None
    found = meta.get("dataset_meta") if isinstance(meta, dict) else None
    return found if isinstance(found, dict) else {}
