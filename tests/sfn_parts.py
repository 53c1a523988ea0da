"""Small SFNs and records for the tests."""

from __future__ import annotations

import numpy as np

from estimators.sfn.configuration import SFNConfig
from estimators.sfn.data.mixture import Source, TrainingData
from estimators.sfn.data.records import draw_figures
from estimators.sfn.quiet import import_mmpose

import_mmpose()

TINY = SFNConfig(input_size=64, width=0.1)


def drawn_data() -> TrainingData:
    """A training set of a few drawn figures."""
    figures = tuple(draw_figures(6, seed=3))
    return TrainingData(
        sources=(Source("drawn", 1.0, figures, frame_share=0.3),),
        lsp_validation=figures[:2],
        youtube_validation=figures[2:4],
    )


def gaussians(centres: np.ndarray, size: int, *, sigma: float = 2.0) -> np.ndarray:
    """Heatmaps (J, size, size) with a peak of 1 at each centre (J, 2)."""
    grid = np.arange(size)
    across = np.exp(-((grid - centres[:, :1]) ** 2) / (2 * sigma**2))
    down = np.exp(-((grid - centres[:, 1:]) ** 2) / (2 * sigma**2))
    return (down[:, :, None] * across[:, None, :]).astype(np.float32)
