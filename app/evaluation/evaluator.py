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

from app.evaluation.correction_metrics import Case, Metrics, compare, measure
from app.evaluation.pairs import Pairs
from corrector.training.conventions import apply_convention, fit_convention
from corrector.training.pairs_file import Take

Floats = NDArray[np.floating]
Correct = Callable[[Take], Floats]


@dataclass(frozen=True)
class Comparison:
    """Initial against corrected.

    Attributes:
        figures: by convention, those of the initial and of the corrected points.
        changes: see :func:`app.evaluation.correction_metrics.compare`; in the detector's own convention where
            known.
    """

    figures: dict[str, tuple[Metrics, Metrics]]
    changes: dict[str, float]

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON: ``initial`` and ``corrected`` with the same keys, and ``changes``."""
        initial = {name: before.to_dict() for name, (before, _) in self.figures.items()}
        corrected = {name: after.to_dict() for name, (_, after) in self.figures.items()}
        return {"initial": initial, "corrected": corrected, "changes": self.changes}


class Evaluator:
    """Measures corrections of the same pairs.

    Attributes:
        pairs: with takes to fit conventions on; without, only ``true`` is measured.
        truth: by convention, the true points of each take.
    """

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs
        true = [take.true for take in pairs.takes]
        initial = [take.detected[..., :2] for take in pairs.takes]
        self.truth, self._initial = {"true": true}, {"true": initial}
        self._labels: Floats | None = None
        if pairs.fitting:
            self._labels = np.concatenate([take.true for take in pairs.fitting])
            found = np.concatenate([take.detected[..., :2] for take in pairs.fitting])
            to_own, to_labels = fit_convention(self._labels, found), fit_convention(found, self._labels)
            self.truth |= {"own": _carried(true, to_own), "true_carried": true}
            self._initial |= {"own": initial, "true_carried": _carried(initial, to_labels)}
        self._before = {
            name: measure(points, self.truth[name], joints=pairs.joints)
            for name, points in self._initial.items()
        }

    def compare(self, correct: Correct) -> Comparison:
        """Corrects all takes and measures them; ``correct`` gives the points (T, J, 2) of a take."""
        pairs = self.pairs
        corrected = [correct(take) for take in pairs.takes]
        points = {"true": corrected}
        if self._labels is not None:
            fixed = np.concatenate([correct(take) for take in pairs.fitting])
            to_labels = fit_convention(fixed, self._labels)
            points |= {"own": corrected, "true_carried": _carried(corrected, to_labels)}
        figures = {
            name: (before, measure(points[name], self.truth[name], joints=pairs.joints))
            for name, before in self._before.items()
        }
        judged = self.truth.get("own", self.truth["true"])
        cases = [
            Case(take.name, true, take.detected[..., :2], after)
            for take, true, after in zip(pairs.takes, judged, corrected, strict=True)
        ]
        return Comparison(figures, compare(cases, joints=pairs.joints))


def _carried(points: list[Floats], matrix: Floats) -> list[Floats]:
    return [apply_convention(take, matrix) for take in points]
