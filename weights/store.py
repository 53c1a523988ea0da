"""Reads and writes weights files: safetensors, with the model's configuration in the file's metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safetensors import SafetensorError, safe_open

from weights.files import FileError, written_whole

if TYPE_CHECKING:
    import torch

Config = TypeVar("Config")
Model = TypeVar("Model", bound="torch.nn.Module")

FOLDER = Path(__file__).parent
LONGEST_REASON = 200  # characters: torch lists every tensor


class WeightsError(FileError):
    """A weights file is missing, damaged or of another model; the message names the file and the cure."""


def installed() -> tuple[str, ...]:
    """Names of the weights that come with posefix, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.safetensors")))


def find(name: str) -> Path:
    """Path of the weights that come with posefix under ``name``.

    Raises:
        WeightsError: no such weights.
    """
    path = FOLDER / f"{name}.safetensors"
    if not path.is_file():
        raise WeightsError(f"Invalid weights ({name}). Supported values are {', '.join(installed())}.")
    return path


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load(path: Path, *, kind: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """Configuration and tensors of a weights file.

    Args:
        path: a file written by :func:`save`.
        kind: the sort of model it must hold, such as ``sfn`` or ``corrector``.

    Raises:
        WeightsError: the file is missing, damaged or holds another kind of model.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file. Check the path.")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
        config = json.loads(metadata.get("config", "null"))
    except (SafetensorError, OSError, json.JSONDecodeError) as error:
        raise WeightsError(f"{path}: damaged weights file ({error}). Fetch it or train it again.") from error
    if metadata.get("kind") != kind or not isinstance(config, dict):
        found = metadata.get("kind", "an unknown model")
        raise WeightsError(f"{path}: weights of {found}, not of {kind}. Give the right file.")
    return config, tensors


@contextmanager
def fitting(path: Path) -> Iterator[None]:
    """Building a model from what :func:`load` gave: what goes wrong there is the file's.

    Raises:
        WeightsError: configuration or tensors are of another version.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        words = f"no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        if len(words) > LONGEST_REASON:
            words = words[:LONGEST_REASON] + " ..."
        raise WeightsError(f"{path}: of another version ({words}). Fetch or train it again.") from error


def load_model(
    path: Path, *, kind: str, read: Callable[[Mapping[str, Any]], Config], build: Callable[[Config], Model]
) -> tuple[Config, Model]:
    """Configuration and network, in evaluation mode, of a weights file.

    Args:
        path: a file written by :func:`save` or :func:`save_model`.
        kind: as for :func:`load`.
        read: makes a configuration of plain data.
        build: makes a network of a configuration.

    Raises:
        WeightsError: the file is missing, damaged, of another kind or of another version.
    """
    data, tensors = load(path, kind=kind)
    with fitting(path):
        config = read(data)
        model = build(config)
        model.load_state_dict(tensors)
    return config, model.eval()


def save_model(path: Path, *, kind: str, config: Mapping[str, Any], model: torch.nn.Module) -> str:
    """Writes a network as :func:`save` does, its kernels in half precision: half the file.

    It moves joints by hundredths of a pixel.
    """
    halved = {key: value.half() if value.ndim > 1 else value for key, value in model.state_dict().items()}
    return save(path, kind=kind, config=config, tensors=halved)


def save(path: Path, *, kind: str, config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor]) -> str:
    """Writes a weights file, whole or not at all, and returns its SHA-256.

    Raises:
        FileError: the folder or the disk does not take it.
    """
    from safetensors.torch import save_file

    metadata = {"kind": kind, "config": json.dumps(dict(config), sort_keys=True)}
    with written_whole(path) as partial:
        save_file({key: value.contiguous() for key, value in tensors.items()}, partial, metadata=metadata)
        # The writer makes it readable for its owner alone; others on the machine use the weights, too.
        partial.chmod(0o644)
    return sha256(path)
