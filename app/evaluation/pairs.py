"""Reads pairs of detected and true joints to measure a correction on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import UsageError
from corrector.data.sources import (
    H36M_JOINTS,
    TEST_SUBJECTS,
    TRAIN_SUBJECTS,
    VALIDATION_SUBJECTS,
    Sequence2D,
    load_h36m,
)

Floats = NDArray[np.floating]
FITTED_EVERY = 5
"""Conventions are fitted on every fifth training take: enough for 14 weights a joint."""
TUNED_EVERY = 4


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


@dataclass(frozen=True)
class Pairs:
    """What a correction is measured on.

    Attributes:
        joints: names.
        takes: to be measured.
        fitting: other takes of the same detector and labels, on which differences of convention are fitted;
            empty where there are none.
        tuning: further takes, for the settings of filters; empty where there are none.
    """

    joints: tuple[str, ...]
    takes: Sequence[Take]
    fitting: Sequence[Take] = ()
    tuning: Sequence[Take] = ()


def load_pairs(path: Path, *, subjects: Sequence[str] = TEST_SUBJECTS) -> Pairs:
    """Pairs of a folder like ``h36m_sh`` (some subjects of it), or of a pairs file.

    A pairs file is an ``.npz`` of ``joints`` (J names), ``detected`` (T, J, 3), ``true`` (T, J, 2), ``fps``
    and ``lengths`` (frames of each take, one after another).

    Raises:
        UsageError: neither is there, or it does not hold what it should.
    """
    if path.is_dir():
        try:
            takes = [_take(take) for take in load_h36m(path, subjects)]
            fitting = [_take(take) for take in load_h36m(path, TRAIN_SUBJECTS)[::FITTED_EVERY]]
            tuning = [_take(take) for take in load_h36m(path, VALIDATION_SUBJECTS)[::TUNED_EVERY]]
        except ValueError as error:
            raise UsageError(str(error)) from error
        return Pairs(H36M_JOINTS, takes, fitting, tuning)
    return _load_file(path)


def _take(take: Sequence2D) -> Take:
    scored = np.pad(take.detected, ((0, 0), (0, 0), (0, 1)), constant_values=np.nan)
    return Take(take.name, scored, take.true, take.fps)


def _load_file(path: Path) -> Pairs:
    if not path.is_file():
        raise UsageError(f"{path}: no such pairs. Give a folder like h36m_sh or a pairs file (.npz).")
    try:
        with np.load(path) as file:
            joints = tuple(str(joint) for joint in file["joints"])
            detected, true, fps = file["detected"], file["true"], float(file["fps"])
            ends = np.cumsum(file["lengths"])
    except (KeyError, OSError, ValueError) as error:
        raise UsageError(f"{path}: not a pairs file ({error}).") from error
    if (
        detected.shape != (len(true), len(joints), 3)
        or true.shape[1:] != (len(joints), 2)
        or ends[-1] != len(true)
    ):
        raise UsageError(f"{path}: joints, detected, true and lengths do not fit each other.")
    spans = zip(np.concatenate(([0], ends[:-1])), ends, strict=True)
    takes = [Take(f"{path.stem}[{i}]", detected[a:b], true[a:b], fps) for i, (a, b) in enumerate(spans)]
    return Pairs(joints, takes)
