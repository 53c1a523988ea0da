"""The vendor's ``.task`` file: a zip of two TensorFlow Lite models, one for people, one for joints."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from weights import WeightsError

DETECTOR, LANDMARKS = "pose_detector.tflite", "pose_landmarks_detector.tflite"
LARGEST_MODEL = 64 * 1024 * 1024  # bytes; the largest there is has 28 million
IDENTIFIER = slice(4, 8)  # where a TensorFlow Lite file says what it is


@dataclass(frozen=True)
class TaskFile:
    """The two models, as TensorFlow Lite files."""

    detector: bytes = field(repr=False)
    landmarks: bytes = field(repr=False)


def read_task_file(path: Path) -> TaskFile:
    """Reads both models into memory.

    Raises:
        WeightsError: the file is missing, damaged, something else, or would unpack to more than any such
            file holds.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return TaskFile(_member(archive, DETECTOR, path), _member(archive, LANDMARKS, path))
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such weights file. Check the path.") from None
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise WeightsError(
            f"{path}: not a readable .task file ({error}). Give the vendor's pose_landmarker_*.task."
        ) from error


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise WeightsError(f"{path}: no {name} in it. Give the vendor's pose_landmarker_*.task.") from None
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Others are unpacked without a limit.
        raise WeightsError(f"{path}: {name} is packed in an unusual way. Fetch the file again.")
    with archive.open(entry) as file:
        # Not trusting the size that the zip claims: one byte more than the limit is enough to refuse it.
        model = file.read(LARGEST_MODEL + 1)
    if len(model) > LARGEST_MODEL:
        raise WeightsError(f"{path}: {name} unpacks to over {LARGEST_MODEL >> 20} MiB. Fetch the file again.")
    if model[IDENTIFIER] != b"TFL3":
        raise WeightsError(f"{path}: {name} is no TensorFlow Lite model. Fetch the file again.")
    return model
