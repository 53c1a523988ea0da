"""How much of the error against Human3.6M's labels is where they were put on one person or another.

    python -m benchmarks.people_conventions ../shared/data/h36m_sh [--weights FILE]

Given and corrected points of S8 and S9 are carried to the labels by a matrix fitted on others (S1, S5, S6 and
S7) and by one fitted on the same person, and the labels to the given points likewise. The second matrix knows
what nobody can know beforehand, so that it is no result; but what lies between the two is nobody's error.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from corrector import Corrector
from corrector.training.conventions import apply_convention, fit_convention
from corrector.training.motion_datasets import (
    H36M_JOINTS,
    TEST_SUBJECTS,
    TRAIN_SUBJECTS,
    VALIDATION_SUBJECTS,
    load_h36m,
)

Floats = NDArray[np.floating]

CORRECT_PX = 20.0
EVERY = 7
"""Of the frames, those that matrices are fitted on."""


@dataclass(frozen=True)
class PeopleSelection:
    """True, given and corrected points (N, 14, 2) in pixels of some people's takes, one after another."""

    true: Floats
    given: Floats
    corrected: Floats

    @classmethod
    def of(cls, folder: Path, subjects: Sequence[str], corrector: Corrector) -> PeopleSelection:
        """Those of some subjects of ``h36m_sh``, corrected take by take."""
        takes = [take.as_pairs() for take in load_h36m(folder, subjects)]
        fixed = [
            corrector.correct(take.detected, pts_seconds=take.pts_seconds, joints=H36M_JOINTS).keypoints
            for take in takes
        ]
        given = [take.detected[..., :2] for take in takes]
        return cls(np.concatenate([take.true for take in takes]), *map(np.concatenate, (given, fixed)))


def carried_error(points: Floats, true: Floats, fitted: tuple[Floats, Floats]) -> Floats:
    """Distances (N, J) of points carried by a matrix ``fitted`` on (points, truth) of the same kind."""
    source, target = fitted
    return np.linalg.norm(
        apply_convention(points, fit_convention(source[::EVERY], target[::EVERY])) - true, axis=2
    )


def _cells(error: Floats) -> tuple[str, str]:
    return f"{error.mean():.2f}", f"{100 * (error <= CORRECT_PX).mean():.1f}"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="h36m_sh")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="(default: the default ones)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    corrector = Corrector.from_weights(args.weights, device=torch.device("cpu"))
    others = PeopleSelection.of(args.folder, TRAIN_SUBJECTS, corrector)
    table = Table("", "carried", "by", "given, px", "PCK@20, %", "corrected, px", "PCK@20, %")
    for subject in (*VALIDATION_SUBJECTS, *TEST_SUBJECTS):
        person = PeopleSelection.of(args.folder, [subject], corrector)
        for name, fitted in (("others'", others), ("their own", person)):
            to_labels, to_given = [], []
            for kind in ("given", "corrected"):
                points = getattr(person, kind)
                to_labels.append(carried_error(points, person.true, (getattr(fitted, kind), fitted.true)))
                to_given.append(carried_error(person.true, points, (fitted.true, fitted.given)))
            for what, errors in (("points to labels", to_labels), ("labels to detector", to_given)):
                table.add_row(subject, what, name, *(cell for error in errors for cell in _cells(error)))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
