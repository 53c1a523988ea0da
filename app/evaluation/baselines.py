"""What the corrector is compared with: filters with tuned settings, and SmoothNet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.evaluation.evaluator import Correct
from app.evaluation.filters import FILTERS, Filter, settings
from app.evaluation.pairs import Pairs
from app.evaluation.smoothnet import load_smoothnet, smoother
from corrector.training.conventions import apply_convention, fit_convention
from corrector.training.pairs_file import Take

Floats = NDArray[np.floating]


def tuned_filters(pairs: Pairs) -> dict[str, Correct]:
    """The filters by name and setting, each with the least mean error on the takes for tuning.

    Errors are in the detector's own convention where it can be fitted. Without takes for tuning, the measured
    ones are taken, in the filters' favour.
    """
    takes = pairs.tuning or pairs.takes
    truth = [take.true for take in takes]
    if pairs.fitting:
        matrix = fit_convention(
            np.concatenate([take.true for take in pairs.fitting]),
            np.concatenate([take.detected[..., :2] for take in pairs.fitting]),
        )
        truth = [apply_convention(true, matrix) for true in truth]
    found: dict[str, Correct] = {}
    for name, (function, _) in FILTERS.items():
        corrections = {
            f"{name} ({', '.join(f'{key} {value:g}' for key, value in setting.items())})": partial(
                _filtered, function=partial(function, **setting)
            )
            for setting in settings(name)
        }
        errors = {label: _error(correct, takes, truth) for label, correct in corrections.items()}
        best = min(errors, key=errors.__getitem__)
        found[best] = corrections[best]
    return found


def smoothnet(path: Path) -> Correct:
    """SmoothNet with the weights that ``python -m benchmarks.smoothnet`` wrote."""
    return partial(_filtered, function=smoother(load_smoothnet(path)))


def _error(correct: Correct, takes: Sequence[Take], truth: Sequence[Floats]) -> float:
    apart = [np.linalg.norm(correct(t) - true, axis=2).ravel() for t, true in zip(takes, truth, strict=True)]
    return float(np.nanmean(np.concatenate(apart)))


def _filtered(take: Take, *, function: Filter) -> Floats:
    """A filter's answer; missing points are filled in along straight lines for it and missing again after."""
    points = take.detected[..., :2].astype(np.float64)
    tracks, frames = points.reshape(len(points), -1), np.arange(len(points))
    there = np.isfinite(tracks)
    whole = [
        np.interp(frames, frames[known], track[known]) if known.any() else np.zeros(len(track))
        for track, known in zip(tracks.T, there.T, strict=True)
    ]
    answer = function(np.stack(whole, axis=1).reshape(points.shape), take.fps)
    return np.where(there.reshape(points.shape), answer, np.nan)
