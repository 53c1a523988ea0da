"""Packages that only some estimators and detectors need, which are installed on demand."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True)
class Extra:
    """An optional part of posefix.

    Attributes:
        name: in brackets behind ``posefix``.
        module: what it brings, as it is imported.
        serves: what needs it.
    """

    name: str
    module: str
    serves: str

    @property
    def installed(self) -> bool:
        """Whether its module can be imported; it is not."""
        return find_spec(self.module) is not None

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install 'posefix[{self.name}]'"


BLAZEPOSE = Extra("blazepose", "ai_edge_litert", "blazepose_lite, blazepose_full, blazepose_heavy")
ONNX = Extra("onnx", "onnxruntime", "onnx:FILE, as estimator and as detector")
VITPOSE = Extra("vitpose", "mmpretrain", "mmpose:CONFIG of ViTPose")
EXTRAS = (BLAZEPOSE, ONNX, VITPOSE)


def require(extra: Extra, *, name: str, what: str = "estimator") -> None:
    """Makes sure that an extra is there.

    Args:
        extra: that is needed.
        name: of what needs it.
        what: it is.

    Raises:
        ValueError: it is not; the message says what installs it.
    """
    if not extra.installed:
        raise ValueError(f"Invalid {what} ({name}): {extra.module} is not installed. Run: {extra.command}")
