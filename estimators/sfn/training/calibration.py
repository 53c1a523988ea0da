"""Turns heights of heatmap peaks into shares of joints that are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimators.metrics import hits, joint_distances, torso_length
from estimators.sfn.builder import use_flip_test
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.training.mixture import TrainingData
from estimators.sfn.training.validation import TORSO_SHARE, YOUTUBE_PIXELS, predict_records
from estimators.skeletons import POSEFIX

BINS = 12


def fit_curve(peaks: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> tuple[tuple[float, float], ...]:
    """A rising curve of (peak height, share of correct joints).

    Bins of equal count, made monotone by averaging neighbours that fall (pool adjacent violators).

    Args:
        peaks: heights (N,).
        correct: whether each joint was right (N,).
        bins: points of the curve at most.

    Returns:
        Points with strictly rising heights, from height 0 with share 0 on.
    """
    order = np.argsort(peaks, kind="stable")
    blocks: list[tuple[float, float, int]] = []  # mean height, share, count
    for part in np.array_split(order, min(bins, len(order))):
        block = (float(peaks[part].mean()), float(correct[part].mean()), len(part))
        blocks.append(block)
        while len(blocks) > 1 and blocks[-2][1] > blocks[-1][1]:
            (height1, share1, count1), (height2, share2, count2) = blocks[-2:]
            count = count1 + count2
            merged = (
                (height1 * count1 + height2 * count2) / count,
                (share1 * count1 + share2 * count2) / count,
            )
            blocks[-2:] = [(*merged, count)]
    points = [(0.0, 0.0)]
    for height, share, _ in blocks:
        if height > points[-1][0] + 1e-6:
            points.append((round(height, 5), round(share, 4)))
    return tuple(points)


def calibrate(
    model: Any, data: TrainingData, *, config: SFNConfig, flip_test: bool = False
) -> tuple[tuple[float, float], ...]:
    """The curve of a model on the held-out pictures, looked at once or mirrored, too.

    Right means as in the benchmarks: within 0.2 of the torso on LSP, within 20 pixels on YouTube Pose.
    """
    peaks, correct = [], []
    use_flip_test(model, flip_test)
    for records, whole_frame in ((data.lsp_validation, False), (data.youtube_validation, True)):
        found = predict_records(model, records, config=config, whole_frame=whole_frame)
        limits = np.full(len(records), YOUTUBE_PIXELS)
        if not whole_frame:
            limits = TORSO_SHARE * torso_length(found.labels, POSEFIX)
        distances = joint_distances(found.keypoints, found.labels)
        labelled = ~np.isnan(distances)
        peaks.append(found.peaks[labelled])
        correct.append(hits(distances, limits)[labelled])
    use_flip_test(model, False)
    return fit_curve(np.concatenate(peaks), np.concatenate(correct))
