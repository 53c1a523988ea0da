"""Trained weights, each a ``NAME.safetensors`` with its card ``NAME.md`` beside it."""

from weights.store import WeightsError, find, fitting, installed, load, load_model, save, save_model, sha256

__all__ = [
    "WeightsError",
    "find",
    "fitting",
    "installed",
    "load",
    "load_model",
    "save",
    "save_model",
    "sha256",
]
