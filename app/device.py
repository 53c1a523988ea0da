"""Which device to compute on."""

from __future__ import annotations

import torch

from app.errors import UsageError

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> torch.device:
    """The device called ``name``; ``auto`` is CUDA where there is some.

    On CUDA, float32 shall be float32: torch's TensorFloat-32 keeps 11 bits of it in convolutions and LSTMs,
    too few for YR's scores and for corrections of tenths of a pixel. What is to be quick asks for half.

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
    torch.backends.cudnn.allow_tf32 = False
    return torch.device(name)
