"""How large a person's parts are and which mixtures they belong to (Yang & Ramanan, PAMI 2013, section 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import ClusterError, kmeans2

Array = NDArray[np.float64]

BOX_QUANTILE = 0.75
STARTS = 100


def box_sides(points: Array, parents: Sequence[int]) -> Array:
    """Side of every part's square box for each person, in pixels.

    Limbs are foreshortened more often than not, so a person's size is what the longer ones say: with r_i the
    usual ratio of limb i to the first, the 0.75 quantile of length_i / r_i.

    Args:
        points: (people, parts, 2).

    Returns:
        (people,).
    """
    children = np.arange(1, len(parents))
    lengths = np.linalg.norm(points[:, children] - points[:, np.array(parents)[children]], axis=-1)
    lengths = np.maximum(lengths, 1e-3)
    ratios = np.exp(np.median(np.log(lengths) - np.log(lengths[:, :1]), axis=0))
    return np.quantile(lengths / ratios, BOX_QUANTILE, axis=1)


def displacements(points: Array, parents: Sequence[int]) -> Array:
    """Each part's place relative to its parent's, the root's from its first child: (people, parts, 2)."""
    others = np.array([parents.index(0) if parent < 0 else parent for parent in parents])
    moved = points - points[:, others]
    moved[:, 0] *= -1
    return moved


def cluster(relative: Array, mixtures: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Mixtures by K-means on relative places, the best of many starts.

    Args:
        relative: (people, parts, 2), in cells.

    Returns:
        (people, parts), 0..mixtures-1.

    Raises:
        ValueError: fewer different places than mixtures.
    """
    return np.column_stack([_kmeans(part, mixtures, rng) for part in relative.transpose(1, 0, 2)])


def _kmeans(places: Array, mixtures: int, rng: np.random.Generator) -> NDArray[np.int64]:
    best, lowest = None, np.inf
    for _ in range(STARTS):
        try:
            centres, labels = kmeans2(places, mixtures, minit="points", missing="raise", seed=rng)
        except ClusterError:  # a cluster ran empty: another start
            continue
        error = float(((places - centres[labels]) ** 2).sum())
        if error < lowest:
            best, lowest = labels.astype(np.int64), error
    if best is None:
        raise ValueError(f"Invalid data: {len(places)} people give no {mixtures} mixtures. Give more people.")
    return best
