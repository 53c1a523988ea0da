"""Other proportions for the people of the training data."""

from __future__ import annotations

import torch

from corrector.training.limb_scaling import SHARE, scale_limbs
from estimators.skeletons import JOINTS, POSEFIX


def walking(windows: int, steps: int = 4) -> torch.Tensor:
    """Random poses (B, L, 15, 2) that move on from step to step."""
    generator = torch.Generator().manual_seed(1)
    poses = torch.randn(windows, 1, 15, 2, generator=generator)
    return poses + 0.1 * torch.arange(steps).view(1, -1, 1, 1)


def change(true: torch.Tensor, given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return scale_limbs(true, given, torch.Generator().manual_seed(0))


def length(points: torch.Tensor, far: str, near: str) -> torch.Tensor:
    return (points[:, :, JOINTS.index(far)] - points[:, :, JOINTS.index(near)]).norm(dim=2)


def test_limbs_keep_their_direction_and_both_sides_and_all_steps_change_alike() -> None:
    true = walking(400)
    moved, _ = change(true, true)
    for far, near in (("wrist", "elbow"), ("ankle", "knee"), ("elbow", "shoulder"), ("knee", "hip")):
        left, right = (
            length(moved, f"{side}_{far}", f"{side}_{near}") / length(true, f"{side}_{far}", f"{side}_{near}")
            for side in ("left", "right")
        )
        torch.testing.assert_close(left, right, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(left, left[:, :1].expand_as(left), rtol=1e-3, atol=1e-3)
        assert 0.05 < left.log().std() < 0.12
    changed = (moved != true).flatten(1).any(dim=1).float().mean()
    assert abs(float(changed) - SHARE) < 0.08


def test_given_points_keep_their_offset_also_from_the_other_side() -> None:
    true = walking(50)
    offset = 0.05 * torch.randn(true.shape, generator=torch.Generator().manual_seed(2))
    moved, given = change(true, true + offset)
    torch.testing.assert_close(given - moved, offset, rtol=0, atol=1e-5)
    exchanged = true[:, :, list(POSEFIX.flip_indices)]
    moved, given = change(true, exchanged)
    torch.testing.assert_close(given, moved[:, :, list(POSEFIX.flip_indices)], rtol=0, atol=1e-5)


def test_what_is_unknown_stays_so_and_keeps_the_window_as_it_is() -> None:
    true = walking(50)
    true[:25, 2, JOINTS.index("left_knee")] = torch.nan
    true[:, :, JOINTS.index("neck")] = torch.nan  # some data sets have none
    moved, given = change(true, torch.full_like(true, torch.nan))
    assert torch.equal(moved.isnan(), true.isnan()) and given.isnan().all()
    torch.testing.assert_close(moved[:25], true[:25], equal_nan=True, rtol=0, atol=0)
    assert (moved[25:].nan_to_num() != true[25:].nan_to_num()).any()
