"""Other people's bodies: poses with limbs longer or shorter than they are.

Motion was recorded of few people, and a network that sees the same four bodies all the time learns them by
heart. Shapes: B windows, L steps, J joints in the order of :data:`estimators.skeletons.JOINTS`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from corrector.training.cameras import uniform
from estimators.skeletons import JOINTS, POSEFIX

SPREAD = 0.1
"""Standard deviation of the logarithm of a limb's length, and of the whole body's width."""
SHARE = 0.6

# Whose length changes together with what: the far end of each limb, and where it begins.
_LIMBS = (("elbow", "shoulder"), ("wrist", "elbow"), ("knee", "hip"), ("ankle", "knee"))
_SIDES = ("left", "right")


def scale_limbs(true: Tensor, given: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """True and given points (B, L, J, 2) of ``SHARE`` of the windows with other proportions.

    Each window gets a body of its own: width of shoulders and hips, torso, head, and both sides' limbs alike.
    Windows in which an arm's joint is unknown, or some joint of the legs but not all, stay as they are.
    A given point keeps its offset from the true one, or, where it lies on the other side's joint (exchanged
    limbs), from that one.
    """
    moved = _moved(true, generator)
    other = true[:, :, list(POSEFIX.flip_indices)]
    theirs = moved[:, :, list(POSEFIX.flip_indices)]
    exchanged = (given - other).norm(dim=3, keepdim=True) < 0.5 * (given - true).norm(dim=3, keepdim=True)
    move = torch.where(exchanged, theirs - other, moved - true)
    # Without a place of its own to be moved from, a joint stays where it is.
    return moved, given + move.nan_to_num(0.0)


def _moved(true: Tensor, generator: torch.Generator) -> Tensor:
    batch = len(true)
    # A joint that comes and goes would leave the changed body and come back to it: a jump in the truth.
    there = true[..., 0].isfinite()
    arms, legs = (
        there[:, :, [JOINTS.index(f"{side}_{part}") for side in _SIDES for part in parts]].flatten(1)
        for parts in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
    )
    known = (arms.all(dim=1) & (legs.all(dim=1) | ~legs.any(dim=1))).view(-1, 1, 1)
    changed = known & (uniform(0, 1, (batch, 1, 1), generator) < SHARE)

    def factor() -> Tensor:
        drawn = torch.randn((batch, 1, 1), generator=generator, device=generator.device)
        return torch.where(changed, (SPREAD * drawn.clamp(-2.5, 2.5)).exp(), 1.0)

    def at(joint: str) -> Tensor:
        return true[:, :, JOINTS.index(joint)]

    places: dict[str, Tensor] = {}
    chest, pelvis = ((at(f"left_{part}") + at(f"right_{part}")) / 2 for part in ("shoulder", "hip"))
    torso = chest + factor() * (pelvis - chest)
    for part, middle, new in (("shoulder", chest, chest), ("hip", pelvis, torso)):
        width = factor()
        for side in _SIDES:
            places[f"{side}_{part}"] = new + width * (at(f"{side}_{part}") - middle)
    for far, near in _LIMBS:
        length = factor()
        for side in _SIDES:
            limb = at(f"{side}_{far}") - at(f"{side}_{near}")
            places[f"{side}_{far}"] = places[f"{side}_{near}"] + length * limb
    height = factor()
    for joint in ("head", "neck", "head_top"):
        places[joint] = chest + height * (at(joint) - chest)
    moved = torch.stack([places[joint] for joint in JOINTS], dim=2)
    return torch.where(changed.unsqueeze(3), moved, true)
