"""What a corrector network is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from estimators.skeletons import JOINTS, UPPER_BODY

PRESETS = ("paper", "default", "recurrent")


@dataclass(frozen=True)
class CorrectorConfig:
    """Sizes and choices of an encoder-decoder; :meth:`preset_named` gives those that posefix trains.

    Attributes:
        preset: its name.
        joints: the joints it knows, in their order.
        window: steps (frames, or groups of frames at high rates) that it sees at once.
        encoder_size: units of each direction of the encoder.
        decoder_size: units of the decoder.
        attention_size: units of the additive attention.
        observation_inputs: tell the encoder scores, missing joints, velocities and time steps too.
        side_inputs: tell it how well each joint continues its own track and that of the other body side.
        parallel: decode all steps at once, by a bidirectional LSTM of ``decoder_size`` units a direction that
            is not fed with its own output; otherwise one after another.
        aligned: hand the decoder the encoder's state of its own frame beside the attention's context; a
            ``parallel`` one always has it.
        smoothing_seconds: widths of the smoothed tracks that the output is blended from, beside the given
            points and those of the other body side; empty: the output is a point in itself.
        fix_left_right_swaps: change exchanged joints back before anything else; see :mod:`corrector.sides`.
        leave_out_jumps: take joints that jump away for some frames for missing; see :mod:`corrector.jumps`.
        upright: show the network each window turned so that the body stands upright on average.
        low_fps_shrinkage: at 10 frames a second, a correction this many times the error expected of it is
            carried out by half, smaller ones less; more of it below, at 20 frames a second and above none.
        joint_gain: of each joint's correction, the share that is carried out; empty: all of it. See
            :mod:`corrector.training.joint_gain`.
        tapered: a window's answer counts most in its middle; otherwise all alike.
    """

    preset: str = "default"
    joints: tuple[str, ...] = JOINTS
    window: int = 48
    encoder_size: int = 96
    decoder_size: int = 64
    attention_size: int = 24
    observation_inputs: bool = True
    side_inputs: bool = True
    parallel: bool = True
    aligned: bool = True
    smoothing_seconds: tuple[float, ...] = (0.05, 0.15)
    fix_left_right_swaps: bool = True
    leave_out_jumps: bool = True
    upright: bool = True
    low_fps_shrinkage: float = 2.5
    joint_gain: tuple[float, ...] = ()
    tapered: bool = True

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"Invalid preset ({self.preset}). Supported values are {', '.join(PRESETS)}.")
        sizes = (self.encoder_size, self.decoder_size, self.attention_size)
        if min(sizes) < 1 or self.window < 2 or self.window % 2:
            raise ValueError(f"Sizes {sizes} must be positive and the window ({self.window}) even.")
        if not self.low_fps_shrinkage >= 0:
            raise ValueError(
                f"Invalid low_fps_shrinkage ({self.low_fps_shrinkage}). Supported values are 0 and above."
            )
        if self.joint_gain and (
            len(self.joint_gain) != len(self.joints) or not all(0 <= t <= 1 for t in self.joint_gain)
        ):
            raise ValueError(
                f"Invalid joint_gain {self.joint_gain}: one share in 0..1 for each joint wanted."
            )
        if any(seconds <= 0 for seconds in self.smoothing_seconds):
            raise ValueError(f"Invalid smoothing_seconds {self.smoothing_seconds}: widths above 0 wanted.")
        if missing := [joint for joint in UPPER_BODY if joint not in self.joints]:
            raise ValueError(f"Joints of the upper body are missing: {', '.join(missing)}.")

    @classmethod
    def preset_named(cls, preset: str) -> Self:
        """The configuration that ``--preset`` names.

        ``default``, ``paper`` as published, or ``recurrent``: the default one with steps decoded one after
        another, each told the answer before it.
        """
        if preset == "paper":
            return cls(
                preset="paper",
                joints=UPPER_BODY,
                window=32,
                encoder_size=80,
                decoder_size=96,
                parallel=False,
                observation_inputs=False,
                side_inputs=False,
                aligned=False,
                smoothing_seconds=(),
                fix_left_right_swaps=False,
                leave_out_jumps=False,
                upright=False,
                low_fps_shrinkage=0.0,
                tapered=False,
            )
        if preset == "recurrent":
            return cls(preset=preset, window=32, encoder_size=80, decoder_size=96, parallel=False)
        return cls(preset=preset)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The configuration that :meth:`to_dict` described; files from before a field do without it."""
        plain: dict[str, Any] = {"leave_out_jumps": False, "upright": False, **values}
        for key in ("joints", "smoothing_seconds", "joint_gain"):
            plain[key] = tuple(plain.get(key, ()))
        return cls(**plain)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for the metadata of a weights file."""
        return asdict(self)

    @property
    def stride(self) -> int:
        """Steps from one window to the next: they overlap by half."""
        return self.window // 2
