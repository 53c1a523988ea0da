"""The generalised distance transform of sampled functions, in linear time.

P. Felzenszwalb, D. Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 2012: the
upper envelope of one downward parabola per source cell. The two axes are done one after the other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.floating]
Indices = NDArray[np.int16]


@njit(cache=True, nogil=True)
def envelope(
    values: NDArray[np.float64],
    quadratic: float,
    linear: float,
    shift: float,
    best: NDArray[np.float64],
    source: Indices,
    roots: Indices,
    heights: NDArray[np.float64],
) -> None:
    """One axis: best[p] = max over c of values[c] - quadratic d^2 - linear d, d = p + shift - c.

    With t = p + shift, that is g(c) + 2 quadratic t c plus something without c, where g(c) = values[c]
    - quadratic c^2 + linear c: only the corners of the upper convex hull of g ever win, from left to right
    as t grows. The hull takes no division.

    Args:
        values: (n,).
        quadratic: above 0.
        best: (m,), written; p runs over 0..m-1 and p + shift may lie outside of 0..n-1.
        source: (m,), written: the c of each maximum.
        roots, heights: (n,), scratch: the hull's corners and their g.
    """
    top = _hull(values, quadratic, linear, roots, heights)
    corner = 0
    for p in range(best.shape[0]):
        t = p + shift
        slope = -2.0 * quadratic * t
        while corner < top and (
            heights[corner + 1] - heights[corner] > slope * (roots[corner + 1] - roots[corner])
        ):
            corner += 1
        c = roots[corner]
        d = t - c
        best[p] = values[c] - (quadratic * d + linear) * d
        source[p] = c


@njit(cache=True, nogil=True)
def _hull(
    values: NDArray[np.float64],
    quadratic: float,
    linear: float,
    roots: Indices,
    heights: NDArray[np.float64],
) -> int:
    """Writes the corners of the upper convex hull of g and returns the index of the last one."""
    top = -1
    for c in range(values.shape[0]):
        height = values[c] - (quadratic * c - linear) * c
        while top > 0:
            rise = (heights[top] - heights[top - 1]) * (c - roots[top])
            if (height - heights[top]) * (roots[top] - roots[top - 1]) < rise:
                break
            top -= 1
        top += 1
        roots[top] = c
        heights[top] = height
    return top


@njit(cache=True, nogil=True)
def transform(
    values: Array, spring: Array, anchor: Array, best: Array, source_x: Indices, source_y: Indices
) -> None:
    """Both axes: best[p] = max over c of values[c] - w1 dx^2 - w2 dx - w3 dy^2 - w4 dy, d = p + anchor - c.

    Args:
        values: (H, W).
        spring: (4,), w1..w4; w1 and w3 above 0.
        anchor: (2,), x and y of the shift, in cells.
        best: (M, N), written.
        source_x, source_y: (M, N), written: the c of each maximum.
    """
    height, width = values.shape
    rows, columns = best.shape
    longest = max(height, width, rows, columns)
    roots = np.empty(longest, np.int16)
    heights = np.empty(longest)
    line, result = np.empty(longest), np.empty(longest)
    found = np.empty(longest, np.int16)
    partial = np.empty((rows, width))
    partial_y = np.empty((rows, width), np.int16)
    for x in range(width):
        for y in range(height):
            line[y] = values[y, x]
        envelope(line[:height], spring[2], spring[3], anchor[1], result[:rows], found[:rows], roots, heights)
        for y in range(rows):
            partial[y, x] = result[y]
            partial_y[y, x] = found[y]
    for y in range(rows):
        envelope(
            partial[y], spring[0], spring[1], anchor[0], result[:columns], found[:columns], roots, heights
        )
        for x in range(columns):
            best[y, x] = result[x]
            source_x[y, x] = found[x]
            source_y[y, x] = partial_y[y, found[x]]
