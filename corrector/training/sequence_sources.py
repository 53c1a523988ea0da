"""Takes of one kind to draw training windows from: pairs of an estimator, or motion alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from corrector.training.conventions import apply_convention, fit_convention
from corrector.training.motion_datasets import Motion
from corrector.training.pairs_file import Floats, Take
from estimators.known_skeletons import of_joints

SLOWEST_FPS = 2.0
"""Takes with fewer frames a second are single photographs of one person: their order means nothing."""


@dataclass(frozen=True)
class SequenceSource:
    """Takes of one kind, one after another.

    Attributes:
        given: (N, J, 2), the estimator's points, or None where errors are to be simulated.
        scores: (N, J), the estimator's scores, NaN where it gives none, or None.
        true: (N, J, 2 or 3).
        starts: (S,), first frame of each take.
        lengths: (S,).
        fps: frames a second.
        share: of a batch's windows.
        smooth: whether accelerations can be learnt from it.
    """

    given: Tensor | None
    scores: Tensor | None
    true: Tensor
    starts: Tensor
    lengths: Tensor
    fps: float
    share: float
    smooth: bool

    @property
    def photographs(self) -> bool:
        """Whether its frames lie so far apart that their order means nothing."""
        return self.fps < SLOWEST_FPS


def arrange(points: Floats, joints: Sequence[str]) -> Floats:
    """Values (T, J, C) of some joints as float32 of all of posefix's (T, 15, C), NaN where there are none."""
    return of_joints(joints).select(points.astype(np.float32))


def convention(takes: Sequence[Take]) -> Floats:
    """The matrix (J, J) from the labels' convention to the estimator's, fitted on frames that have all."""
    detected = np.concatenate([take.detected[..., :2] for take in takes])
    true = np.concatenate([take.true for take in takes])
    whole = np.isfinite(detected).all(axis=(1, 2)) & np.isfinite(true).all(axis=(1, 2))
    if not whole.any():
        raise ValueError("No frame of the pairs has all joints: the convention cannot be fitted.")
    return fit_convention(true[whole], detected[whole])


def target(take: Take, matrix: Floats | None) -> Floats:
    """What is trained towards, (T, J, 2): the truth, carried over by the matrix where there is one."""
    return take.true if matrix is None else apply_convention(take.true, matrix)


def pair_source(
    takes: Sequence[Take],
    joints: Sequence[str],
    matrix: Floats | None,
    *,
    share: float,
    device: torch.device,
) -> SequenceSource:
    """Real pairs of some joints; ``matrix`` is that of :func:`convention`, or None for labels as they are."""
    detected = np.concatenate([take.detected for take in takes])
    given = torch.from_numpy(arrange(detected[..., :2], joints)).to(device)
    scores = torch.from_numpy(arrange(detected[..., 2:], joints)[..., 0]).to(device)
    true = arrange(np.concatenate([target(take, matrix) for take in takes]), joints)
    lengths = [len(take.true) for take in takes]
    fps = takes[0].fps
    return _source(given, scores, true, lengths, fps, share, fps >= SLOWEST_FPS, device)


def motion_source(motion: Motion, *, share: float, smooth: bool, device: torch.device) -> SequenceSource:
    """Motion whose errors are simulated."""
    return _source(None, None, motion.points, motion.lengths, motion.fps, share, smooth, device)


def _source(
    given: Tensor | None,
    scores: Tensor | None,
    true: Floats,
    lengths: Sequence[int],
    fps: float,
    share: float,
    smooth: bool,
    device: torch.device,
) -> SequenceSource:
    size = torch.tensor(lengths, device=device)
    return SequenceSource(
        given, scores, torch.from_numpy(true).to(device), size.cumsum(0) - size, size, fps, share, smooth
    )
