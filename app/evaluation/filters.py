"""Filters over time, as pose pipelines use them, with the settings to choose from.

Each takes points (T, J, 2) without gaps and the frame rate, and returns points of the same shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import butter, savgol_filter, sosfiltfilt

Floats = NDArray[np.floating]
Filter = Callable[..., Floats]


def one_euro(points: Floats, fps: float, *, cutoff: float, beta: float) -> Floats:
    """One-Euro filter (Casiez et al., 2012): a low pass whose cutoff (Hz) rises with speed (px/s)."""

    def share(frequency: Floats | float) -> Floats:
        return 1 / (1 + fps / (2 * math.pi * np.asarray(frequency)))

    result = points.astype(np.float64)
    speed = np.zeros_like(result[0])
    for t in range(1, len(points)):
        speed += share(1.0) * ((points[t] - points[t - 1]) * fps - speed)
        keep = share(cutoff + beta * np.abs(speed))
        result[t] = result[t - 1] + keep * (points[t] - result[t - 1])
    return result


def savitzky_golay(points: Floats, fps: float, *, seconds: float, order: int) -> Floats:
    """Savitzky-Golay filter over ``seconds``."""
    window = max(order + 1, round(seconds * fps)) | 1
    window = min(window, len(points) - 1 | 1)
    return points if window <= order else savgol_filter(points, window, order, axis=0)


def gaussian(points: Floats, fps: float, *, seconds: float) -> Floats:
    """Gaussian average of standard deviation ``seconds``."""
    return gaussian_filter1d(points, seconds * fps, axis=0, mode="nearest")


def median(points: Floats, fps: float, *, seconds: float) -> Floats:
    """Running median over ``seconds``."""
    return median_filter(points, size=(round(seconds * fps) | 1, 1, 1), mode="nearest")


def butterworth(points: Floats, fps: float, *, hertz: float, order: int) -> Floats:
    """Butterworth low pass, forwards and backwards."""
    if hertz >= fps / 2 or len(points) <= 6 * order:
        return points
    return sosfiltfilt(butter(order, hertz, fs=fps, output="sos"), points, axis=0)


FILTERS: Mapping[str, tuple[Filter, Mapping[str, tuple[float, ...]]]] = {
    "One-Euro": (one_euro, {"cutoff": (1.0, 1.7, 3.0, 5.0), "beta": (0.002, 0.007, 0.02, 0.05)}),
    "Savitzky-Golay": (savitzky_golay, {"seconds": (0.2, 0.36, 0.52, 0.76, 1.0), "order": (2, 3)}),
    "Gaussian": (gaussian, {"seconds": (0.02, 0.04, 0.06, 0.08, 0.1, 0.14)}),
    "median": (median, {"seconds": (0.12, 0.2, 0.28, 0.44, 0.6)}),
    "Butterworth": (butterworth, {"hertz": (1.0, 1.5, 2.0, 3.0, 4.0, 6.0), "order": (2, 4)}),
}


def settings(name: str) -> list[dict[str, float]]:
    """All settings that are tried of a filter."""
    grid = FILTERS[name][1]
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
