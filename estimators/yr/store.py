"""YR models in posefix's own weights format."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

import weights
from estimators.yr.body import FULL
from estimators.yr.configuration import YRConfiguration
from estimators.yr.matlab import read_matlab
from estimators.yr.model import Part, PartModel

KIND = "yr"
_ARRAYS = ("filters", "bias", "springs", "anchors")


def save_model(path: Path, model: PartModel, configuration: YRConfiguration) -> str:
    """Writes a model in float32 and returns the file's SHA-256."""
    tensors = {
        f"parts.{index}.{name}": torch.from_numpy(getattr(part, name).copy()).float()
        for index, part in enumerate(model.parts)
        for name in _ARRAYS
    }
    return weights.save(path, kind=KIND, config=asdict(configuration), tensors=tensors)


def load_model(path: Path) -> tuple[PartModel, YRConfiguration]:
    """Reads a model.

    Raises:
        weights.WeightsError: the file is missing, damaged, no YR model or one of another version.
    """
    config, tensors = weights.load(path, kind=KIND)
    with weights.fitting(path):
        config["person_confidence"] = tuple(config["person_confidence"])
        config["joint_confidence"] = tuple(tuple(row) for row in config["joint_confidence"])
        configuration = YRConfiguration(**config)
        parts = tuple(
            Part(parent, *(tensors[f"parts.{index}.{name}"].double().numpy() for name in _ARRAYS))
            for index, parent in enumerate(configuration.parts.parents)
        )
        model = PartModel(parts, configuration.cell_size, configuration.interval, configuration.threshold)
    return model, configuration


def load_any(path: Path) -> tuple[PartModel, YRConfiguration]:
    """Reads a model of ours, or a released MATLAB model (``.mat``) with the 26 parts of PARSE.

    Raises:
        weights.WeightsError: as :func:`load_model`; or a MATLAB model of other parts.
    """
    if path.suffix.lower() != ".mat":
        return load_model(path)
    model = read_matlab(path)
    if tuple(part.parent for part in model.parts) != FULL.parents:
        raise weights.WeightsError(
            f"{path}: {len(model.parts)} parts, not PARSE's 26. Give PARSE_model.mat or a file of ours."
        )
    configuration = YRConfiguration.uncalibrated(
        "full", threshold=model.threshold, cell_size=model.cell_size, interval=model.interval
    )
    return model, configuration
