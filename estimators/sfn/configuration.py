"""What an SFN is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from estimators.skeletons import JOINTS

VARIANTS = ("small", "paper")
LOSSES = ("cross_entropy", "squared_error")
STRIDE = 4  # both variants give their heatmaps at a quarter of the input
COARSEST_STRIDE = {"small": 32, "paper": STRIDE}


@dataclass(frozen=True)
class SFNConfig:
    """Settings of the network, kept in its weights file.

    Attributes:
        variant: ``paper`` as published (ICCV 2015), ``small`` a lean network of the same idea for a CPU.
        input_size: side of the square crop in pixels.
        width: factor on the channels (``small``: on those of the decoder, its encoder stays as it is).
        sigma: standard deviation of the target's Gaussian, in heatmap pixels.
        loss: ``cross_entropy`` or, as published, ``squared_error``; empty: the former for ``small``, the
            latter for ``paper``.
        joints: names of the joints, in the order of the heatmaps.
        score_curve: peak heights and what share of such joints is right, both rising: the calibration of
            the scores; empty where none was fitted.
        flip_score_curve: the same where the mirrored picture is looked at, too.
        training: what the weights were trained on and how, for the record.
    """

    variant: str = "small"
    input_size: int = 192
    width: float = 1.0
    sigma: float = 2.0
    loss: str = ""
    joints: tuple[str, ...] = JOINTS
    score_curve: tuple[tuple[float, float], ...] = ()
    flip_score_curve: tuple[tuple[float, float], ...] = ()
    training: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"Invalid variant ({self.variant}). Supported values are {', '.join(VARIANTS)}.")
        if not self.loss:
            object.__setattr__(self, "loss", "squared_error" if self.variant == "paper" else "cross_entropy")
        if self.loss not in LOSSES:
            raise ValueError(f"Invalid loss ({self.loss}). Supported values are {', '.join(LOSSES)}.")
        step = COARSEST_STRIDE[self.variant]
        if self.input_size < step or self.input_size % step:
            raise ValueError(
                f"Invalid input_size ({self.input_size}). Supported values are multiples of {step}."
            )
        if self.width <= 0 or self.sigma <= 0:
            raise ValueError(f"Invalid width ({self.width}) or sigma ({self.sigma}): both must be positive.")
        if not self.joints:
            raise ValueError("Invalid joints (): at least one is needed.")

    @property
    def heatmap_size(self) -> int:
        """Side of the square heatmaps in pixels."""
        return self.input_size // STRIDE

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a weights file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SFNConfig:
        """The reverse of :meth:`to_dict`, after a trip through JSON."""
        curves = {
            name: tuple((float(peak), float(share)) for peak, share in data.get(name, ()))
            for name in ("score_curve", "flip_score_curve")
        }
        return cls(**{**data, "joints": tuple(data["joints"]), **curves})


def paper_config(*, width: float = 1.0, joints: tuple[str, ...] = JOINTS) -> SFNConfig:
    """The published network: 256 pixels in, Gaussians of 1.5 heatmap pixels."""
    return SFNConfig(variant="paper", input_size=256, width=width, sigma=1.5, joints=joints)
