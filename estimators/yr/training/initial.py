"""A first model: mixtures by K-means, and a linear SVM for each part's each mixture by itself."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from estimators.yr.features import CHANNELS, hog
from estimators.yr.model import Array, Part, PartModel
from estimators.yr.training.examples import Examples
from estimators.yr.training.layout import SOFTEST_SPRING, Layout
from estimators.yr.training.negatives import Background
from estimators.yr.training.positives import Person
from estimators.yr.training.solver import solve

NEGATIVES = 2000


def empty_model(parents: Sequence[int], mixtures: int, *, template: int) -> PartModel:
    """A model that knows nothing yet."""
    return PartModel(
        tuple(
            Part(
                parent,
                filters=np.zeros((mixtures, template, template, CHANNELS)),
                bias=np.zeros((mixtures, mixtures) if parent >= 0 else (1, 1)),
                springs=np.tile(
                    [SOFTEST_SPRING, 0, SOFTEST_SPRING, 0], (1, mixtures if parent >= 0 else 0, 1)
                ),
                anchors=np.zeros((1, mixtures if parent >= 0 else 0, 2)),
            )
            for parent in parents
        )
    )


def anchors(relative: Array, labels: NDArray[np.int64], mixtures: int) -> Array:
    """The rest place of each mixture: (people, 2) in cells -> (1, mixtures, 2)."""
    means = [relative[labels == mixture].mean(axis=0) for mixture in range(mixtures)]
    return np.round(np.array(means))[None]


def part_patches(person: Person, model: PartModel) -> NDArray[np.float32]:
    """Features of each part's own box: (parts, height, width, 32)."""
    height, width = model.template_size
    cells = np.array([width + 2, height + 2])
    size = cells * model.cell_size
    scale = width * model.cell_size / person.side
    patches = []
    for point in person.points:
        offset = (size - 1) / 2 - point * scale
        matrix = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
        patch = cv2.warpAffine(
            person.image,
            matrix,
            tuple(size.tolist()),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        patches.append(hog(patch.astype(np.float64), model.cell_size))
    return np.stack(patches).astype(np.float32)


def background_windows(
    background: Background, model: PartModel, *, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Random windows of photos without people: (NEGATIVES, height, width, 32)."""
    maps = [feature_map for photo in background.photos for feature_map in photo]
    sizes = np.array([feature_map.shape[0] * feature_map.shape[1] for feature_map in maps], dtype=np.float64)
    windows = []
    for index in rng.choice(len(maps), NEGATIVES, p=sizes / sizes.sum()):
        view = sliding_window_view(background.view(maps[index]), model.template_size, axis=(0, 1))
        y, x = rng.integers(view.shape[0]), rng.integers(view.shape[1])
        windows.append(view[y, x].transpose(1, 2, 0))
    return np.stack(windows)


def train_template(
    positives: NDArray[np.float32], negatives: NDArray[np.float32], *, cost: float, rng: np.random.Generator
) -> Array:
    """A linear SVM between windows: (n, height, width, 32) and (m, height, width, 32) -> one template."""
    shape = positives.shape[1:]
    single = empty_model([-1], 1, template=shape[0])
    layout = Layout(single)
    windows = np.concatenate([positives, negatives])
    count = len(windows)
    examples = Examples(
        indices=layout.indices(np.zeros((count, 1), np.int64)),
        stretches=np.zeros((count, 1, 4)),
        places=np.stack([np.arange(count) * windows[0].size, np.full(count, layout.row_length)], axis=1)[
            :, None
        ],
        labels=np.where(np.arange(count) < len(positives), 1.0, -1.0),
        groups=np.arange(count),
    )
    solution = solve(examples, windows.ravel(), layout.flatten(single), layout, cost=cost, rng=rng)
    return layout.unflatten(solution.weights).parts[0].filters[0]
