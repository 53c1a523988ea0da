"""How good corrected joints are beside the initial ones: figures with bootstrap intervals.

Points are (T, J, 2) in pixels; a true point that is NaN is not judged. An initial or corrected point that is
missing is as wrong as can be for PCK and left out of the errors in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from estimators.known_skeletons import of_joints
from estimators.metrics import hits, joint_distances, pck_curve, person_size

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
WORSE_PX = 5.0
PER_JOINT = ("error_px", "pck20", "pck_0.2", "pck_0.05")
PCK_PX = 20.0
PCK_SHARES = (0.05, 0.2)
CURVE_PX = range(41)
MIN_PAIR_DISTANCE = 0.06
"""Of the person's size. True left and right joints nearer to each other than that cannot be told swapped."""


@dataclass(frozen=True)
class Case:
    """One take: where the joints are, were found, and were put by a correction.

    Attributes:
        name: for messages.
        true: (T, J, 2), pixels.
        initial: (T, J, 2), pixels.
        corrected: (T, J, 2), pixels.
    """

    name: str
    true: Floats
    initial: Floats
    corrected: Floats

    def __post_init__(self) -> None:
        if not self.true.shape == self.initial.shape == self.corrected.shape:
            shapes = (self.true.shape, self.initial.shape, self.corrected.shape)
            raise ValueError(f"{self.name}: true, initial and corrected differ in shape: {shapes}.")


@dataclass(frozen=True)
class Metrics:
    """Metrics of one set of points; shares are in 0..1, lengths in pixels.

    Attributes:
        mean: of all points: ``pck20`` (share within 20 px), ``pck_0.05``, ``pck_0.2`` (of the person's size),
            ``error_px``, ``worst_px`` (mean error of the worst 1 % of frames), ``acceleration_px`` (error of
            second differences), ``swaps`` (share of the pairs that are exchanged).
        per_joint: those of ``mean`` in :data:`PER_JOINT`, by joint.
        curve: by joint, the share of points within each of :data:`CURVE_PX` pixels.
        intervals: 95 % bootstrap intervals over takes of those in ``mean`` that are averages.
    """

    mean: dict[str, float]
    per_joint: dict[str, dict[str, float]]
    curve: dict[str, list[float]]
    intervals: dict[str, tuple[float, float]]

    def to_dict(self) -> dict[str, object]:
        """As plain values for JSON."""
        return {
            **self.mean,
            **{f"{name}_per_joint": values for name, values in self.per_joint.items()},
            "pck_curve_per_joint": self.curve,
            "intervals": {name: list(ends) for name, ends in self.intervals.items()},
        }


def swapped(points: Floats, true: Floats, pairs: Sequence[tuple[int, int]]) -> tuple[Bools, Bools]:
    """Which left/right pairs are exchanged, and in which that can be told at all: two of bool (T, P).

    Exchanged: both are nearer to the other's true place, taken together by half at least.
    """
    left, right = [a for a, _ in pairs], [b for _, b in pairs]
    apart = np.linalg.norm(true[:, left] - true[:, right], axis=2)
    with np.errstate(invalid="ignore"):
        tellable = apart > MIN_PAIR_DISTANCE * person_size(true)[:, None]
        straight = _distance(points[:, left], true[:, left]) + _distance(points[:, right], true[:, right])
        crossed = _distance(points[:, left], true[:, right]) + _distance(points[:, right], true[:, left])
        return tellable & (crossed < 0.5 * straight), tellable


def measure(
    points: Sequence[Floats], true: Sequence[Floats], *, joints: Sequence[str], seed: int = 0
) -> Metrics:
    """Metrics of the points of some takes.

    Args:
        points: one (T, J, 2) a take.
        true: the same of the true points.
        joints: names of the J joints.
        seed: of the bootstrap.
    """
    sums = [_sums(p, t, of_joints(joints).pair_indices) for p, t in zip(points, true, strict=True)]
    names = list(sums[0])
    tops = np.array([[take[name][0].sum() for name in names] for take in sums])
    counts = np.array([[take[name][1].sum() for name in names] for take in sums])
    with np.errstate(invalid="ignore"):
        mean = {n: float(v) for n, v in zip(names, tops.sum(0) / counts.sum(0), strict=True)}
        per_joint = {name: np.divide(*np.sum([take[name] for take in sums], axis=0)) for name in PER_JOINT}
    apart = np.concatenate([joint_distances(p, t) for p, t in zip(points, true, strict=True)])
    curve = pck_curve(apart, 1.0, CURVE_PX)
    frames = np.concatenate([_frame_errors(p, t) for p, t in zip(points, true, strict=True)])
    worst = np.sort(frames[np.isfinite(frames)])[-max(1, len(frames) // 100) :]
    return Metrics(
        mean=mean | {"worst_px": float(worst.mean())},
        per_joint={n: dict(zip(joints, values.tolist(), strict=True)) for n, values in per_joint.items()},
        curve=dict(zip(joints, curve.T.tolist(), strict=True)),
        intervals=_intervals(names, tops, counts, seed),
    )


def compare(cases: Sequence[Case], *, joints: Sequence[str]) -> dict[str, float]:
    """What the correction did to single joints.

    Returns:
        ``swaps_repaired`` (share of the initial left/right exchanges that are gone), ``swaps_made`` (share of
        the other pairs that it exchanged), ``made_worse`` (share of points more than 5 px further away) and
        ``made_better``.
    """
    pairs = of_joints(joints).pair_indices
    counts = np.zeros(4)
    worse, better, judged = 0, 0, 0
    for case in cases:
        before, tellable = swapped(case.initial, case.true, pairs)
        after, _ = swapped(case.corrected, case.true, pairs)
        counts += [(before & ~after).sum(), before.sum(), (after & ~before).sum(), (tellable & ~before).sum()]
        with np.errstate(invalid="ignore"):
            change = _distance(case.corrected, case.true) - _distance(case.initial, case.true)
        worse += int((change > WORSE_PX).sum())
        better += int((change < -WORSE_PX).sum())
        judged += int(np.isfinite(change).sum())
    return {
        "swaps_repaired": float(counts[0] / counts[1]) if counts[1] else float("nan"),
        "swaps_made": float(counts[2] / counts[3]) if counts[3] else float("nan"),
        "made_worse": worse / max(1, judged),
        "made_better": better / max(1, judged),
    }


def _distance(a: Floats, b: Floats) -> Floats:
    return np.linalg.norm(a - b, axis=-1)


def _frame_errors(points: Floats, true: Floats) -> Floats:
    apart = _distance(points, true)
    there = np.isfinite(apart)
    count = there.sum(axis=1)
    return np.where(count > 0, np.where(there, apart, 0).sum(axis=1) / np.maximum(count, 1), np.nan)


def _sums(points: Floats, true: Floats, pairs: Sequence[tuple[int, int]]) -> dict[str, tuple[Floats, Floats]]:
    """Numerators and denominators by joint (or pair) of the averages, of one take."""
    apart = joint_distances(points, true)
    known, found = (~np.isnan(apart)).sum(axis=0), np.isfinite(apart)
    size = person_size(true)
    bend = np.linalg.norm(np.diff(points - true, n=2, axis=0), axis=2)
    bent = np.isfinite(bend)
    exchanged, tellable = swapped(points, true, pairs)
    limits = {"pck20": PCK_PX} | {f"pck_{share}": share * size for share in PCK_SHARES}
    return {
        **{name: (hits(apart, limit).sum(axis=0), known) for name, limit in limits.items()},
        "error_px": (np.where(found, apart, 0).sum(axis=0), found.sum(axis=0)),
        "acceleration_px": (np.where(bent, bend, 0).sum(axis=0), bent.sum(axis=0)),
        "swaps": (exchanged.sum(axis=0), tellable.sum(axis=0)),
    }


def _intervals(
    names: Sequence[str], tops: Floats, counts: Floats, seed: int, rounds: int = 1000
) -> dict[str, tuple[float, float]]:
    takes = len(tops)
    draws = np.random.default_rng(seed).multinomial(takes, np.full(takes, 1 / takes), size=rounds)
    with np.errstate(invalid="ignore"):
        means = (draws @ tops) / (draws @ counts)
        low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}
