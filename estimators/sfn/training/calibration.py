"""Turns heights of heatmap peaks into shares of joints that are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimators.metrics import hits, joint_distances, torso_length
from estimators.score_curves import fit_curve
from estimators.sfn.builder import use_flip_test
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.training.mixture import TrainingData
from estimators.sfn.training.validation import TORSO_SHARE, YOUTUBE_PIXELS, predict_records
from estimators.skeletons import POSEFIX


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
