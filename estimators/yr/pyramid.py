"""An image pyramid in the exact arithmetic of the released program (Yang & Ramanan 1.3).

Orientation bins of HOG tie where the horizontal gradient is zero, so rounding decides: a resize that differs
by 1e-14 moves single features by up to .27. Hence taps are added in increasing source order, the height is
done before the width, all in float64 and without fused multiply-add (numba's default).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Taps = tuple[NDArray[np.int64], Array]

REACH = 1e-3  # a source pixel that covers less than this of a new one is left out, as in the original
SMALLEST_TEMPLATES = 5  # the coarsest level still has room for this many cells


def level_count(height: int, width: int, *, cell_size: int, interval: int) -> int:
    """Levels of the pyramid of an image; never fewer than an octave.

    Raises:
        ValueError: the image is too small for even one template.
    """
    smallest = SMALLEST_TEMPLATES * cell_size
    if min(height, width) < smallest:
        raise ValueError(f"Invalid image size ({width}x{height}): at least {smallest}x{smallest} wanted.")
    octaves = math.log(min(height, width) / smallest) / math.log(2 ** (1 / interval))
    return max(1 + math.floor(octaves), interval)


def level_scale(level: int, interval: int) -> float:
    """Scale of a level: 1 for the first, half of it an octave later."""
    octave, step = divmod(level, interval)
    return 0.5**octave / (2 ** (1 / interval)) ** step


def octave_images(
    image: NDArray[np.float64], first: int, wanted: Collection[int], *, interval: int
) -> Iterator[tuple[int, Array]]:
    """The wanted levels among ``first``, ``first + interval``, ...: one resize, then halvings.

    Args:
        image: float64, (H, W, 3), 0..255.
        first: a level of the first octave, 0..interval-1.
        wanted: levels to give.
    """
    targets = [level for level in wanted if level % interval == first]
    if not targets:
        return
    scaled = resize(image, level_scale(first, interval))
    for level in range(first, max(targets) + 1, interval):
        if level > first:
            scaled = halve(scaled)
        if level in targets:
            yield level, scaled


def resize(image: Array, scale: float) -> Array:
    """Area (box) resize by ``scale`` <= 1; (H, W, C) -> (round(H scale), round(W scale), C)."""
    height, width = (math.floor(side * scale + 0.5) for side in image.shape[:2])
    return _apply(image, _area_taps(image.shape[0], height), _area_taps(image.shape[1], width))


def halve(image: Array) -> Array:
    """Half the size with the binomial taps [1 4 6 4 1]/16; (H, W, C) -> (ceil(H/2), ceil(W/2), C)."""
    return _apply(image, _binomial_taps(image.shape[0]), _binomial_taps(image.shape[1]))


def _apply(image: Array, rows: Taps, columns: Taps) -> Array:
    height, width, channels = image.shape
    tall = np.zeros((len(rows[0]), width, channels))
    _filter_rows(image.reshape(height, -1), *rows, tall.reshape(len(rows[0]), -1))
    small = np.zeros((len(rows[0]), len(columns[0]), channels))
    _filter_columns(tall, *columns, small)
    return small


def _area_taps(source: int, target: int) -> Taps:
    """Source indices and weights of each new pixel, (target, taps); unused taps weigh 0."""
    step, weight = source / target, target / source
    lists: list[list[tuple[int, float]]] = []
    for pixel in range(target):
        start, end = pixel * step, pixel * step + step
        first, last = math.ceil(start), math.floor(end)
        taps = [(index, weight) for index in range(first, last)]
        if first - start > REACH:
            taps.insert(0, (first - 1, (first - start) * weight))
        if end - last > REACH:
            taps.append((last, (end - last) * weight))
        lists.append(taps)
    return _table(lists)


def _binomial_taps(source: int) -> Taps:
    """As :func:`_area_taps`, for halving: borders as in the original, not quite a mirror."""
    target = math.floor(source * 0.5 + 0.5)
    edge = (0.6875, 0.25, 0.0625)
    lists: list[list[tuple[int, float]]] = []
    for pixel in range(target):
        centre = 2 * pixel
        if pixel == 0:
            taps = list(zip(range(3), edge, strict=True))
        elif pixel == target - 1:
            taps = list(zip(range(centre - 2, centre + 1), edge[::-1], strict=True))
        elif pixel == target - 2 and target * 2 > source:
            taps = list(zip(range(centre - 2, centre + 2), (0.0625, 0.25, 0.375, 0.3125), strict=True))
        else:
            taps = list(zip(range(centre - 2, centre + 3), (0.0625, 0.25, 0.375, 0.25, 0.0625), strict=True))
        lists.append(taps)
    return _table(lists)


def _table(lists: list[list[tuple[int, float]]]) -> Taps:
    widest = max(len(taps) for taps in lists)
    indices = np.zeros((len(lists), widest), dtype=np.int64)
    weights = np.zeros((len(lists), widest))
    for row, taps in enumerate(lists):
        indices[row, : len(taps)] = [index for index, _ in taps]
        weights[row, : len(taps)] = [weight for _, weight in taps]
    return indices, weights


@njit(cache=True, nogil=True)
def _filter_rows(source: Array, indices: NDArray[np.int64], weights: Array, target: Array) -> None:
    for row in range(target.shape[0]):
        for tap in range(indices.shape[1]):
            weight = weights[row, tap]
            if weight == 0.0:
                continue
            line = source[indices[row, tap]]
            for column in range(line.shape[0]):
                target[row, column] += weight * line[column]


@njit(cache=True, nogil=True)
def _filter_columns(source: Array, indices: NDArray[np.int64], weights: Array, target: Array) -> None:
    for row in range(target.shape[0]):
        for column in range(target.shape[1]):
            for tap in range(indices.shape[1]):
                weight = weights[column, tap]
                if weight == 0.0:
                    continue
                for channel in range(target.shape[2]):
                    target[row, column, channel] += weight * source[row, indices[column, tap], channel]
