"""Errors of other photographs as a pose's own."""

from __future__ import annotations

import numpy as np
import torch

from corrector.data.donors import NEAREST, find_donors
from corrector.data.pairs_file import Take
from corrector.data.pools import pair_pool
from corrector.data.windows import WindowSampler
from corrector.joints import ALL, UPPER_BODY, mirror_indices

CPU = torch.device("cpu")
LENGTHS = torch.tensor([30, 30, 30])


def photographs(
    sizes: tuple[float, ...] = (1.0, 2.0, 3.0),
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Given points, scores and truth of takes of 30 poses, people of these sizes; a wrist is always wrong."""
    generator = torch.Generator().manual_seed(4)
    base = 40 * torch.randn(1, len(ALL), 2, generator=generator)
    true = torch.cat([s * (base + 5 * torch.randn(30, len(ALL), 2, generator=generator)) for s in sizes])
    size = torch.tensor(sizes).repeat_interleave(30)
    given = true.clone()
    given[:, ALL.index("left_wrist"), 0] += 10 * size
    given[:, ALL.index("right_elbow")] = torch.nan
    return given, torch.full(true.shape[:2], 0.7), true


def test_errors_come_from_other_takes_in_the_persons_own_size() -> None:
    given, scores, true = photographs()
    donors = find_donors(given, scores, true, LENGTHS)
    assert donors is not None and donors.nearest.shape == (90, NEAREST)
    take = torch.arange(90) // 30
    assert (take[donors.nearest % 90] != take.unsqueeze(1)).all()
    index = torch.arange(90).view(3, 30)
    drawn, rated, meant = donors.give(true[index], index, torch.tensor([0.0, 0.5, 1.0]), torch.Generator())
    assert not meant[0].any() and 0 < meant[1].float().mean() < 1 and meant[2].all()
    assert (rated == 0.7).all()
    straight = donors.nearest.unique() < 90
    assert straight.any()
    moved = (drawn - true[index])[..., 0]
    # 10 px for a person of size 1, so 30 for one of 3 (but for chance in the takes' median sizes);
    # mirrored errors are the other wrist's, to the other side.
    for person, wanted in enumerate((10, 20, 30)):
        left = moved[person, :, ALL.index("left_wrist")].abs()
        right = moved[person, :, ALL.index("right_wrist")].abs()
        torch.testing.assert_close(left + right, torch.full((30,), float(wanted)), rtol=0.15, atol=0)
    gone = drawn[..., 0].isnan()
    assert (gone[..., ALL.index("right_elbow")] ^ gone[..., ALL.index("left_elbow")]).all()


def test_mirrored_poses_give_the_other_sides_errors() -> None:
    given, scores, true = photographs((1.0, 1.0))
    flip = torch.tensor([-1.0, 1.0])
    mirror = mirror_indices(ALL)
    true[30:] = true[:30][:, mirror] * flip  # the second take's poses are the first one's, mirrored
    given[30:] = true[30:]
    donors = find_donors(given, scores, true, torch.tensor([30, 30]))
    assert donors is not None
    wrist = donors.errors[:, ALL.index("right_wrist"), 0]
    own = donors.nearest[30:, 0]
    assert (own == torch.arange(30) + 60).all()  # frame 0 mirrored is row 60
    assert (wrist[own] < 0).all()


def test_one_take_has_no_donors() -> None:
    given, scores, true = photographs()
    assert find_donors(given[:30], scores[:30], true[:30], torch.tensor([30])) is None


def test_photographs_are_drawn_with_the_errors_of_others() -> None:
    _, scores, true = (part.numpy() for part in photographs((1.0, 1.0, 1.0)))
    kept = [ALL.index(joint) for joint in UPPER_BODY]
    wrist = UPPER_BODY.index("left_wrist")
    takes = []
    for number, error in enumerate((0.0, 8.0, 16.0)):
        seen = true[:30, kept].copy()
        seen[:, wrist, 0] += error
        detected = np.dstack((seen, scores[:30, kept]))
        takes.append(Take(str(number), detected, true[:30, kept], fps=0.25))
    pool = pair_pool(takes, UPPER_BODY, None, share=1.0, device=CPU)
    video = pair_pool(
        [Take(t.name, t.detected, t.true, 25.0) for t in takes], UPPER_BODY, None, share=1.0, device=CPU
    )
    assert pool.donors is not None and video.donors is None

    def spread(pool: object) -> torch.Tensor:
        """Of the wrist's error within windows, for windows that show all there is."""
        sampler = WindowSampler([pool], joints=UPPER_BODY, length=24, device=CPU, seed=0)  # type: ignore[list-item]
        batch = sampler.batch(0, 200)
        whole = batch.window.present.flatten(1).all(dim=1)
        apart = (batch.window.points - batch.target)[whole][..., [wrist, UPPER_BODY.index("right_wrist")], :]
        return apart.norm(dim=3).amax(dim=2).std(dim=1)

    assert (spread(pool) > 1.5).float().mean() > 0.3
    assert (spread(video) > 1.5).float().mean() < 0.2
