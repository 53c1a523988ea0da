"""Reads and writes pairs files: detected and true joints of any estimator and any labels.

A pairs file is an ``.npz`` of ``joints`` (J names), ``detected`` (T, J, 3), ``true`` (T, J, 2), ``fps`` and
``lengths`` (frames of each take, one after another).

The trap: an estimator's joints on pictures that it was trained on are better than on any others. Pairs to
train on must come from pictures that it has not seen.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weights.files import FileError, written_whole

Floats = NDArray[np.floating]

_CURE = "Give an .npz as posefix evaluate correction --save-pairs writes it."


@dataclass(frozen=True)
class Take:
    """Detected and true joints of one take.

    Attributes:
        name: for messages.
        detected: (T, J, 3): x, y in pixels, NaN where missing, and a score in 0..1 (NaN: none).
        true: (T, J, 2), pixels, NaN where unknown.
        fps: frames a second.
    """

    name: str
    detected: Floats
    true: Floats
    fps: float

    @property
    def pts_seconds(self) -> Floats:
        """When each frame is shown."""
        return np.arange(len(self.true)) / self.fps


def read_pairs(path: Path) -> tuple[tuple[str, ...], list[Take]]:
    """Names of the joints, and the takes.

    Raises:
        FileError: there is no such file, or it does not hold what it should; the message names it.
    """
    if not path.is_file():
        raise FileError(f"{path}: no such pairs file. {_CURE}")
    try:
        with np.load(path) as file:
            joints = tuple(str(joint) for joint in file["joints"])
            detected, true, fps = file["detected"], file["true"], float(file["fps"])
            ends = np.cumsum(file["lengths"])
    except (KeyError, OSError, ValueError, zipfile.BadZipFile) as error:
        # NumPy's own words on a file that is no .npz advise to unpickle it, so they are not passed on.
        missing = f" (no {error.args[0].split()[0]} in it)" if isinstance(error, KeyError) else ""
        raise FileError(f"{path}: damaged or not a pairs file{missing}. {_CURE}") from error
    if (
        detected.shape != (len(true), len(joints), 3)
        or true.shape[1:] != (len(joints), 2)
        or ends[-1] != len(true)
    ):
        raise FileError(f"{path}: joints, detected, true and lengths do not fit each other. {_CURE}")
    spans = zip(np.concatenate(([0], ends[:-1])), ends, strict=True)
    return joints, [
        Take(f"{path.stem}[{i}]", detected[a:b], true[a:b], fps) for i, (a, b) in enumerate(spans)
    ]


def write_pairs(path: Path, joints: Sequence[str], takes: Sequence[Take]) -> None:
    """Writes takes of one rate as a pairs file; see :func:`read_pairs`.

    Raises:
        FileError: the folder or the disk does not take it.
    """
    with written_whole(path) as partial, partial.open("wb") as file:
        np.savez_compressed(
            file,
            joints=np.array(joints),
            detected=np.concatenate([take.detected for take in takes]),
            true=np.concatenate([take.true for take in takes]),
            fps=np.array(takes[0].fps),
            lengths=np.array([len(take.true) for take in takes]),
        )
