"""Measures a correction three times: a difference of labelling convention is neither an error nor a gain.

- ``own``: the truth is carried to the detector's own convention, so that only real repairs count.
- ``true``: against the labels as they are.
- ``true_carried``: initial and corrected points are each carried to the labels' convention first.

The maps between conventions are fitted on other takes than those measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.evaluation.correction import Case, Figures, compare, measure
from app.evaluation.pairs import Pairs, Take
from corrector.conventions import carry, fit_convention

Floats = NDArray[np.floating]
Correct = Callable[[Take], Floats]


@dataclass(frozen=True)
class Comparison:
    """Initial against corrected.

    Attributes:
        figures: by convention, those of the initial and of the corrected points.
        changes: see :func:`app.evaluation.correction.compare`; in the detector's own convention where known.
    """

    figures: dict[str, tuple[Figures, Figures]]
    changes: dict[str, float]

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON: ``initial`` and ``corrected`` with the same keys, and ``changes``."""
        initial = {name: before.to_dict() for name, (before, _) in self.figures.items()}
        corrected = {name: after.to_dict() for name, (_, after) in self.figures.items()}
        return {"initial": initial, "corrected": corrected, "changes": self.changes}


def compare_by_convention(pairs: Pairs, correct: Correct) -> Comparison:
    """Corrects all takes and measures them.

    Args:
        pairs: with takes to fit conventions on; without, only ``true`` is measured.
        correct: gives the corrected points (T, J, 2) of a take.
    """
    true = [take.true for take in pairs.takes]
    initial = [take.detected[..., :2] for take in pairs.takes]
    corrected = [correct(take) for take in pairs.takes]
    figures = {"true": _both(initial, corrected, true, pairs.joints)}
    judged = true
    if pairs.fitting:
        labels = np.concatenate([take.true for take in pairs.fitting])
        found = np.concatenate([take.detected[..., :2] for take in pairs.fitting])
        fixed = np.concatenate([correct(take) for take in pairs.fitting])
        judged = _carried(true, fit_convention(labels, found))
        figures["own"] = _both(initial, corrected, judged, pairs.joints)
        before, after = fit_convention(found, labels), fit_convention(fixed, labels)
        figures["true_carried"] = _both(
            _carried(initial, before), _carried(corrected, after), true, pairs.joints
        )
    cases = [
        Case(take.name, *points)
        for take, points in zip(pairs.takes, zip(judged, initial, corrected, strict=True), strict=True)
    ]
    return Comparison(figures, compare(cases, joints=pairs.joints))


def _both(
    initial: list[Floats], corrected: list[Floats], true: list[Floats], joints: tuple[str, ...]
) -> tuple[Figures, Figures]:
    return measure(initial, true, joints=joints), measure(corrected, true, joints=joints)


def _carried(points: list[Floats], matrix: Floats) -> list[Floats]:
    return [carry(take, matrix) for take in points]
