"""Simulated errors of a detector, after what was measured of a real one on Human3.6M.

Lengths are in person sizes (see :func:`corrector.features.center_and_scale`): one is about 65 px for a person
345 px tall, on which the detector's slow drift is 3 to 8 px RMS and its fast jitter 2 to 4. All functions
work on whole batches: B windows, L steps, J joints.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from corrector.training.cameras import log_uniform, uniform
from estimators.skeletons import POSEFIX

CLEAN_SHARE = 0.35
_DIFFICULTY = {"shoulder": 0.7, "hip": 0.9, "elbow": 1.1, "knee": 1.0, "wrist": 1.5, "ankle": 1.5}
# What errors strike together, and how often: single pairs, arms, legs, whole sides.
_GROUPS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("shoulder",), 0.5),
    (("elbow",), 1.0),
    (("wrist",), 2.5),
    (("hip",), 0.7),
    (("knee",), 1.2),
    (("ankle",), 2.0),
    (("elbow", "wrist"), 2.0),
    (("shoulder", "elbow", "wrist"), 1.0),
    (("knee", "ankle"), 2.0),
    (("hip", "knee", "ankle"), 1.0),
    (("head", "neck", "top"), 0.5),
    (("shoulder", "elbow", "wrist", "hip", "knee", "ankle"), 1.0),
)

# A pair of limbs: each on its own place, both on the left one's, both on the right one's, exchanged.
_CONFUSIONS = (0.4, 0.25, 0.25, 0.1)


class ErrorModel:
    """Draws errors for a skeleton; see the module."""

    def __init__(self, joints: Sequence[str], generator: torch.Generator) -> None:
        self._generator = generator
        device = generator.device
        parts = [joint.split("_")[-1] for joint in joints]
        self._difficulty = torch.tensor([_DIFFICULTY.get(part, 1.0) for part in parts], device=device)
        self._groups = torch.tensor(
            [[part in group for part in parts] for group, _ in _GROUPS], device=device
        )
        self._odds = torch.tensor([odds for _, odds in _GROUPS], device=device)
        sides = [[not joint.startswith(other) for joint in joints] for other in ("right_", "left_")]
        self._sides = torch.tensor(sides, device=device)
        self._mirror = POSEFIX.subset(joints).flip_indices
        self._confusions = torch.tensor(_CONFUSIONS, device=device)

    def noise(self, points: Tensor, seconds: Tensor) -> Tensor:
        """Points (B, L, J, 2) with slow drift, jitter and the rounding of a heat-map grid.

        A third of the windows is nearly clean: jitter alone, down to a thousandth of the person.
        """
        batch, _, joints, _ = points.shape
        clean = self._chance(CLEAN_SHARE, (batch, 1, 1, 1))
        own = self._difficulty.view(1, 1, -1, 1) * self._normal((batch, 1, joints, 1)).mul(0.3).exp()
        slow = self._log_uniform(0.02, 0.2, (batch, 1, 1, 1)) * own
        fast = self._log_uniform(0.005, 0.1, (batch, 1, 1, 1)) * own
        little = self._log_uniform(0.001, 0.03, (batch, 1, 1, 1))
        noisy = points + torch.where(clean, 0, slow) * self._drift(points, seconds)
        noisy = noisy + torch.where(clean, little, fast) * self._normal(tuple(points.shape))
        grid = self._uniform(0.02, 0.12, (batch, 1, 1, 1))
        rounded = (noisy / grid).round() * grid
        return torch.where(~clean & self._chance(0.5, (batch, 1, 1, 1)), rounded, noisy)

    def add_outliers(self, points: Tensor, seconds: Tensor, *, share: Tensor) -> Tensor:
        """Points with bursts of gross errors, in a ``share`` (B,) of the windows, three times over.

        Sides exchanged, one side on the other's place, jumps aside, and joints that stay where they were.
        """
        kinds = len(points), 1, 1
        for _ in range(3):
            struck = self._burst(seconds, share=share, usual=0.25)
            kind = self._uniform(0, 1, kinds)
            swapped = points[:, :, self._mirror]
            both = (struck & self._pick_groups(len(points)) & (kind < 0.45)).unsqueeze(3)
            points = torch.where(both, swapped, points)
            one = struck & self._pick_groups(len(points)) & self._pick_sides(len(points))
            points = torch.where((one & (kind >= 0.45) & (kind < 0.6)).unsqueeze(3), swapped, points)
            aside = self._normal((*kinds, 2)) * self._log_uniform(0.3, 2.0, (*kinds, 1))
            points = points + (one & (kind >= 0.6) & (kind < 0.9)).unsqueeze(3) * aside
            held = points.gather(1, self._first(struck).expand(-1, 1, points.shape[2], 2))
            points = torch.where((one & (kind >= 0.9)).unsqueeze(3), held, points)
        return points

    def add_swaps(self, points: Tensor, seconds: Tensor, *, share: Tensor) -> Tensor:
        """Points of which, in a ``share`` (B,) of the windows, a pair of limbs flickers for a second or so.

        As when one limb hides the other: from step to step both are on the left one, on the right one, each
        on its own, or exchanged, and they stay so for some steps or only for one.
        """
        batch, steps = points.shape[:2]
        limbs = self._burst(seconds, share=share, usual=1.0) & self._pick_groups(batch)
        fickle = self._uniform(0.1, 0.9, (batch, 1)) > self._uniform(0, 1, (batch, steps))
        fickle[:, 0] = True
        drawn = torch.multinomial(self._confusions, batch * steps, True, generator=self._generator)
        since = torch.where(fickle, torch.arange(steps, device=points.device), 0).cummax(dim=1).values
        state = drawn.view(batch, steps).gather(1, since)[:, :, None]
        left, right = ~self._sides[1], ~self._sides[0]
        moved = (left & (state >= 2)) | (right & ((state == 1) | (state == 3)))
        return torch.where((limbs & moved).unsqueeze(3), points[:, :, self._mirror], points)

    def misses(self, shape: tuple[int, int, int], seconds: Tensor) -> Tensor:
        """Which joints (B, L, J) are missing: bursts of joints, limbs or everything, and single ones."""
        batch = shape[0]
        missing = torch.zeros(shape, dtype=torch.bool, device=seconds.device)
        for _ in range(2):
            burst = self._burst(seconds, share=0.25, usual=0.3)
            missing |= burst & self._pick_groups(batch) & self._pick_sides(batch)
        missing |= self._burst(seconds, share=0.08, usual=0.2)
        often = self._log_uniform(0.002, 0.1, (batch, 1, 1)) * self._chance(0.3, (batch, 1, 1))
        return missing | (self._uniform(0, 1, shape) < often)

    def scores(self, apart: Tensor) -> Tensor:
        """Scores (B, L, J) for points that are so far from the truth: all 1, or telling more or less."""
        batch = len(apart)
        hint = -self._uniform(0.3, 2.0, (batch, 1, 1)) * torch.log(apart.nan_to_num(0.3) / 0.2 + 0.05)
        noise = self._normal(tuple(apart.shape)) * self._uniform(0.3, 1.5, (batch, 1, 1))
        level = torch.sigmoid(hint + noise + self._uniform(-0.5, 1.5, (batch, 1, 1)))
        return torch.where(self._chance(0.4, (batch, 1, 1)), torch.ones_like(level), level)

    def _drift(self, points: Tensor, seconds: Tensor) -> Tensor:
        """Ornstein-Uhlenbeck process of unit variance; remembers 0.1 to 2 seconds."""
        memory = self._log_uniform(0.1, 2.0, (len(points), 1, 1))
        kick = self._normal(tuple(points.shape)).unbind(1)
        steps = [kick[0]]
        for step in range(1, points.shape[1]):
            keep = torch.exp(-(seconds[:, step] - seconds[:, step - 1]).view(-1, 1, 1) / memory)
            steps.append(keep * steps[-1] + (1 - keep**2).sqrt() * kick[step])
        return torch.stack(steps, dim=1)

    def _burst(self, seconds: Tensor, *, share: float | Tensor, usual: float) -> Tensor:
        """A stretch (B, L, 1) of ``usual`` seconds or so in ``share`` of the windows, one step at least."""
        batch = len(seconds)
        start = self._pick_steps(seconds)
        lasts = self._normal((batch, 1)).mul(0.9).exp() * usual
        struck = (seconds >= start) & (seconds <= start + lasts)
        chance = torch.as_tensor(share, device=seconds.device).expand(batch).unsqueeze(1)
        return (struck & (self._uniform(0, 1, (batch, 1)) < chance)).unsqueeze(2)

    def _pick_steps(self, seconds: Tensor) -> Tensor:
        step = torch.rand(len(seconds), generator=self._generator, device=seconds.device) * seconds.shape[1]
        return seconds.gather(1, step.long().clamp(max=seconds.shape[1] - 1).unsqueeze(1))

    def _pick_groups(self, batch: int) -> Tensor:
        picked = torch.multinomial(self._odds, batch, replacement=True, generator=self._generator)
        return self._groups[picked].unsqueeze(1)

    def _pick_sides(self, batch: int) -> Tensor:
        picked = torch.randint(2, (batch,), generator=self._generator, device=self._sides.device)
        return self._sides[picked].unsqueeze(1)

    @staticmethod
    def _first(struck: Tensor) -> Tensor:
        return struck.to(torch.uint8).argmax(dim=1).view(-1, 1, 1, 1)

    def _chance(self, share: float, shape: tuple[int, ...]) -> Tensor:
        return self._uniform(0, 1, shape) < share

    def _normal(self, shape: tuple[int, ...]) -> Tensor:
        return torch.randn(shape, generator=self._generator, device=self._generator.device)

    def _uniform(self, low: float, high: float, shape: tuple[int, ...]) -> Tensor:
        return uniform(low, high, shape, self._generator)

    def _log_uniform(self, low: float, high: float, shape: tuple[int, ...]) -> Tensor:
        return log_uniform(low, high, shape, self._generator)
