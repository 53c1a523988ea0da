"""Reads the released MATLAB models of Yang & Ramanan: the layout of 1.3, and 1.4's springs by pairs.

Both keep flat lists ``bias``, ``filters`` and ``defs``, and per part 1-based indices into them: ``biasid``
(parent mixture, child mixture), ``filterid`` (child mixture) and ``defid`` (1.3: child mixture; 1.4: as
``biasid``). Anchors are 1-based cells.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from estimators.yr.model import Array, Part, PartModel
from weights import WeightsError

SMALLEST_CURVATURE = 1e-6
# What loadmat raises for files that are cut short, garbled or of a later MATLAB.
UNREADABLE = (MatReadError, OSError, ValueError, TypeError, IndexError, NotImplementedError, zlib.error)


def read_matlab(path: Path) -> PartModel:
    """The model in a MATLAB file.

    Raises:
        WeightsError: the file is missing, damaged or not such a model.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such model file. Check the path.")
    try:
        content = loadmat(path, struct_as_record=False)
    except UNREADABLE as error:
        raise WeightsError(f"{path}: damaged MATLAB file ({error}). Fetch it again.") from error
    try:
        return _model(content["model"][0, 0])
    except (KeyError, AttributeError, IndexError, ValueError, TypeError) as error:
        raise WeightsError(
            f"{path}: no part model of Yang & Ramanan 1.3 or 1.4 ({_reason(error)}). Give the right file."
        ) from error


def _reason(error: Exception) -> str:
    return f"field {error} is missing" if isinstance(error, KeyError) else str(error)


def _model(model: Any) -> PartModel:
    components = model.components.ravel()
    # One cell per component; saved unwrapped it is the array of parts itself.
    parts = components[0].ravel() if components.dtype == object and components.size == 1 else components
    lists = {
        name: _entries(getattr(model, name), wanted)
        for name, wanted in {"bias": ("w",), "filters": ("w",), "defs": ("w", "anchor")}.items()
    }
    return PartModel(
        parts=tuple(_part(part, lists) for part in parts),
        cell_size=_integer(model.sbin),
        interval=_integer(model.interval),
        threshold=float(np.asarray(model.thresh).item()),
    )


def _integer(value: Any) -> int:
    return int(np.asarray(value).item())


def _entries(array: Any, fields: tuple[str, ...]) -> list[tuple[Array, ...]]:
    return [
        tuple(np.asarray(getattr(entry, name), dtype=np.float64) for name in fields)
        for entry in array.ravel()
    ]


def _ids(value: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    ids = np.asarray(value).astype(np.int64) - 1
    if (ids < 0).any():
        raise IndexError("an index is below 1")
    return ids


def _part(part: Any, lists: dict[str, list[tuple[Array, ...]]]) -> Part:
    parent = _integer(part.parent) - 1
    filters = np.stack([lists["filters"][i][0] for i in _ids(part.filterid).ravel()])
    pairs = _ids(part.biasid)
    bias = np.array([lists["bias"][i][0].item() for i in pairs.ravel()]).reshape(pairs.shape)
    if parent < 0:
        return Part(-1, filters, bias, np.zeros((1, 0, 4)), np.zeros((1, 0, 2)))
    # By the child's mixture in 1.3; by pairs, like the biases, in 1.4.
    spring_ids = _ids(part.defid).reshape(-1, len(filters))
    springs = np.stack([lists["defs"][i][0].ravel() for i in spring_ids.ravel()])
    anchors = np.stack([lists["defs"][i][1].ravel()[:2] - 1 for i in spring_ids.ravel()])
    springs[:, [0, 2]] = np.maximum(springs[:, [0, 2]], SMALLEST_CURVATURE)
    return Part(
        parent,
        filters,
        bias,
        springs.reshape(*spring_ids.shape, 4),
        anchors.reshape(*spring_ids.shape, 2),
    )
