"""Carries poses from one labelling convention to another.

Two data sets, or a data set and a detector, put a hip or the top of a head at different places of the body.
The difference moves and turns with the body, so it is a fixed combination of the vectors between joints: a
matrix (J, J) whose rows add up to one maps one convention onto the other, whatever the person's place, size
and turn in the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
ROUNDS = 12


def fit_convention(
    source: Floats, target: Floats, *, inlier: float = 3.0, ridge: float = 1e-3, rows: int = 150_000
) -> Floats:
    """The matrix (J, J) that maps ``source`` onto ``target``, by least absolute deviations.

    Outliers of a detector do not pull it. Each row is fitted by reweighted least squares.

    Args:
        source: (N, J, 2), pixels, complete.
        target: (N, J, 2), pixels, complete.
        inlier: pixels; residuals below it count alike.
        ridge: shrinks the weights, in squared pixels a sample.
        rows: at most so many samples are used, spread evenly.
    """
    step = max(1, len(source) // rows)
    middle = source[::step].mean(axis=1, keepdims=True, dtype=np.float64)
    inputs = (source[::step] - middle).transpose(0, 2, 1).reshape(-1, source.shape[1])
    outputs = (target[::step] - middle).transpose(0, 2, 1).reshape(-1, target.shape[1])
    joints = inputs.shape[1]
    matrix = np.zeros((joints, joints))
    for joint, wanted in enumerate(outputs.T):
        weight = np.ones(len(wanted))
        for _ in range(ROUNDS):
            scaled = inputs * weight[:, None]
            normal = scaled.T @ inputs + ridge * len(wanted) * np.eye(joints)
            row = np.linalg.solve(normal, scaled.T @ wanted)
            apart = np.linalg.norm((inputs @ row - wanted).reshape(-1, 2), axis=1)
            weight = np.repeat(1 / np.maximum(apart, inlier), 2)
        # The inputs are centred, so this changes nothing but where a shifted pose ends up.
        matrix[joint] = row + (1 - row.sum()) / joints
    return matrix


def apply_convention(points: Floats, matrix: Floats) -> Floats:
    """Points (..., J, 2) in the other convention."""
    return np.einsum("jk,...kc->...jc", matrix, points)
