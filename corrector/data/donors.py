"""An estimator's errors on other photographs: more photographs than there are.

On single photographs an estimator's error has to do with the pose and the picture, not with the frames
before. So a pose may be given the errors that the estimator made of other people in much the same pose, and a
window of one person is never twice the same. Shapes: N frames, J joints in the order of
:data:`corrector.joints.ALL`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from corrector.data.cameras import uniform
from corrector.joints import ALL, UPPER_BODY, mirror_indices

NEAREST = 24
"""Frames of other takes that each frame may have its errors from."""
_BODY = [ALL.index(joint) for joint in UPPER_BODY]


@dataclass(frozen=True)
class Donors:
    """Whose errors each frame may be given.

    Attributes:
        errors: (2 N, J, 2), of each frame and of each frame mirrored, in person sizes, NaN where missing.
        scores: (2 N, J).
        nearest: (N, K), rows of ``errors`` that belong to the most similar poses of other takes.
        size: (N,), of the person in the frame's take, pixels.
    """

    errors: Tensor
    scores: Tensor
    nearest: Tensor
    size: Tensor

    def give(
        self, true: Tensor, index: Tensor, share: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Points (B, L, J, 2), scores (B, L, J) and which frames (B, L) they are meant for.

        Args:
            true: (B, L, J, 2), pixels.
            index: (B, L), which of the N frames they are.
            share: (B,), of each window's frames that are meant.
            generator: of everything random.
        """
        number = uniform(0, self.nearest.shape[1], tuple(index.shape), generator).long()
        donor = self.nearest[index, number]
        given = true + self.errors[donor] * self.size[index].view(*index.shape, 1, 1)
        meant = uniform(0, 1, tuple(index.shape), generator) < share.unsqueeze(1)
        return given, self.scores[donor], meant


def find_donors(given: Tensor, scores: Tensor, true: Tensor, lengths: Tensor) -> Donors | None:
    """Donors of takes one after another; None where a single take leaves no others.

    Args:
        given: (N, J, 2), the estimator's points, NaN where missing.
        scores: (N, J).
        true: (N, J, 2).
        lengths: (S,), frames of each take.
    """
    take = torch.repeat_interleave(torch.arange(len(lengths), device=true.device), lengths)
    middle = true[:, _BODY].nanmean(dim=1, keepdim=True)
    spread = (true[:, _BODY] - middle).square().sum(2).nanmean(1).sqrt()
    sizes = torch.stack([part.nanmedian() for part in spread.split(lengths.tolist())]).clamp(min=1.0)
    size = sizes[take]
    mirror = mirror_indices(ALL)
    flip = true.new_tensor([-1.0, 1.0])
    error = (given - true) / size.view(-1, 1, 1)
    pose = ((true - middle) / size.view(-1, 1, 1)).nan_to_num(0.0)
    mirrored = pose[:, mirror] * flip
    poses = torch.cat((pose, mirrored))[:, _BODY].flatten(1)
    apart = torch.cdist(pose[:, _BODY].flatten(1), poses)
    apart.masked_fill_(take.unsqueeze(1) == take.repeat(2), torch.inf)
    others = int(apart.isfinite().sum(1).min())
    if not others:
        return None
    nearest = apart.topk(min(NEAREST, others), dim=1, largest=False).indices
    return Donors(
        torch.cat((error, error[:, mirror] * flip)),
        torch.cat((scores, scores[:, mirror])),
        nearest,
        size,
    )
