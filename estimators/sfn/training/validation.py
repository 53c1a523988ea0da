"""What a training run watches: PCK on the held-out pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmpose.registry import KEYPOINT_CODECS
from torch import nn

from estimators import metrics
from estimators.datasets.records import PoseRecord
from estimators.facing import ALL, by_facing
from estimators.sfn.builder import codec_config
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.pipelines import crop_pipeline
from estimators.sfn.training.dataset import RecordDataset
from estimators.sfn.training.mixture import TrainingData
from estimators.skeletons import POSEFIX

YOUTUBE_PIXELS = 20.0
TORSO_SHARE = 0.2
BATCH = 16


@dataclass(frozen=True)
class Predictions:
    """Keypoints (N, J, 2) and peak heights (N, J) for N records, with their labels (N, J, 2)."""

    keypoints: np.ndarray
    peaks: np.ndarray
    labels: np.ndarray


def predict_records(
    model: nn.Module, records: Sequence[PoseRecord], *, config: SFNConfig, whole_frame: bool
) -> Predictions:
    """Runs a model over records; the boxes are those around the labels, or the whole pictures."""
    dataset: Any = RecordDataset(records=records, pipeline=crop_pipeline(config))
    if whole_frame:
        for entry, record in zip(dataset.data_list, records, strict=True):
            height, width = record.image.shape[:2]
            entry["bbox"] = np.array([[0, 0, width - 1, height - 1]], dtype=np.float32)
    keypoints, peaks = [], []
    model.eval()
    head: Any = model.head
    head.decoder = KEYPOINT_CODECS.build(codec_config(config))  # the input size may change in a run
    for start in range(0, len(records), BATCH):
        packed = [dataset[index] for index in range(start, min(start + BATCH, len(records)))]
        batch = {key: [sample[key] for sample in packed] for key in packed[0]}
        with torch.inference_mode():
            for sample in model.test_step(batch):  # type: ignore[operator]
                keypoints.append(sample.pred_instances.keypoints[0])
                peaks.append(sample.pred_instances.keypoint_scores[0])
    labels = np.stack([record.keypoints for record in records])
    return Predictions(np.stack(keypoints), np.stack(peaks), labels)


def pck(predictions: Predictions, *, limits: np.ndarray) -> float:
    """Mean over the joints, in per cent, of labels met within a limit in pixels (N,) a record."""
    distances = metrics.joint_distances(predictions.keypoints, predictions.labels)
    return 100.0 * float(np.nanmean(metrics.pck(distances, limits)))


def validate(model: nn.Module, data: TrainingData, *, config: SFNConfig) -> dict[str, float]:
    """Shares of right joints, in per cent.

    ``lsp``: PCK at 0.2 of the torso. ``youtube_pose``: within 20 pixels, with the whole frame as box. For
    each file of photos ``NAME``, the limb joints at 0.2 of the torso, the same by facing (``NAME_behind``
    and so on) and the share of whole bodies whose sides are exchanged (``NAME_behind_mirrored``).
    """
    lsp = predict_records(model, data.lsp_validation, config=config, whole_frame=False)
    youtube = predict_records(model, data.youtube_validation, config=config, whole_frame=True)
    shares = {
        "lsp": pck(lsp, limits=TORSO_SHARE * metrics.torso_length(lsp.labels, POSEFIX)),
        "youtube_pose": pck(youtube, limits=np.full(len(youtube.labels), YOUTUBE_PIXELS)),
    }
    for name, records in data.photos_validation.items():
        found = predict_records(model, records, config=config, whole_frame=False)
        shares |= {f"{name}{key}": value for key, value in _by_facing(found).items()}
    return shares


def _by_facing(found: Predictions) -> dict[str, float]:
    table = by_facing(found.keypoints, found.labels)
    rows = {f"_{kind}": row for kind, row in table.items() if kind != ALL and row.people}
    return {
        "": table[ALL].right,
        **{key: row.right for key, row in rows.items()},
        **{f"{key}_mirrored": row.mirrored for key, row in rows.items()},
    }
