"""What the network sees of a window: filled-in tracks, their velocities, what is missing, and the time.

Shapes: B windows, L steps, J joints. All but :func:`center_and_scale` take points in person sizes, relative
to the person's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from estimators.skeletons import UPPER_BODY

REFERENCE_STEP = 0.04
"""Seconds of a usual time step (25 fps): its logarithm is 0 for the network."""

SMALLEST_SIZE = 1.0
"""Pixels. A person is taken to be at least this large, where there is too little to measure by."""


class Window(NamedTuple):
    """A batch of windows.

    Attributes:
        points: (B, L, J, 2), any finite value where missing; pixels or person sizes.
        present: (B, L, J), 1 (or True) where the joint was given and 0 where it is missing.
        scores: (B, L, J) in 0..1, 0 where missing.
        seconds: (B, L), rising.
    """

    points: Tensor
    present: Tensor
    scores: Tensor
    seconds: Tensor


def center_and_scale(window: Window, joints: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Middle (B, 1, 1, 2) and size (B, 1, 1, 1) of the person in windows of points in pixels.

    The size is the root mean square distance of the upper body's joints from their middle in a step, its
    median over the steps that have three of them (of all joints and steps, where none has): the same
    whatever other joints there are, and not changed by exchanged sides.
    """
    present = window.present.unsqueeze(3) > 0
    points = window.points.where(present, torch.nan)
    body = points[:, :, [joints.index(joint) for joint in UPPER_BODY]]
    place, whole = _middle(body), _middle(points)
    place = place.where(place.isfinite(), whole.where(whole.isfinite(), 0.0))
    apart = (body - body.nanmean(2, keepdim=True)).square().sum(3).nanmean(2).sqrt()
    enough = body[..., 0].isfinite().sum(2) >= 3
    size = apart.where(enough, torch.nan).nanmedian(1).values.view(-1, 1, 1, 1)
    spread = (points - place).square().sum(3).nanmean((1, 2)).sqrt().view(-1, 1, 1, 1)
    size = size.where(size.isfinite(), spread.nan_to_num(0.0))
    return place, size.clamp(min=SMALLEST_SIZE)


class Placement(NamedTuple):
    """Where the people of a batch of windows are, how large, and how turned.

    Attributes:
        middle: (B, 1, 1, 2), pixels.
        size: (B, 1, 1, 1), pixels.
        turn: (B, 2, 2), ``points @ turn`` puts the body upright; the identity where it is not to be turned.
    """

    middle: Tensor
    size: Tensor
    turn: Tensor

    def inside(self, points: Tensor) -> Tensor:
        """Points (B, L, J, 2) in pixels as the network sees them: upright, in person sizes."""
        return ((points - self.middle) / self.size) @ self.turn.unsqueeze(1)

    def outside(self, points: Tensor) -> Tensor:
        """The reverse of :meth:`inside`."""
        return points.to(self.turn.dtype) @ self.turn.mT.unsqueeze(1) * self.size + self.middle


def normalise(window: Window, joints: Sequence[str], *, upright: bool) -> tuple[Window, Placement]:
    """Windows of points in pixels as float32 in person sizes, with where and how people were."""
    middle, size = center_and_scale(window, joints)
    if upright:
        turn = upright_turn(window, joints)
    else:
        turn = torch.eye(2, dtype=middle.dtype, device=middle.device).expand(len(middle), 2, 2)
    placement = Placement(middle, size, turn)
    parts = (placement.inside(window.points), window.present, window.scores, window.seconds)
    return Window(*(part.float() for part in parts)), placement


def upright_turn(window: Window, joints: Sequence[str]) -> Tensor:
    """The rotation (B, 2, 2) that makes the body stand upright in the mean of each window.

    From the hips to the shoulders is up; from the shoulders to the head, where there are no hips. Middles of
    both sides are not changed by exchanged sides. The identity where nothing tells.
    """
    points = window.points.where(window.present.unsqueeze(3) > 0, torch.nan)

    def middle(part: str) -> Tensor:
        names = (part,) if part in joints else (f"left_{part}", f"right_{part}")
        known = [joints.index(name) for name in names if name in joints]
        return points[:, :, known].mean(2) if known else points.new_full(points[:, :, 0].shape, torch.nan)

    shoulders = middle("shoulder")
    torso, head = (shoulders - middle("hip")).nanmean(1), (middle("head") - shoulders).nanmean(1)
    up = torso.where(torso.isfinite(), head)
    up = up.where(up.isfinite(), up.new_tensor((0.0, -1.0)))
    length = up.norm(dim=1, keepdim=True)
    x, y = (up / length).where(length > 0, up.new_tensor((0.0, -1.0))).unbind(1)
    # Rows are what x and y become: up goes to (0, -1), for y points down in a picture.
    return torch.stack((torch.stack((-y, -x), 1), torch.stack((x, -y), 1)), 1)


def _middle(points: Tensor) -> Tensor:
    return points.flatten(1, 2).nanmedian(1).values.view(-1, 1, 1, 2)


def fill_missing(window: Window) -> Tensor:
    """Points with missing ones interpolated in time, held at the ends; 0 where a joint is never there."""
    present = window.present > 0
    length = present.shape[1]
    index = torch.arange(length, device=present.device).view(1, -1, 1).expand_as(present)
    before = torch.where(present, index, -1).cummax(dim=1).values
    after = torch.where(present, index, length).flip(1).cummin(dim=1).values.flip(1)
    first = torch.where(before < 0, after, before).clamp(max=length - 1)
    last = torch.where(after >= length, before, after).clamp(min=0)
    seconds = window.seconds.unsqueeze(2).expand(-1, -1, present.shape[2])
    start, end = seconds.gather(1, first), seconds.gather(1, last)
    share = ((seconds - start) / (end - start).clamp(min=1e-6)).clamp(0, 1).unsqueeze(3)

    def at(steps: Tensor) -> Tensor:
        return window.points.gather(1, steps.unsqueeze(3).expand(-1, -1, -1, 2))

    filled = torch.lerp(at(first), at(last), share)
    return filled * present.any(dim=1, keepdim=True).unsqueeze(3)


def smooth(points: Tensor, window: Window, *, width: float, twice: bool = False) -> Tensor:
    """Gaussian average over time of ``width`` seconds, of the steps where a joint is there.

    Filled-in points count a little, so that a joint without neighbours keeps its value. ``twice`` smooths
    what the first round took away and puts it back (twicing, Tukey), which spares the turns of a motion.
    """
    apart = window.seconds.unsqueeze(2) - window.seconds.unsqueeze(1)
    kernel = torch.exp(-0.5 * (apart / width) ** 2)
    weight = (0.02 + window.present).unsqueeze(3)
    norm = (kernel @ weight.squeeze(3)).unsqueeze(3)
    average = (kernel @ (points * weight).flatten(2)).view_as(points) / norm
    if not twice:
        return average
    return average + (kernel @ ((points - average) * weight).flatten(2)).view_as(points) / norm


def anchor(filled: Tensor, window: Window) -> Tensor:
    """Where the person is, (B, L, 1, 2): the middle of the joints that the window has, smoothed."""
    used = window.present.any(dim=1, keepdim=True).unsqueeze(3).to(filled.dtype)
    middle = (filled * used).sum(2, keepdim=True) / used.sum(2, keepdim=True).clamp(min=1)
    flat = Window(middle, torch.ones_like(middle[..., 0]), torch.ones_like(middle[..., 0]), window.seconds)
    return smooth(middle, flat, width=0.15)


def compress(values: Tensor) -> Tensor:
    """Values, large ones brought nearer: x / (1 + |x| / 3)."""
    return 3 * F.softsign(values / 3)


def observations(local: Tensor, filled: Tensor, window: Window) -> Tensor:
    """Inputs of the encoder, (B, L, 6 J + 1): place, velocity, score, missing, time step."""
    velocity = torch.diff(filled, dim=1, prepend=filled[:, :1])
    step = torch.diff(window.seconds, dim=1)
    step = torch.cat((step[:, :1], step), dim=1).clamp(min=1e-3)
    pace = torch.log(step / REFERENCE_STEP).clamp(-2, 5).unsqueeze(2)
    # A jump across the picture must not drown everything else.
    parts = (compress(local).flatten(2), compress(4 * velocity).flatten(2))
    return torch.cat((*parts, window.scores, 1 - window.present, pace), dim=2)


def side_evidence(filled: Tensor, window: Window, mirror: Sequence[int]) -> Tensor:
    """Whether left and right may be exchanged, (B, L, 2 J): above 0 where a joint fits the other side better.

    How much further a joint is from its own place one step before, and from its own long average, than from
    those of its mirrored joint. Always 0 for joints without a side.
    """
    before = torch.cat((filled[:, :1], filled[:, :-1]), dim=1)
    usual = smooth(filled, window, width=0.3)
    evidence = []
    for track in (before, usual):
        own = (filled - track).square().sum(3).add(1e-8).sqrt()
        other = (filled - track[:, :, mirror]).square().sum(3).add(1e-8).sqrt()
        evidence.append(compress(2 * (own - other)))
    return torch.cat(evidence, dim=2)
