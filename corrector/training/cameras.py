"""Sees 3D motion through random cameras."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Random numbers between two bounds, on the generator's device."""
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def log_uniform(low: float, high: float, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Random numbers between two positive bounds, evenly spread on a logarithmic scale."""
    return uniform(math.log(low), math.log(high), shape, generator).exp()


def project(points: Tensor, generator: torch.Generator) -> Tensor:
    """Projections (B, L, J, 2) of windows of 3D points (B, L, J, 3) in millimetres, y upwards.

    Each window has a camera of its own, 2.5 to 12 m away, with a focal length of 1000 px, that sees the
    person from any side, from 20 degrees below to 35 above. The picture's y axis points down. Missing joints
    stay NaN.
    """
    batch = len(points)
    middle = points.nanmean(dim=(1, 2), keepdim=True)
    yaw = uniform(-math.pi, math.pi, (batch, 1, 1), generator)
    pitch = uniform(math.radians(-20), math.radians(35), (batch, 1, 1), generator)
    distance = log_uniform(2500, 12000, (batch, 1, 1), generator)
    x, y, z = (points - middle).unbind(3)
    x, z = yaw.cos() * x - yaw.sin() * z, yaw.sin() * x + yaw.cos() * z
    y, z = pitch.cos() * y - pitch.sin() * z, pitch.sin() * y + pitch.cos() * z
    depth = (distance + z).clamp(min=800)
    return 1000 * torch.stack((x / depth, -y / depth), dim=3)


def turn(points: Tensor, degrees: Tensor) -> Tensor:
    """Points (B, L, J, 2) turned in the picture by ``degrees`` (B,) around the origin."""
    angle = degrees.deg2rad().view(-1, 1, 1)
    x, y = points.unbind(3)
    return torch.stack((angle.cos() * x - angle.sin() * y, angle.sin() * x + angle.cos() * y), dim=3)
