"""Lightning Pose's CSV files: laid out as DeepLabCut's, with columns of their own from ensembles.

https://lightning-pose.readthedocs.io/en/latest/source/user_guide/predictions.html
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.errors import PosefixError
from app.keypoints import deeplabcut
from app.keypoints.bodypart_table import BodypartTable, arrange
from app.keypoints.clip import Clip
from app.keypoints.source import Source
from estimators.skeletons import Skeleton

# What its models and its ensemble smoother call themselves where DeepLabCut names its network.
SCORERS = ("heatmap", "regression", "ensemble", "eks", "lightning")
SCORER = "heatmap_tracker"


def recognises(source: Source) -> bool:
    """Whether it is such a table, by who wrote it."""
    return deeplabcut.recognises(source) and deeplabcut.scorer_of(source).lower().startswith(SCORERS)


def validate(source: Source) -> BodypartTable:
    """Reads the file.

    Raises:
        PosefixError: it is no such table; the message names the line.
    """
    return deeplabcut.validate(source)


def to_clip(table: BodypartTable, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    return arrange(table, source, skeleton)


def write(clip: Clip, path: Path) -> None:
    """Writes the table.

    Raises:
        PosefixError: there are several people, or the folder or the disk does not take it.
    """
    if len(clip.tracks) > 1:
        raise PosefixError(f"{path}: Lightning Pose's files hold one animal. Choose deeplabcut.")
    deeplabcut.write(replace(clip, details={"scorer": SCORER, **clip.details}), path)
