"""Builds a top-down model of MMPose from its config, and fills it with a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mmpose
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS, MODELS

from estimators.extras import VITPOSE
from estimators.mmpose.torchvision_import import import_torchvision
from weights import WeightsError

TOP_DOWN = "TopdownPoseEstimator"
NOT_WEIGHTS = ("data_preprocessor.", "loss")  # a checkpoint may lack these


def read_config(path: Path) -> Config:
    """A config for inference.

    Raises:
        ValueError: it is missing, not one of MMPose, not top-down, or needs a package that is not there.
    """
    if not path.is_file():
        raise ValueError(f"{path}: no such config. Check the path.")
    try:
        config = Config.fromfile(path)
    except ImportError as error:
        raise ValueError(f"{path}: {_first_line(error)}. {_cure(str(error))}") from error
    except Exception as error:  # a config is a program: anything may happen in it
        raise ValueError(f"{path}: no config of MMPose ({_first_line(error)}).") from error
    model = config.get("model")
    if not isinstance(model, Mapping) or model.get("type") != TOP_DOWN:
        kind = model.get("type") if isinstance(model, Mapping) else None
        raise ValueError(f"{path}: Invalid model ({kind}). Supported values are {TOP_DOWN}.")
    _prepare(model)
    return config


def _prepare(model: Any) -> None:
    """Takes out of a model's config what only training needs, and the scope of CSPNeXt, which is here."""
    model.train_cfg = None
    if "init_cfg" in model.backbone:
        model.backbone.init_cfg = None
    if model.backbone.get("type") == "CSPNeXt":
        from estimators.mmpose import cspnext as _cspnext  # noqa: F401 - registers it

        model.backbone.pop("_scope_", None)


def build_model(config: Config) -> Any:
    """The model with fresh weights, in evaluation mode.

    Raises:
        ValueError: parts of it are in packages that are not there, or do not fit each other.
    """
    init_default_scope("mmpose")
    import_torchvision()
    try:
        model = MODELS.build(config.model)
    except Exception as error:  # parts are others' code: anything may happen in it
        name = Path(config.filename).name
        raise ValueError(f"{name}: cannot be built ({_first_line(error)}). {_cure(str(error))}") from error
    return revert_sync_batchnorm(model).eval()


def fill(model: torch.nn.Module, tensors: Mapping[str, torch.Tensor], *, path: Path) -> None:
    """Puts a checkpoint's weights into a model.

    Raises:
        WeightsError: it lacks some of the model's weights, or they have other shapes.
    """
    own = model.state_dict()
    wanted = [name for name in own if not name.startswith(NOT_WEIGHTS) and "num_batches" not in name]
    lacking = [name for name in wanted if name not in tensors or tensors[name].shape != own[name].shape]
    if lacking:
        raise WeightsError(
            f"{path}: does not fit the config: {len(lacking)} of {len(wanted)} weights are missing or of "
            f"another shape, the first {lacking[0]}. Give the config that it was trained with."
        )
    model.load_state_dict({name: tensors[name] for name in own if name in tensors}, strict=False)


def dataset_meta(config: Config) -> dict[str, Any]:
    """What the config says of the data set it is for, parsed; empty where it does not say."""
    for loader in ("test_dataloader", "val_dataloader", "train_dataloader"):
        dataset = (config.get(loader) or {}).get("dataset") or {}
        kind = DATASETS.module_dict.get(dataset.get("type"))
        meta = dataset.get("metainfo") or getattr(kind, "METAINFO", None)
        if meta:
            return parse_pose_metainfo(_from_the_package(dict(meta)))
    return {}


def _from_the_package(meta: dict[str, Any]) -> dict[str, Any]:
    """The same with the path of a file that comes with MMPose made whole."""
    packed = Path(mmpose.__file__).parent / ".mim" / str(meta.get("from_file", ""))
    return {**meta, "from_file": str(packed)} if packed.is_file() else meta


def _first_line(error: object) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__


def _cure(error: str) -> str:
    if "mmpretrain" in error:
        return f"Run: {VITPOSE.command}"
    if "mmcv.ops" in error or "_ext" in error or "mmdet" in error:
        return "It needs packages with compiled operators, which posefix does not install."
    return "Check the config."
