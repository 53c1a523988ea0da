"""Mixes the data sets in fixed shares; sample n is the same whoever loads it, so that runs can be resumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset, Sampler

from estimators.datasets.records import (
    PoseRecord,
    draw_figures,
    load_lsp,
    load_lspet,
    load_negatives,
    load_youtube_pose,
    with_heads,
    youtube_pose_videos,
)
from estimators.sfn.configuration import SFNConfig
from estimators.sfn.pipelines import training_pipeline
from estimators.sfn.training import transforms as _transforms  # noqa: F401 - registers the augmentation
from estimators.sfn.training.dataset import RecordDataset

LSP_VALIDATION = 100  # the last images of LSP's training half
YOUTUBE_VALIDATION = ("9KSpndERzNU", "AgswcvqogI0", "PNtWqDxwwMg")
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


@dataclass(frozen=True)
class TrainingData:
    """What to train on, and what to watch while training."""

    sources: tuple[TrainingSource, ...]
    lsp_validation: tuple[PoseRecord, ...]
    youtube_validation: tuple[PoseRecord, ...]


def load_training_data(
    folder: Path, *, youtube_pose: bool = True, drawn: int = DRAWN_FIGURES, validation_step: int = 2
) -> TrainingData:
    """Everything under the data folder; YouTube Pose's test subset and LSP's test half stay untouched.

    Args:
        folder: holds ``lsp``, ``lspet``, ``youtube_pose`` and ``inria_negatives``.
        youtube_pose: False: not one frame of it is trained on (it is still watched). What it alone teaches
            comes from the photos then: people from the waist up, and heads, between neck and head top.
        drawn: how many figures are drawn.
        validation_step: of the held-out YouTube Pose videos every so manieth frame is watched.

    Raises:
        ValueError: a file is missing; the message names it.
    """
    lsp = load_lsp(folder / "lsp")
    lsp, validation = lsp[:-LSP_VALIDATION], lsp[-LSP_VALIDATION:]
    lspet = load_lspet(folder / "lspet")
    if not youtube_pose:
        lsp, lspet = with_heads(lsp), with_heads(lspet)
    upper = UPPER_SHARE if youtube_pose else UPPER_SHARE_ALONE
    sources = [
        TrainingSource("lsp", 0.25, lsp, upper_share=upper),
        TrainingSource("lspet", 0.35, lspet, upper_share=upper),
        TrainingSource("inria_negatives", 0.05, load_negatives(folder / "inria_negatives"), 0.3, 0.6),
        TrainingSource("drawn", 0.05, draw_figures(drawn, seed=0), frame_share=0.3),
    ]
    youtube = folder / "youtube_pose"
    if youtube_pose:
        names = [name for name, test in youtube_pose_videos(youtube).items() if not test]
        videos = [name for name in names if name not in YOUTUBE_VALIDATION]
        records = load_youtube_pose(youtube, videos=videos)
        sources.append(TrainingSource("youtube_pose", 0.3, records, frame_share=YOUTUBE_FRAME_SHARE))
    return TrainingData(
        sources=tuple(sources),
        lsp_validation=tuple(validation),
        youtube_validation=tuple(load_youtube_pose(youtube, videos=YOUTUBE_VALIDATION)[::validation_step]),
    )


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
        self.seed = seed

    def __getitem__(self, index: int) -> dict[str, Any]:
        # MMPose's transforms draw from numpy's global state.
        np.random.seed(np.random.SeedSequence((self.seed, index)).generate_state(4))
        dataset = self.datasets[np.random.choice(len(self.datasets), p=self.shares)]
        sample: dict[str, Any] = dataset[np.random.randint(len(dataset))]
        return sample


class _Counting(Sampler):
    """Sample numbers from the one where a run stands."""

    def __init__(self, start: int) -> None:
        self.start = start

    def __iter__(self) -> Iterator[int]:
        index = self.start
        while True:
            yield index
            index += 1


def collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """A list of packed samples -> lists, as MMPose's data preprocessor takes them."""
    return {key: [sample[key] for sample in samples] for key in samples[0]}


def batches(mixture: Mixture, *, start: int, batch_size: int, workers: int) -> Iterator[dict[str, Any]]:
    """Endless batches from sample ``start`` on."""
    return iter(
        DataLoader(
            mixture,
            batch_size=batch_size,
            sampler=_Counting(start),
            num_workers=workers,
            collate_fn=collate,
            prefetch_factor=4 if workers else None,
        )
    )
