"""What a detector network is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

STRIDE = 8  # pixels of the picture to a cell of the network's maps
COARSEST_STRIDE = 32


@dataclass(frozen=True)
class DetectorConfig:
    """Settings of the network, kept in its weights file.

    Attributes:
        longer_side: frames are scaled so that their longer side has so many pixels.
        channels: of the four stages, at strides 4, 8, 16 and 32.
        neck: channels of the maps that people are read from.
        training: what the weights were trained on and how, for the record.
    """

    longer_side: int = 384
    channels: tuple[int, int, int, int] = (32, 48, 80, 112)
    neck: int = 48
    training: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.longer_side < COARSEST_STRIDE or self.longer_side % COARSEST_STRIDE:
            raise ValueError(
                f"Invalid longer_side ({self.longer_side}). Supported values are multiples of "
                f"{COARSEST_STRIDE}."
            )
        if len(self.channels) != 4 or min(*self.channels, self.neck) < 1:
            raise ValueError(
                f"Invalid channels ({self.channels}) or neck ({self.neck}): four and one, each from 1 up."
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a weights file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DetectorConfig:
        """The reverse of :meth:`to_dict`, after a trip through JSON."""
        return cls(**{**data, "channels": tuple(data["channels"])})
