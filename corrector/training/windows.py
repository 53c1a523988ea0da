"""Draws training windows: pairs of a detector and motion with simulated errors, varied in every way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from corrector.features import REFERENCE_STEP, Window, center_and_scale
from corrector.training.cameras import project, turn, uniform
from corrector.training.errors import ErrorModel
from corrector.training.limb_scaling import scale_limbs
from corrector.training.sequence_sources import SequenceSource
from estimators.skeletons import JOINTS, POSEFIX, UPPER_BODY

# Every how many frames a window takes one, and how often: 25 or 30 fps down to 5, and single photographs.
_STRIDES = ((1, 0.7), (2, 0.11), (3, 0.08), (6, 0.08), (40, 0.03))
_HEADLESS = tuple(joint for joint in JOINTS if joint != "head")
_PENN = tuple(joint for joint in JOINTS if joint not in ("neck", "head_top"))
_SKELETONS = ((JOINTS, 0.2), (_HEADLESS, 0.4), (_PENN, 0.2), (UPPER_BODY, 0.2))
WHOLE_SHARE = 0.5
"""Of the pairs of videos, how many show all that the detector gave: every joint, none missing, no scores."""

PERSON_SIZE = 60.0
"""Pixels that every person of a batch is in size."""


class TrainingBatch(NamedTuple):
    """A batch of windows with their answers.

    Attributes:
        window: what a detector gives, in pixels.
        target: (B, L, J, 2), true points in pixels, NaN where unknown.
        smooth: (B,), whether the true motion is smooth enough to learn accelerations from.
    """

    window: Window
    target: Tensor
    smooth: Tensor


class WindowSampler:
    """Draws batches from sources; the same seed and number give the same batch.

    Args:
        sources: to draw from.
        joints: of the network.
        length: steps of a window.
        device: of the batches.
        seed: of everything random.
        bodies: change people's proportions, too; see :mod:`corrector.training.limb_scaling`.
    """

    def __init__(
        self,
        sources: Sequence[SequenceSource],
        *,
        joints: Sequence[str],
        length: int,
        device: torch.device,
        seed: int,
        bodies: bool = True,
    ) -> None:
        self._sources, self._length, self._seed, self._bodies = sources, length, seed, bodies
        self._generator = torch.Generator(device=device)
        self._errors = ErrorModel(JOINTS, self._generator)
        self._mirror = list(POSEFIX.flip_indices)
        self._joints = [JOINTS.index(joint) for joint in joints]
        skeletons = [[joint in kept for joint in JOINTS] for kept, _ in _SKELETONS]
        self._skeletons = torch.tensor(skeletons, device=device)
        self._headless = self._skeletons[1]
        self._skeleton_odds = torch.tensor([odds for _, odds in _SKELETONS], device=device)

    def batch(self, number: int, size: int) -> TrainingBatch:
        """Batch ``number`` of ``size`` windows or so, shared out among the sources."""
        self._generator.manual_seed(self._seed * 1_000_003 + number)
        drawn = [self._draw(source, round(size * source.share)) for source in self._sources]
        true, given, rated, inside, seconds, smooth = (torch.cat(part) for part in zip(*drawn, strict=True))
        present = true[..., 0].isfinite()
        place, unit = center_and_scale(Window(true.nan_to_num(0), present, present, seconds), JOINTS)
        true, given = (true - place) / unit, (given - place) / unit
        if self._bodies:
            true, given = scale_limbs(true, given, self._generator)
        true, given = self._vary(true, given)
        real = given[..., 0].isfinite().any(dim=2).any(dim=1)
        # Nothing around a single photograph tells of a joint that is left out or put elsewhere.
        photographs = real & ~smooth
        whole = photographs | (real & self._chance(WHOLE_SHARE, len(real)))
        confused = self._errors.add_swaps(true, seconds, share=torch.full_like(true[:, 0, 0, 0], 0.25))
        noisy = self._errors.noise(confused, seconds)
        given = torch.where(real.view(-1, 1, 1, 1), given, noisy)
        given = self._errors.add_outliers(given, seconds, share=torch.where(real, 0.05, 0.4) * ~photographs)
        points, present, scores = self._observe(given, true, rated, inside, seconds, whole)
        known = inside.unsqueeze(2) & present.any(dim=1, keepdim=True)
        target = PERSON_SIZE * true.masked_fill(~known.unsqueeze(3), torch.nan)
        kept = self._joints
        window = Window(points[:, :, kept], present[:, :, kept].float(), scores[:, :, kept], seconds)
        return TrainingBatch(window, target[:, :, kept], smooth)

    def _draw(self, source: SequenceSource, count: int) -> tuple[Tensor, ...]:
        """True and detected points, scores (NaN where to be simulated), frames inside, times, smooth."""
        index, inside, seconds = self._pick(source, count)
        true = source.true[index]
        if true.shape[3] == 3:
            true = project(true, self._generator)
        given = torch.full_like(true, torch.nan) if source.given is None else source.given[index]
        rated = torch.full_like(true[..., 0], torch.nan) if source.scores is None else source.scores[index]
        return true, given, rated, inside, seconds, inside.new_full((count,), source.smooth)

    def _vary(self, *points: Tensor) -> tuple[Tensor, ...]:
        """The same points mirrored or not, and half of them turned in the picture by up to 30 degrees."""
        count = len(points[0])
        angle = uniform(-30, 30, (count,), self._generator) * self._chance(0.5, count)
        flip = self._chance(0.5, count).view(-1, 1, 1, 1)
        flipped = points[0].new_tensor([-1.0, 1.0])
        return tuple(turn(torch.where(flip, p[:, :, self._mirror] * flipped, p), angle) for p in points)

    def _observe(
        self,
        given: Tensor,
        true: Tensor,
        rated: Tensor,
        inside: Tensor,
        seconds: Tensor,
        whole: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What a detector gives of the points: those not missed, in pixels, whether there, and scores.

        Of the ``whole`` windows (B,) all of it, a head that lies between two others or not, and no scores
        but those that the estimator gave (``rated``).
        """
        count, all_of_it = len(given), whole.view(-1, 1, 1)
        missing = self._errors.misses((count, self._length, len(JOINTS)), seconds)
        missing &= self._chance(0.45, count).view(-1, 1, 1) & ~all_of_it
        own_head = given[:, :, [JOINTS.index("neck")], 0].isnan().all(dim=1, keepdim=True)
        shown = self._pick_skeletons(count) | (all_of_it & (self._headless | own_head))
        present = ~missing & shown & inside.unsqueeze(2) & given[..., 0].isfinite()
        scores = self._errors.scores((given - true).norm(dim=3))
        scores = torch.where(all_of_it, 1.0, scores)
        scores = torch.where(rated.isfinite(), rated, scores) * present
        return PERSON_SIZE * given.masked_fill(~present.unsqueeze(3), 0), present, scores

    def _pick(self, source: SequenceSource, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Frames (B, L) of random windows, which of them lie inside of the take, and their times."""
        random, device = self._generator, source.starts.device
        if source.photographs:
            return self._pick_photographs(source, count)
        odds = torch.tensor([share for _, share in _STRIDES], device=device)
        strides = torch.tensor([stride for stride, _ in _STRIDES], device=device)
        stride = strides[torch.multinomial(odds, count, replacement=True, generator=random)].unsqueeze(1)
        take = torch.multinomial(source.lengths.float(), count, replacement=True, generator=random)
        length = source.lengths[take].unsqueeze(1)
        room = (length - self._length * stride).clamp(min=0) + 1
        start = (uniform(0, 1, (count, 1), random) * room).long()
        frame = start + torch.arange(self._length, device=device) * stride
        ends = uniform(1, self._length, (count,), random)
        ends = torch.where(self._chance(0.06, count), ends, self._length)
        inside = (frame < length) & (torch.arange(self._length, device=device) < ends.unsqueeze(1))
        step = stride / source.fps
        if source.given is None:
            step = step * uniform(0.7, 1.25, (count, 1), random)
        seconds = torch.where(inside, step, REFERENCE_STEP).cumsum(1)
        return source.starts[take].unsqueeze(1) + frame.clamp(max=length - 1), inside, seconds

    def _pick_photographs(self, source: SequenceSource, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """The same of takes whose frames lie seconds apart: any of them, in any order."""
        random, device = self._generator, source.starts.device
        take = torch.multinomial(source.lengths.float(), count, replacement=True, generator=random)
        length = source.lengths[take].unsqueeze(1)
        longest = max(int(source.lengths.max()), self._length)
        keys = uniform(0, 1, (count, longest), random)
        keys = keys.masked_fill(torch.arange(longest, device=device) >= length, 2.0)
        frame = keys.argsort(dim=1)[:, : self._length]
        inside = torch.arange(self._length, device=device) < length
        step = torch.full_like(frame, 1 / source.fps, dtype=torch.float32)
        seconds = torch.where(inside, step, REFERENCE_STEP).cumsum(1)
        return source.starts[take].unsqueeze(1) + frame.clamp(max=length - 1), inside, seconds

    def _pick_skeletons(self, count: int) -> Tensor:
        picked = torch.multinomial(self._skeleton_odds, count, replacement=True, generator=self._generator)
        return self._skeletons[picked].unsqueeze(1)

    def _chance(self, share: float, count: int) -> Tensor:
        return uniform(0, 1, (count,), self._generator) < share
