"""An estimator's joints on YouTube Pose with the labels: pairs to measure a correction on, or to train one.

The trap: joints of an estimator on videos that it was itself trained on are better than on any other, and a
corrector trained on such pairs learns to leave alone what it should repair.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from pathlib import Path

import numpy as np

from app.evaluation.pairs import Pairs
from app.evaluation.pose_benchmarks import run, youtube_pose
from corrector.training.pairs_file import Take
from estimators import Estimator

SECONDS_APART = 4.0
"""Between labelled frames, more or less: they are 20 to 200 frames apart and not released in time's order."""


def is_youtube_pose(folder: Path) -> bool:
    """Whether the folder holds YouTube Pose."""
    return (folder / "YouTube_Pose_dataset.mat").is_file()


def youtube_pairs(folder: Path, estimator: Estimator, *, videos: str = "test", every: int = 1) -> Pairs:
    """One take a video: its frames in released order, the whole frame looked at.

    Args:
        folder: of the data set.
        estimator: whose joints.
        videos: ``test``: the five of the subset; ``others``: the 45 others.
        every: take each ``every``-th labelled frame; 1: all 100 of a video.

    Raises:
        UsageError: videos are neither.
    """
    whole = youtube_pose(folder, released=True, videos=videos)
    outcome = run(estimator, replace(whole, records=whole.records[::every], units=whole.units[::every]))
    names = [record.name.split("/")[0] for record in outcome.benchmark.records]
    takes = []
    for name, group in groupby(range(len(names)), key=names.__getitem__):
        frames = list(group)
        true = np.asarray(outcome.labels[frames], dtype=np.float64)
        takes.append(Take(name, outcome.keypoints[frames], true, 1 / SECONDS_APART))
    return Pairs(outcome.benchmark.joints, takes)
