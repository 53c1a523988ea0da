"""Mixes the data sets in fixed shares; sample n is the same whoever loads it, so that runs can be resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from estimators.datasets.records import (
    PoseRecord,
    draw_figures,
    load_lsp,
    load_lspet,
    load_negatives,
    load_photos,
    load_youtube_pose,
    with_heads,
)
from estimators.facing import BEHIND, FACINGS, NOT_UPRIGHT, SIDE, facing
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.pipelines import training_pipeline
from estimators.sfn.training import transforms as _transforms  # noqa: F401 - registers the augmentation
from estimators.sfn.training.dataset import RecordDataset
from estimators.sfn.training.targets import Samples

SHARES = {"lsp": 0.24, "lspet": 0.28, "youtube_pose": 0.23, "inria_negatives": 0.03, "drawn": 0.02}
PHOTOS_SHARE = 0.2  # of all files of photos together
# Most people in the sets face the camera, and a network that saw few others takes their left for their right.
FACING_WEIGHTS = {BEHIND: 3.0, SIDE: 2.0, NOT_UPRIGHT: 1.5}
YOUTUBE_FRAME_SHARE = 0.5
UPPER_SHARE = 0.15  # of the photos of whole bodies: people who talk are shown so
UPPER_SHARE_ALONE = 0.35  # the same where nothing else shows people from the waist up
DRAWN_FIGURES = 500


@dataclass(frozen=True)
class TrainingSource:
    """Records of one data set.

    Attributes:
        name: for logs and the card.
        share: of the training samples; shares are relative.
        records: for training.
        weights: how often each record is drawn, (N,), relative; None: all alike.
        frame_share: how often the whole picture is taken as the box.
        stray_share: how often the box is anywhere in the picture.
        upper_share: how often it is around the upper body alone.
    """

    name: str
    share: float
    records: Sequence[PoseRecord]
    frame_share: float = 0.0
    stray_share: float = 0.1
    upper_share: float = 0.0
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class TrainingData:
    """What to train on, and what to watch while training; of photos so many records a file's name."""

    sources: tuple[TrainingSource, ...]
    lsp_validation: tuple[PoseRecord, ...]
    youtube_validation: tuple[PoseRecord, ...]
    photos_validation: Mapping[str, tuple[PoseRecord, ...]] = field(default_factory=dict)


def load_training_data(
    folder: Path,
    *,
    youtube_pose: bool = True,
    shares: Mapping[str, float] | None = None,
    facing_weights: Mapping[str, float] | None = None,
    drawn: int = DRAWN_FIGURES,
    validation_step: int = 2,
) -> TrainingData:
    """Everything under the data folder but what :mod:`estimators.datasets.held_out` holds out.

    Args:
        folder: holds ``lsp``, ``lspet``, ``youtube_pose``, ``inria_negatives`` and, if there are any,
            ``photos/NAME.npz``.
        youtube_pose: False: not one frame of it is trained on (it is still watched). What it alone teaches
            comes from the photos then: people from the waist up, and heads, between neck and head top.
        shares: of the samples by source in place of :data:`SHARES`; 0 leaves a source out.
        facing_weights: how often people are drawn by how they face the camera, against 1, in place of
            :data:`FACING_WEIGHTS`.
        drawn: how many figures are drawn.
        validation_step: of the held-out YouTube Pose videos every so manieth frame is watched.

    Raises:
        ValueError: a file is missing, or there is no such source or facing; the message names it.
    """
    youtube = folder / "youtube_pose"
    photos = sorted((folder / "photos").glob("*.npz"))
    sources = [*_people(folder, youtube_pose), *_photo_sources(photos), *_others(folder, drawn)]
    if youtube_pose:
        records = load_youtube_pose(youtube, split="train")
        sources.append(
            TrainingSource("youtube_pose", SHARES["youtube_pose"], records, frame_share=YOUTUBE_FRAME_SHARE)
        )
    sources = _with_shares(sources, shares or {})
    weights = {**FACING_WEIGHTS, **(facing_weights or {})}
    return TrainingData(
        sources=tuple(replace(source, weights=by_facing(source.records, weights)) for source in sources),
        lsp_validation=tuple(load_lsp(folder / "lsp", split="validation")),
        youtube_validation=tuple(load_youtube_pose(youtube, split="validation")[::validation_step]),
        photos_validation={path.stem: tuple(load_photos(path, split="validation")) for path in photos},
    )


def _people(folder: Path, youtube_pose: bool) -> list[TrainingSource]:
    """The two Leeds sets."""
    lsp, lspet = load_lsp(folder / "lsp", split="train"), load_lspet(folder / "lspet")
    if not youtube_pose:
        lsp, lspet = with_heads(lsp), with_heads(lspet)
    upper = UPPER_SHARE if youtube_pose else UPPER_SHARE_ALONE
    return [
        TrainingSource("lsp", SHARES["lsp"], lsp, upper_share=upper),
        TrainingSource("lspet", SHARES["lspet"], lspet, upper_share=upper),
    ]


def _photo_sources(paths: Sequence[Path]) -> list[TrainingSource]:
    """Files of photos, each with a share by its size."""
    records = {path.stem: load_photos(path, split="train") for path in paths}
    count = max(1, sum(map(len, records.values())))
    return [
        TrainingSource(name, PHOTOS_SHARE * len(photos) / count, photos, upper_share=UPPER_SHARE)
        for name, photos in records.items()
    ]


def _others(folder: Path, drawn: int) -> list[TrainingSource]:
    negatives = load_negatives(folder / "inria_negatives", split="train")
    return [
        TrainingSource("inria_negatives", SHARES["inria_negatives"], negatives, 0.3, 0.6),
        TrainingSource("drawn", SHARES["drawn"], draw_figures(drawn, seed=0), frame_share=0.3),
    ]


def _with_shares(sources: Sequence[TrainingSource], shares: Mapping[str, float]) -> list[TrainingSource]:
    names = [source.name for source in sources]
    if unknown := sorted(set(shares) - set(names)):
        raise ValueError(f"Invalid source ({unknown[0]}). Supported values are {', '.join(names)}.")
    changed = [replace(source, share=shares.get(source.name, source.share)) for source in sources]
    chosen = [source for source in changed if source.share > 0 and source.records]
    if not chosen or min(shares.values(), default=0) < 0:
        raise ValueError(f"Invalid shares ({dict(shares)}): none below 0 and one above it wanted.")
    return chosen


def by_facing(records: Sequence[PoseRecord], weights: Mapping[str, float]) -> np.ndarray | None:
    """How often each record is drawn (N,), by how its person faces the camera; None where all weigh 1."""
    if unknown := sorted(set(weights) - set(FACINGS)):
        raise ValueError(f"Invalid facing ({unknown[0]}). Supported values are {', '.join(FACINGS)}.")
    if min(weights.values(), default=1) <= 0:
        raise ValueError(f"Invalid weights of facings ({dict(weights)}): each must be above 0.")
    kinds = facing(np.stack([record.keypoints for record in records]))
    drawn = np.array([weights.get(str(kind), 1.0) for kind in kinds])
    return None if (drawn == 1).all() else drawn


class Mixture(Dataset):
    """Sample n of a run: data set, picture and augmentation follow from the seed and n alone."""

    def __init__(self, sources: Sequence[TrainingSource], *, config: SFNConfig, seed: int) -> None:
        self.datasets = [
            RecordDataset(
                records=source.records,
                pipeline=training_pipeline(
                    config,
                    frame_share=source.frame_share,
                    stray_share=source.stray_share,
                    upper_share=source.upper_share,
                ),
            )
            for source in sources
        ]
        shares = np.array([source.share for source in sources])
        self.shares = shares / shares.sum()
        # Running sums: to draw from them takes a search and no pass over all records.
        self.chances = [
            None if s.weights is None else np.cumsum(s.weights) / s.weights.sum() for s in sources
        ]
        self.seed = seed

    def __getitem__(self, index: int) -> Samples:
        # MMPose's transforms draw from numpy's global state.
        np.random.seed(np.random.SeedSequence((self.seed, index)).generate_state(4))
        source = np.random.choice(len(self.datasets), p=self.shares)
        dataset, chances = self.datasets[source], self.chances[source]
        if chances is None:
            number = np.random.randint(len(dataset))
        else:
            number = min(int(np.searchsorted(chances, np.random.rand(), side="right")), len(dataset) - 1)
        sample: Samples = dataset[number]
        return sample
