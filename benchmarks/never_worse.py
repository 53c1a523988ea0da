"""What the corrector does to good input, and to exchanges and gaps put into it.

    python -m benchmarks.never_worse ../shared/data [--weights FILE ...]

Good input is true motion with 1 px of noise per axis: Human3.6M's labels (S8, on which nothing was trained)
at several frame rates, and clips of Penn Action. Into the clips, with 1.5 px of noise, exchanges of 1 to 10
frames and gaps of up to 10 frames are put.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from corrector import Corrector
from corrector.training.motion_datasets import H36M_JOINTS, VALIDATION_SUBJECTS, load_h36m, load_motion
from estimators.skeletons import JOINTS

Floats = NDArray[np.floating]

PENN_JOINTS = tuple(joint for joint in JOINTS if joint not in ("neck", "head_top"))
EXCHANGED = (("wrist",), ("elbow", "wrist"), ("ankle",), ("hip", "knee", "ankle"))
MISSING = ("left_wrist", "right_ankle", "left_knee", "right_elbow")
LONGEST_EXCHANGE = GAP = 10
CLIPS, CLIP_FRAMES, EVERY = 300, 45, 35
BESIDE = 5
GAP_ROWS = ("gaps", "straight lines", "neighbours given", "neighbours corrected", "all other joints")
WORSE_PX, TELLABLE_PX = 5.0, 20.0


@dataclass(frozen=True)
class Clip:
    """True motion (T, J, 2) in pixels, NaN where unknown, with the joints' names and frames a second."""

    true: Floats
    joints: tuple[str, ...]
    fps: float

    def correct(self, given: Floats, corrector: Corrector) -> Floats:
        """Corrected points (T, J, 2) of given ones."""
        scored = np.concatenate((given, np.ones((*given.shape[:2], 1))), axis=2)
        times = np.arange(len(given)) / self.fps
        return corrector.correct(scored, pts_seconds=times, joints=self.joints).keypoints

    def error(self, points: Floats) -> Floats:
        """Distances (T, J) to the truth."""
        return np.linalg.norm(points - self.true, axis=2)

    def indices(self, parts: Sequence[str], side: str) -> list[int]:
        """Of some parts of the body of one side."""
        return [self.joints.index(f"{side}_{part}") for part in parts]


def h36m_clips(data: Path, *, every: int) -> list[Clip]:
    """Labels of the validation subject, each ``every``-th frame."""
    takes = load_h36m(data / "h36m_sh", VALIDATION_SUBJECTS)[::15]
    return [Clip(take.true[::every].astype(np.float64), H36M_JOINTS, take.fps / every) for take in takes]


def penn_clips(data: Path) -> list[Clip]:
    """Clips of Penn Action that are long enough."""
    _, flat = load_motion(data / "motion")
    columns = [JOINTS.index(joint) for joint in PENN_JOINTS]
    starts = np.cumsum((0, *flat.lengths[:-1]))
    long = [(start, n) for start, n in zip(starts, flat.lengths, strict=True) if n >= CLIP_FRAMES]
    chosen = long[:: max(1, len(long) // CLIPS)]
    return [
        Clip(flat.points[s : s + n, columns].astype(np.float64), PENN_JOINTS, flat.fps) for s, n in chosen
    ]


def good_input(clips: Sequence[Clip], corrector: Corrector) -> tuple[str, ...]:
    """Mean errors before and after, those of the wrists, and the share made worse by more than 5 px."""
    rng = np.random.default_rng(0)
    before, after, wrists = [], [], []
    for clip in clips:
        given = clip.true + rng.normal(0, 1, clip.true.shape)
        errors = clip.error(given), clip.error(clip.correct(given, corrector))
        both = clip.indices(["wrist"], "left") + clip.indices(["wrist"], "right")
        before.append(errors[0].ravel())
        after.append(errors[1].ravel())
        wrists.append(np.stack([part[:, both].ravel() for part in errors]))
    first, then, hands = np.concatenate(before), np.concatenate(after), np.concatenate(wrists, axis=1)
    known = np.isfinite(first)
    worse = 100 * (then[known] > first[known] + WORSE_PX).mean()
    means = [np.nanmean(first), np.nanmean(then), *np.nanmean(hands, axis=1)]
    return (*(f"{mean:.2f}" for mean in means), f"{worse:.2f}")


def exchanges(clips: Sequence[Clip], corrector: Corrector) -> str:
    """How many inserted exchanges are undone: both sides' error at most halved."""
    rng = np.random.default_rng(1)
    undone, worse = [], []
    for number, clip in enumerate(clips):
        parts = EXCHANGED[number % len(EXCHANGED)]
        left, right = clip.indices(parts, "left"), clip.indices(parts, "right")
        given = clip.true + rng.normal(0, 1.5, clip.true.shape)
        spans = [slice(s, s + int(rng.integers(1, LONGEST_EXCHANGE + 1))) for s in _starts(clip)]
        for span in spans:
            given[span, left + right] = given[span, right + left]
        before, after = clip.error(given), clip.error(clip.correct(given, corrector))
        worse.append((after > before + WORSE_PX)[np.isfinite(before)])
        for span in spans:
            wrong, now = before[span, left + right].mean(), after[span, left + right].mean()
            if wrong > TELLABLE_PX:
                undone.append(now < 0.5 * wrong)
    shares = 100 * np.mean(undone), 100 * np.concatenate(worse).mean()
    return f"{shares[0]:.1f} % of {len(undone)} exchanges undone, {shares[1]:.2f} % of points > 5 px worse"


def gaps(clips: Sequence[Clip], corrector: Corrector, *, shortest: int) -> str:
    """How near joints filled into gaps are to the truth, beside straight lines and what was given.

    Gaps are of ``shortest`` to ``GAP`` frames. Neighbours are the same joint in the ``BESIDE`` frames before
    and after, as given and corrected.
    """
    rng = np.random.default_rng(2)
    found: dict[str, list[Floats]] = {name: [] for name in GAP_ROWS}
    for number, clip in enumerate(clips):
        joint = clip.joints.index(MISSING[number % len(MISSING)])
        given = clip.true + rng.normal(0, 1.5, clip.true.shape)
        gap, beside = np.zeros((2, len(given)), dtype=bool)
        for start in _starts(clip):
            stop = start + int(rng.integers(shortest, GAP + 1))
            gap[start:stop] = True
            beside[start - BESIDE : stop + BESIDE] = True
        beside &= ~gap
        known, frames = ~gap & np.isfinite(given[:, joint, 0]), np.arange(len(given))
        straight = given.copy()
        for axis in range(2):
            straight[gap, joint, axis] = np.interp(frames[gap], frames[known], given[known, joint, axis])
        before = clip.error(given)
        given[gap, joint] = np.nan
        after = clip.error(clip.correct(given, corrector))
        errors = (after[gap, joint], clip.error(straight)[gap, joint], before[beside, joint])
        for name, values in zip(GAP_ROWS, (*errors, after[beside, joint], after[~gap].ravel()), strict=True):
            found[name].append(values)
    return ", ".join(
        f"{name} {np.nanmean(values):.2f} px (median {np.nanmedian(values):.2f})"
        for name, parts in found.items()
        for values in [np.concatenate(parts)]
    )


def _starts(clip: Clip) -> Iterator[int]:
    """First frames of what is put into a clip, where the truth is known all around."""
    known = np.asarray(np.isfinite(clip.true).all(axis=(1, 2)))
    for start in range(EVERY // 2, len(clip.true) - EVERY // 2, EVERY):
        if known[start - 5 : start + LONGEST_EXCHANGE + 5].all():
            yield start


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DIR", help="folder that holds h36m_sh/ and motion/")
    parser.add_argument("--weights", type=Path, nargs="*", metavar="FILE", help="(default: the default ones)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    penn = penn_clips(args.data)
    good = {f"Human3.6M, {25 / n:g} fps": h36m_clips(args.data, every=n) for n in (1, 2, 5)}
    good["Penn Action, 30 fps"] = penn
    whole = [clip for clip in penn if any(True for _ in _starts(clip))]
    console = Console(width=120)
    for path in args.weights or [None]:
        corrector = Corrector.from_weights(path, device=torch.device("cpu"))
        table = Table(
            "", "before, px", "after", "wrists before", "after", "> 5 px worse, %", title=corrector.name
        )
        for name, clips in good.items():
            table.add_row(name, *good_input(clips, corrector))
        console.print(table)
        console.print(exchanges(whole, corrector))
        for shortest in (1, GAP):
            console.print(f"{shortest} to {GAP} frames: {gaps(whole, corrector, shortest=shortest)}")


if __name__ == "__main__":
    main()
