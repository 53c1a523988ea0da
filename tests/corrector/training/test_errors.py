"""Random cameras and simulated errors of a detector."""

import pytest
import torch

from corrector.training.cameras import project, turn
from corrector.training.errors import ErrorModel
from estimators.skeletons import JOINTS, POSEFIX


def test_cameras_keep_up_up_and_the_person_in_shape() -> None:
    generator = torch.Generator().manual_seed(0)
    person = torch.tensor([[0.0, 1700, 0], [0, 0, 0], [200, 1400, 0], [-200, 1400, 0]]).expand(50, 4, 4, 3)
    seen = project(person, generator)
    assert (seen[:, :, 0, 1] < seen[:, :, 1, 1]).all()  # the head is above the feet, y points down
    height = (seen[:, 0, 1] - seen[:, 0, 0]).norm(dim=1)
    assert (height > 100).all() and height.std() > 20
    quarter = turn(torch.tensor([[[[1.0, 0.0]]]]), torch.tensor([90.0]))
    torch.testing.assert_close(quarter, torch.tensor([[[[0.0, 1.0]]]]), atol=1e-6, rtol=0)


def test_simulated_errors() -> None:
    errors = ErrorModel(JOINTS, torch.Generator().manual_seed(0))
    seconds = (torch.arange(32) / 30).expand(400, 32)
    true = torch.randn(400, 1, 15, 2).expand(-1, 32, -1, -1)
    noisy = errors.noise(true, seconds)
    apart = (noisy - true).norm(dim=3).mean((1, 2))
    assert 0.2 < (apart < 0.05).float().mean() < 0.6 and 0.08 < apart.mean() < 0.3
    slow = errors._drift(true, seconds)
    assert slow.std() == pytest.approx(1, abs=0.1)
    assert (slow[:, 1:] * slow[:, :-1]).mean() > 0.85  # neighbours go together
    struck = errors.add_outliers(true, seconds, share=torch.full((400,), 0.5))
    swaps = (struck == true[:, :, list(POSEFIX.flip_indices)]).all(dim=3) & (struck != true).any(dim=3)
    assert 0.01 < swaps.float().mean() < 0.2
    missing = errors.misses((400, 32, 15), seconds)
    assert 0.02 < missing.float().mean() < 0.3
    scores = errors.scores((noisy - true).norm(dim=3))
    telling = scores[(scores < 1).any(dim=2).any(dim=1)]
    assert 0.4 < len(telling) / 400 < 0.8


def test_confused_limbs_flicker_between_their_places() -> None:
    errors = ErrorModel(JOINTS, torch.Generator().manual_seed(0))
    seconds = (torch.arange(32) / 30).expand(400, 32)
    true = torch.randn(400, 1, 15, 2).expand(-1, 32, -1, -1)
    confused = errors.add_swaps(true, seconds, share=torch.full((400,), 0.5))
    mirrored = true[:, :, list(POSEFIX.flip_indices)]
    moved = (confused != true).any(dim=3)
    assert ((confused == true) | (confused == mirrored)).all()
    assert 0.3 < moved.any(dim=2).any(dim=1).float().mean() < 0.55
    assert not moved[:, :, [JOINTS.index(joint) for joint in ("head", "neck", "head_top")]].any()
    left, right = (moved[:, :, JOINTS.index(f"{side}_wrist")] for side in ("left", "right"))
    assert (left & ~right).any() and (right & ~left).any() and (left & right).any()
    changes = (left[:, 1:] != left[:, :-1]).sum(dim=1)
    assert changes[left.any(dim=1)].float().mean() > 2  # not one burst, as of `add_outliers`
