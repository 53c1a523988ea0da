"""BlazePose: 33 joints, strong and quick on a processor, with the vendor's networks.

Bazarevsky et al.: "BlazePose: On-device Real-time Body Pose tracking", 2020. Networks and weights are the
vendor's (MediaPipe, Apache-2.0). See ``docs/estimators.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from estimators.extras import BLAZEPOSE, require

if TYPE_CHECKING:
    import torch

    from estimators.interface import Estimator

PLACE = "https://storage.googleapis.com/mediapipe-models/pose_landmarker/{name}/float16/1/{name}.task"


@dataclass(frozen=True)
class Release:
    """A file of the vendor's.

    Attributes:
        url: where it is.
        sha256: of the file.
    """

    url: str
    sha256: str


def _release(kind: str, sha256: str) -> Release:
    return Release(PLACE.format(name=f"pose_landmarker_{kind}"), sha256)


RELEASES = {
    "lite": _release("lite", "59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a"),
    "full": _release("full", "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad"),
    "heavy": _release("heavy", "64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b"),
}


def create(
    kind: str,
    *,
    device: torch.device,
    weights: Path | None = None,
    passes: int = 1,
    threads: int = 0,
    score_curves: str = "",
) -> Estimator:
    """The estimator with the vendor's weights.

    Args:
        kind: ``lite``, ``full`` or ``heavy``.
        device: not used: LiteRT computes on the processor.
        weights: the vendor's ``.task`` file; None: it is downloaded into the cache folder at first.
        passes: how often the landmark network looks, each time into the square that the last look asks for.
        threads: of the processor; 0: as many as torch uses.
        score_curves: a file that turns visibility into the chance of being right, or ``none``.

    Raises:
        ValueError: LiteRT is not installed, or an option is out of range.
        weights.WeightsError: the file is missing, damaged or something else.
    """
    del device
    name = f"blazepose_{kind}"
    require(BLAZEPOSE, name=name)
    if passes < 1:
        raise ValueError(f"Invalid passes ({passes}). Supported values are 1 and above.")
    if threads < 0:
        raise ValueError(f"Invalid threads ({threads}). Supported values are 0 and above.")
    import torch

    import weights as store
    from estimators.blazepose.estimator import BlazePoseEstimator
    from estimators.blazepose.task_file import read_task_file
    from estimators.downloads import fetched
    from estimators.score_curves import chosen_curves, load_curves

    release = RELEASES[kind]
    path = weights or fetched(release.url, sha256_prefix=release.sha256)
    models = read_task_file(path)
    curves = chosen_curves(score_curves, load_curves(Path(__file__).parent / f"score_curves_{kind}.json"))
    try:
        return BlazePoseEstimator(
            name=name,
            models=models,
            curves=curves,
            weights_sha256=store.sha256(path),
            threads=threads or torch.get_num_threads(),
            passes=passes,
        )
    except (ValueError, RuntimeError) as error:
        raise store.WeightsError(f"{path}: no model of BlazePose ({error}). Fetch the file again.") from error


create_lite = partial(create, "lite")
create_full = partial(create, "full")
create_heavy = partial(create, "heavy")

__all__ = ["RELEASES", "create_full", "create_heavy", "create_lite"]
