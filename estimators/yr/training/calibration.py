"""How likely a person and each joint are right, given their scores: fitted to people held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from estimators.yr.configuration import YRConfiguration
from estimators.yr.evaluation import correct, own_placement
from estimators.yr.model import PartModel
from estimators.yr.part_detector import PartDetector
from estimators.yr.training.samples import Sample, read_image

Array = NDArray[np.float64]

RIDGE = 1e-3
SLACK = 2.0  # people are looked for this far below the threshold: failures teach as well
CANDIDATES = 500


@dataclass(frozen=True)
class Findings:
    """What a model finds of people held out.

    Attributes:
        scores: (people,), of the placement that is theirs.
        responses: (people, joints), of the joints' templates.
        hits: (people, joints), whether a joint is right.
        misses: how many people were not found at all.
    """

    scores: Array
    responses: Array
    hits: NDArray[np.bool_]
    misses: int


def find_held_out(
    model: PartModel, configuration: YRConfiguration, samples: Sequence[Sample], *, device: torch.device
) -> Findings:
    """Looks for people who were not trained on, each in the whole picture.

    Raises:
        ValueError: nobody is found.
    """
    body = configuration.parts
    joints = list(body.joint_parts)
    points = np.stack([body.part_weights @ sample.points for sample in samples])
    detector = PartDetector(model, device=device)
    scores, responses, hits = [], [], []
    for sample, places in zip(samples, points[:, joints], strict=True):
        found = detector.detect(sample.read(), threshold=model.threshold - SLACK, limit=CANDIDATES)
        own = own_placement(found, places)
        if own is None:
            continue
        scores.append(found.scores[own])
        responses.append(found.responses[own, joints])
        hits.append(correct(found.points[own, joints], places))
    if not hits:
        raise ValueError("The model finds none of the people held out. Train it on more people.")
    return Findings(np.array(scores), np.array(responses), np.array(hits), len(samples) - len(hits))


def calibrate(
    model: PartModel,
    configuration: YRConfiguration,
    findings: Findings,
    negatives: Sequence[Path],
    *,
    device: torch.device,
) -> YRConfiguration:
    """The configuration with confidences fitted to what was found.

    Args:
        negatives: photos without people; the best placement in each stands for a mistake.
    """
    detector = PartDetector(model, device=device)
    best = [
        detector.detect(read_image(path), threshold=model.threshold - 2 * SLACK, limit=1).scores
        for path in negatives
    ]
    mistakes = np.concatenate(best)
    everything = np.concatenate([findings.scores, mistakes])
    people = np.arange(len(everything)) < len(findings.scores)
    slope, offset = logistic_regression(everything[:, None], people)
    joints = [
        logistic_regression(
            np.column_stack([findings.responses[:, joint], findings.scores]), findings.hits[:, joint]
        )
        for joint in range(findings.hits.shape[1])
    ]
    return replace(
        configuration,
        person_confidence=(float(slope), float(offset)),
        joint_confidence=tuple((float(a), float(b), float(c)) for a, b, c in joints),
    )


def logistic_regression(evidence: Array, truth: NDArray[np.bool_]) -> Array:
    """Weights and offset of the most likely logistic model, with a slight ridge.

    Args:
        evidence: (n, features).
        truth: (n,).

    Returns:
        (features + 1,).
    """
    rows = np.column_stack([evidence, np.ones(len(evidence))])
    signs = np.where(truth, 1.0, -1.0)

    def loss(weights: Array) -> tuple[float, Array]:
        margins = signs * (rows @ weights)
        missing = 0.5 * (1 - np.tanh(0.5 * margins))
        gradient = -(rows * (signs * missing)[:, None]).mean(axis=0) + RIDGE * weights
        return float(np.logaddexp(0, -margins).mean() + 0.5 * RIDGE * (weights**2).sum()), gradient

    return np.asarray(minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x)
