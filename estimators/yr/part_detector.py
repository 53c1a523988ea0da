"""Finds the placements of a part model in an image: from the pyramid to backtracking."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from estimators.yr.features import hog, pad
from estimators.yr.messages import backtrack, pass_messages
from estimators.yr.model import PartModel
from estimators.yr.pyramid import level_count, level_scale, octave_images
from estimators.yr.scores import PartScorer

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Placements:
    """Trees of parts placed in an image, N of them.

    Attributes:
        boxes: (N, parts, 4), x1, y1, x2, y2 in pixels (centres at whole numbers), both ends inside.
        scores: (N,).
        responses: (N, parts), the score of each part's own template.
        mixtures: (N, parts).
        levels: (N,), of the pyramid, from 0.
    """

    boxes: Array
    scores: Array
    responses: Array
    mixtures: NDArray[np.int64]
    levels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, which: NDArray[np.integer] | slice) -> Placements:
        return Placements(
            self.boxes[which],
            self.scores[which],
            self.responses[which],
            self.mixtures[which],
            self.levels[which],
        )

    @classmethod
    def joined(cls, several: Sequence[Placements]) -> Placements:
        """All of several, at least one, in their order."""
        fields = [(some.boxes, some.scores, some.responses, some.mixtures, some.levels) for some in several]
        return cls(*(np.concatenate(arrays) for arrays in zip(*fields, strict=True)))

    @property
    def points(self) -> Array:
        """Centres of the parts, (N, parts, 2)."""
        return (self.boxes[..., :2] + self.boxes[..., 2:]) / 2


class PartDetector:
    """A part model ready to be looked for.

    Args:
        model: the model.
        device: where the convolution runs; the rest runs on the CPU.
        dtype: of the scores. Features are float64 in any case, in the original's order of operations.
        skip_single_hits: as the released program, ignore a level where just one place passes.
    """

    def __init__(
        self,
        model: PartModel,
        *,
        device: torch.device | None = None,
        dtype: torch.dtype = torch.float32,
        skip_single_hits: bool = False,
    ) -> None:
        self.model = model
        self.scorer = PartScorer(model, device=device or torch.device("cpu"), dtype=dtype)
        self.skip_single_hits = skip_single_hits

    def levels(self, height: int, width: int) -> int:
        """Levels of the pyramid of an image of that size."""
        return level_count(height, width, cell_size=self.model.cell_size, interval=self.model.interval)

    def detect(
        self,
        image: NDArray[np.number],
        *,
        threshold: float,
        limit: int | None = None,
        levels: Collection[int] | None = None,
    ) -> Placements:
        """All placements that score at least ``threshold``, the best first.

        Args:
            image: RGB in 0..255, (H, W, 3), any type.
            limit: keep only that many of the best.
            levels: look only there; None means everywhere.

        Raises:
            ValueError: the image is too small.
        """
        found = list(self._search(image.astype(np.float64), threshold, limit, levels))
        merged = Placements.joined(found)
        return merged[np.argsort(-merged.scores, kind="stable")[:limit]]

    def _search(
        self, image: NDArray[np.float64], threshold: float, limit: int | None, levels: Collection[int] | None
    ) -> Iterator[Placements]:
        count = self.levels(*image.shape[:2])
        wanted = range(count) if levels is None else sorted(set(levels) & set(range(count)))
        threads = torch.get_num_threads()

        def search(first: int) -> list[Placements]:
            return [
                self._place(level, features, threshold, limit)
                for level, features in self._features(image, first, wanted)
            ]

        yield self.nothing()
        # Levels side by side with one thread each: a convolution that splits itself over busy cores waits.
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for placements in pool.map(search, range(self.model.interval)):
                yield from placements
        torch.set_num_threads(threads)  # the workers' number had become the default of threads to come

    def _features(
        self, image: NDArray[np.float64], first: int, wanted: Collection[int]
    ) -> Iterator[tuple[int, Array]]:
        rows, columns = self.model.padding
        for level, scaled in octave_images(image, first, wanted, interval=self.model.interval):
            yield level, pad(hog(scaled, self.model.cell_size), rows + 1, columns + 1)

    def _place(self, level: int, features: Array, threshold: float, limit: int | None) -> Placements:
        scores = self.scorer(features)
        roots = pass_messages(scores, self.model)
        ys, xs = np.nonzero(roots.scores >= threshold)
        if not len(ys) or (self.skip_single_hits and len(ys) == 1):
            return self.nothing()
        totals = roots.scores[ys, xs]
        if limit is not None and len(ys) > limit:
            best = np.argpartition(-totals, limit)[:limit]
            ys, xs, totals = ys[best], xs[best], totals[best]
        cells, mixtures = backtrack(roots, ys, xs, self.model)
        responses = scores[mixtures + np.array(self.model.offsets), cells[..., 1], cells[..., 0]]
        return Placements(
            self._boxes(cells, level_scale(level, self.model.interval)),
            totals,
            responses,
            mixtures,
            np.full(len(ys), level),
        )

    def _boxes(self, cells: NDArray[np.int64], scale: float) -> Array:
        height, width = self.model.template_size
        rows, columns = self.model.padding
        pixels = self.model.cell_size / scale
        corner = (cells - np.array([columns, rows])) * pixels
        return np.concatenate([corner, corner + np.array([width, height]) * pixels - 1], axis=-1)

    def nothing(self) -> Placements:
        """No placements."""
        parts = len(self.model.parts)
        return Placements(
            np.empty((0, parts, 4)),
            np.empty(0),
            np.empty((0, parts)),
            np.empty((0, parts), np.int64),
            np.empty(0, np.int64),
        )
