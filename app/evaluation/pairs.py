"""Reads pairs of detected and true joints to measure a correction on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import FileError
from corrector.training.motion_datasets import (
    H36M_JOINTS,
    TEST_SUBJECTS,
    TRAIN_SUBJECTS,
    VALIDATION_SUBJECTS,
    load_h36m,
)
from corrector.training.pairs_file import Take, read_pairs

FITTED_EVERY = 5
"""Conventions are fitted on every fifth training take: enough for 14 weights a joint."""
TUNED_EVERY = 4


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

    :mod:`corrector.training.pairs_file` says what a pairs file holds.

    Raises:
        FileError: neither is there, or it does not hold what it should.
    """
    if not path.exists() or (path.is_dir() and not (path / "meta.json").is_file()):
        what = "holds no meta.json" if path.is_dir() else "no such pairs"
        raise FileError(
            f"{path}: {what}. Give h36m_sh or youtube_pose (the folder itself), or a pairs file (.npz)."
        )
    if not path.is_dir():
        return Pairs(*read_pairs(path))
    takes = [take.as_pairs() for take in load_h36m(path, subjects)]
    fitting = [take.as_pairs() for take in load_h36m(path, TRAIN_SUBJECTS)[::FITTED_EVERY]]
    tuning = [take.as_pairs() for take in load_h36m(path, VALIDATION_SUBJECTS)[::TUNED_EVERY]]
    return Pairs(H36M_JOINTS, takes, fitting, tuning)
