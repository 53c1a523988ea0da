"""What a model wants of its pictures: colours, size; from options, the file's metadata, or what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGENET_MEAN, IMAGENET_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
ORDERS = ("rgb", "bgr")


@dataclass(frozen=True)
class Colours:
    """How pixels become numbers: (value - mean) / std.

    Attributes:
        mean, std: of each channel, for values of 0 to 255, in the model's order.
        order: ``rgb`` or ``bgr``.
    """

    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    order: str = "rgb"

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise ValueError(f"Invalid order ({self.order}). Supported values are {', '.join(ORDERS)}.")
        if len(self.mean) != 3 or len(self.std) != 3 or not all(value > 0 for value in self.std):
            raise ValueError(
                f"Invalid mean or std ({self.mean}, {self.std}). Supported values are three numbers each, "
                "std above 0, such as 123.675,116.28,103.53."
            )

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pictures (N, H, W, 3) in RGB as the model wants them."""
        ordered = pictures if self.order == "rgb" else pictures[..., ::-1]
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return (ordered.astype(np.float32) - mean) / std


def numbers(value: Any, *, key: str) -> tuple[float, ...]:
    """Numbers of an option (``1,2,3``) or of metadata (``[1, 2, 3]`` or the same as text).

    Raises:
        ValueError: it holds something else.
    """
    parts: Sequence[Any] = value if isinstance(value, (list, tuple)) else str(value).strip("[]() ").split(",")
    try:
        return tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        raise ValueError(f"Invalid {key} ({value}). Supported values are numbers with commas.") from None


def chosen_colours(notes: dict[str, Any], *, mean: Any, std: Any, order: str) -> Colours:
    """From options where they are given, or else from the metadata, or else ImageNet's.

    Raises:
        ValueError: a value is out of range.
    """
    mean, std = mean or notes.get("mean"), std or notes.get("std")
    return Colours(
        mean=numbers(mean, key="mean") if mean else IMAGENET_MEAN,
        std=numbers(std, key="std") if std else IMAGENET_STD,
        order=order or str(notes.get("order", "rgb")),
    )


def chosen_size(
    notes: dict[str, Any], *, width: int | None, height: int | None, option: str
) -> tuple[int, int]:
    """Width and height of the input: those that the model has, or the option's, or the metadata's.

    Raises:
        ValueError: none of them says, or the option differs from the model.
    """
    wanted = option.replace("x", ",") if option else notes.get("input_size")
    size = numbers(wanted, key="input-size") if wanted else ()
    if size and (len(size) != 2 or not all(side >= 1 and side.is_integer() for side in size)):
        raise ValueError(f"Invalid input-size ({option or wanted}). Supported values are WIDTHxHEIGHT.")
    own = width or (int(size[0]) if size else 0), height or (int(size[1]) if size else 0)
    if not all(own):
        raise ValueError(
            "The model takes any size. Say which with --estimator-option input-size=WIDTHxHEIGHT."
        )
    if option and own != (int(size[0]), int(size[1])):
        raise ValueError(f"Invalid input-size ({option}). Supported values are {own[0]}x{own[1]}.")
    return own
