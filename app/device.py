"""Which device to compute on."""

from __future__ import annotations

import torch

from app.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> torch.device:
    """The device called ``name``; ``auto`` is CUDA where there is some.

    Raises:
        UsageError: CUDA is asked for and absent, or no device has that name.
    """
    if name not in DEVICES:
        raise UsageError(f"Invalid device ({name}). Supported values are {', '.join(DEVICES)}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "Invalid device (cuda): this torch sees no CUDA device. Use --device cpu, or install a CUDA "
            "build of torch and a driver that fits it."
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
