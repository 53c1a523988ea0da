"""HOG in 32 channels: histograms of oriented gradients, contrast-normalised and projected.

P. Felzenszwalb, R. Girshick, D. McAllester, D. Ramanan, "Object detection with discriminatively trained
part-based models", PAMI 2010, section 6, as in the released program of Yang & Ramanan (1.3): 18 directed
orientations, 9 undirected ones, 4 texture energies and 1 channel that marks cells outside of the picture.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

DIRECTED = 18
UNDIRECTED = 9
CHANNELS = DIRECTED + UNDIRECTED + 4 + 1
OUTSIDE = CHANNELS - 1  # the channel that is 1 outside of the picture
CLIP = 0.2
EPSILON = 1e-4
TEXTURE = 0.2357

# Unit vectors at multiples of 20 degrees, to four digits as in the original.
COSINES = np.array([1.0, 0.9397, 0.7660, 0.5, 0.1736, -0.1736, -0.5, -0.7660, -0.9397])
SINES = np.array([0.0, 0.3420, 0.6428, 0.8660, 0.9848, 0.9848, 0.8660, 0.6428, 0.3420])


def hog(image: Array, cell_size: int) -> Array:
    """Features of an image: (H, W, 3) in 0..255 -> (cells down - 2, cells across - 2, 32), float64.

    The outermost ring of cells has no full neighbourhood to be normalised by and is dropped.
    """
    down, across = (math.floor(side / cell_size + 0.5) for side in image.shape[:2])
    histogram = np.zeros((down, across, DIRECTED))
    _vote(image, cell_size, histogram, COSINES, SINES)
    features = np.zeros((max(down - 2, 0), max(across - 2, 0), CHANNELS))
    _normalise(histogram, features)
    return features


def pad(features: Array, rows: int, columns: int) -> Array:
    """Adds cells outside of the picture on every side: zeros, and 1 in the last channel."""
    height, width, channels = features.shape
    padded = np.zeros((height + 2 * rows, width + 2 * columns, channels))
    padded[..., OUTSIDE] = 1.0
    padded[rows : rows + height, columns : columns + width] = features
    return padded


@njit(cache=True, nogil=True)
def _vote(image: Array, cell_size: int, histogram: Array, cosines: Array, sines: Array) -> None:
    """Each pixel votes with its gradient's magnitude for its orientation, spread over four cells."""
    down, across = histogram.shape[0], histogram.shape[1]
    last_row, last_column = image.shape[0] - 2, image.shape[1] - 2
    for y in range(1, down * cell_size - 1):
        row = min(y, last_row)
        yp = (y + 0.5) / cell_size - 0.5
        cell_y = math.floor(yp)
        below = yp - cell_y
        for x in range(1, across * cell_size - 1):
            bin_, magnitude = _gradient(image, row, min(x, last_column), cosines, sines)
            xp = (x + 0.5) / cell_size - 0.5
            cell_x = math.floor(xp)
            right = xp - cell_x
            if cell_x >= 0 and cell_y >= 0:
                histogram[cell_y, cell_x, bin_] += (1 - right) * (1 - below) * magnitude
            if cell_x + 1 < across and cell_y >= 0:
                histogram[cell_y, cell_x + 1, bin_] += right * (1 - below) * magnitude
            if cell_x >= 0 and cell_y + 1 < down:
                histogram[cell_y + 1, cell_x, bin_] += (1 - right) * below * magnitude
            if cell_x + 1 < across and cell_y + 1 < down:
                histogram[cell_y + 1, cell_x + 1, bin_] += right * below * magnitude


@njit(cache=True, nogil=True, inline="always")
def _gradient(image: Array, row: int, column: int, cosines: Array, sines: Array) -> tuple[int, float]:
    """Orientation (0..17) and magnitude of the strongest channel's gradient; the first wins a tie."""
    strongest = -1.0
    dx = dy = 0.0
    for channel in range(3):
        gx = image[row, column + 1, channel] - image[row, column - 1, channel]
        gy = image[row + 1, column, channel] - image[row - 1, column, channel]
        square = gx * gx + gy * gy
        if square > strongest:
            strongest, dx, dy = square, gx, gy
    best, best_bin = 0.0, 0
    for bin_ in range(UNDIRECTED):
        dot = cosines[bin_] * dx + sines[bin_] * dy
        if dot > best:
            best, best_bin = dot, bin_
        elif -dot > best:
            best, best_bin = -dot, bin_ + UNDIRECTED
    return best_bin, np.sqrt(strongest)


@njit(cache=True, nogil=True)
def _normalise(histogram: Array, features: Array) -> None:
    """Divides each cell by the energies of the four blocks that hold it, clips and projects."""
    energy = np.zeros((histogram.shape[0], histogram.shape[1]))
    for y in range(energy.shape[0]):
        for x in range(energy.shape[1]):
            for bin_ in range(UNDIRECTED):
                both = histogram[y, x, bin_] + histogram[y, x, bin_ + UNDIRECTED]
                energy[y, x] += both * both
    norms = np.zeros((max(energy.shape[0] - 1, 0), max(energy.shape[1] - 1, 0)))
    for y in range(norms.shape[0]):
        for x in range(norms.shape[1]):
            block = energy[y, x] + energy[y, x + 1] + energy[y + 1, x] + energy[y + 1, x + 1]
            norms[y, x] = 1.0 / np.sqrt(block + EPSILON)
    for y in range(features.shape[0]):
        for x in range(features.shape[1]):
            _project(histogram[y + 1, x + 1], norms[y : y + 2, x : x + 2], features[y, x])


@njit(cache=True, nogil=True, inline="always")
def _project(cell: Array, norms: Array, feature: Array) -> None:
    """The 32 features of one cell from its 18 votes and its four norms."""
    n1, n2, n3, n4 = norms[1, 1], norms[0, 1], norms[1, 0], norms[0, 0]
    t1 = t2 = t3 = t4 = 0.0
    for bin_ in range(DIRECTED):
        h1, h2 = min(cell[bin_] * n1, CLIP), min(cell[bin_] * n2, CLIP)
        h3, h4 = min(cell[bin_] * n3, CLIP), min(cell[bin_] * n4, CLIP)
        feature[bin_] = 0.5 * (h1 + h2 + h3 + h4)
        t1 += h1
        t2 += h2
        t3 += h3
        t4 += h4
    for bin_ in range(UNDIRECTED):
        both = cell[bin_] + cell[bin_ + UNDIRECTED]
        clipped = min(both * n1, CLIP) + min(both * n2, CLIP) + min(both * n3, CLIP) + min(both * n4, CLIP)
        feature[DIRECTED + bin_] = 0.5 * clipped
    feature[DIRECTED + UNDIRECTED] = TEXTURE * t1
    feature[DIRECTED + UNDIRECTED + 1] = TEXTURE * t2
    feature[DIRECTED + UNDIRECTED + 2] = TEXTURE * t3
    feature[DIRECTED + UNDIRECTED + 3] = TEXTURE * t4
