"""Placements of the model in photos without people, to learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from estimators.yr.features import hog, pad
from estimators.yr.messages import backtrack, pass_messages
from estimators.yr.model import PartModel
from estimators.yr.pyramid import level_count, octave_images
from estimators.yr.scores import PartScorer
from estimators.yr.training.examples import Examples
from estimators.yr.training.layout import Layout
from estimators.yr.training.samples import read_image

Array = NDArray[np.float64]

INTERVAL = 2  # levels per octave: neighbours would be nearly the same negatives
MARGIN = -1.0


@dataclass(frozen=True)
class FeatureMap:
    """A padded feature map: where it starts in the shared buffer, and its (H, W, 32)."""

    start: int
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class Background:
    """Feature maps of photos without people.

    Attributes:
        features: float32, flat, all of them.
        photos: the maps of each photo, from fine to coarse.
    """

    features: NDArray[np.float32]
    photos: tuple[tuple[FeatureMap, ...], ...]

    def view(self, feature_map: FeatureMap) -> NDArray[np.float32]:
        """One map, (H, W, 32)."""
        end = feature_map.start + int(np.prod(feature_map.shape))
        return self.features[feature_map.start : end].reshape(feature_map.shape)

    def chunks(self, photos: int) -> Iterator[Background]:
        """The same features, a few photos at a time."""
        for start in range(0, len(self.photos), photos):
            yield Background(self.features, self.photos[start : start + photos])


def read_background(paths: Sequence[Path], model: PartModel) -> Background:
    """Feature pyramids of photos."""
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        pyramids = list(pool.map(lambda path: _pyramid(path, model), paths))
    photos, start = [], 0
    for pyramid in pyramids:
        maps = []
        for features in pyramid:
            maps.append(FeatureMap(start, features.shape))
            start += features.size
        photos.append(tuple(maps))
    flat = np.concatenate([features.ravel() for pyramid in pyramids for features in pyramid])
    return Background(flat, tuple(photos))


def _pyramid(path: Path, model: PartModel) -> list[NDArray[np.float32]]:
    image = read_image(path).astype(np.float64)
    rows, columns = model.padding
    count = level_count(*image.shape[:2], cell_size=model.cell_size, interval=INTERVAL)
    levels = {
        level: pad(hog(scaled, model.cell_size), rows + 1, columns + 1).astype(np.float32)
        for first in range(INTERVAL)
        for level, scaled in octave_images(image, first, range(count), interval=INTERVAL)
    }
    return [levels[level] for level in sorted(levels)]


def mine(
    background: Background, model: PartModel, layout: Layout, *, limit: int, device: torch.device
) -> Examples:
    """The placements that score at least -1, at most ``limit`` a photo, the worst first."""
    scorer = PartScorer(model, device=device, dtype=torch.float32)
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found = pool.map(lambda maps: _mine_photo(background, maps, model, scorer, limit), background.photos)
        placements = [placement for photo in found for placement in photo]
    torch.set_num_threads(threads)
    return _examples(placements, model, layout)


@dataclass(frozen=True)
class _Hits:
    feature_map: FeatureMap
    scores: Array
    cells: NDArray[np.int64]
    mixtures: NDArray[np.int64]


def _mine_photo(
    background: Background, maps: Sequence[FeatureMap], model: PartModel, scorer: PartScorer, limit: int
) -> list[_Hits]:
    found = []
    for feature_map in maps:
        roots = pass_messages(scorer(background.view(feature_map)), model)
        ys, xs = np.nonzero(roots.scores >= MARGIN)
        order = np.argsort(-roots.scores[ys, xs])[:limit]
        ys, xs = ys[order], xs[order]
        cells, mixtures = backtrack(roots, ys, xs, model)
        found.append(_Hits(feature_map, roots.scores[ys, xs].astype(np.float64), cells, mixtures))
    scores = np.sort(np.concatenate([hits.scores for hits in found]))[::-1]
    lowest = scores[limit - 1] if len(scores) > limit else MARGIN
    return [
        replace(
            hits,
            scores=hits.scores[hits.scores >= lowest],
            cells=hits.cells[hits.scores >= lowest],
            mixtures=hits.mixtures[hits.scores >= lowest],
        )
        for hits in found
    ]


def _examples(found: Sequence[_Hits], model: PartModel, layout: Layout) -> Examples:
    cells = np.concatenate([hits.cells for hits in found])
    mixtures = np.concatenate([hits.mixtures for hits in found])
    counts = [len(hits.scores) for hits in found]
    starts = np.repeat([hits.feature_map.start for hits in found], counts)
    strides = np.repeat([hits.feature_map.shape[1] * hits.feature_map.shape[2] for hits in found], counts)
    channels = model.parts[0].filters.shape[3]
    places = np.empty((*mixtures.shape, 2), np.int64)
    places[..., 0] = starts[:, None] + cells[..., 1] * strides[:, None] + cells[..., 0] * channels
    places[..., 1] = strides[:, None]
    return Examples(
        indices=layout.indices(mixtures),
        stretches=layout.stretches(cells, mixtures),
        places=places,
        labels=-np.ones(len(mixtures)),
        groups=places[:, 0, 0].copy(),  # where the root is: unique over all maps
    )
