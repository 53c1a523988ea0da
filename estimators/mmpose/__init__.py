"""Any top-down model of MMPose: HRNet, ViTPose, SimCC, RTMPose and more. See ``docs/estimators.md``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from estimators.registry import takes

if TYPE_CHECKING:
    import torch

    from estimators.interface import Estimator

CONFIG_SUFFIXES = (".py", ".json", ".yml", ".yaml")


@takes("CONFIG_OR_ALIAS[,CHECKPOINT]")
def create(
    *,
    device: torch.device,
    argument: str,
    weights: Path | None = None,
    flip_test: bool = False,
    score_curves: str = "",
) -> Estimator:
    """The estimator of a config and a checkpoint.

    Args:
        device: to run on.
        argument: a config file, which is a program and is run, or a name of MMPose's model zoo; behind a
            comma, a checkpoint.
        weights: the checkpoint, in another way. Without any, the zoo's is downloaded into the cache folder.
        flip_test: whether the picture is looked at mirrored, too: better, and half as quick.
        score_curves: a file that turns scores into the chance of being right (``benchmarks.score_curves``).

    Raises:
        ValueError: there is no such config or name, it is not top-down, or needs what is not installed.
        weights.WeightsError: the checkpoint is missing, damaged, unsafe, or of another model.
    """
    from estimators.mmpose.checkpoints import load_checkpoint
    from estimators.mmpose.zoo import find_model, hash_prefix
    from estimators.sfn.quiet import import_mmpose

    import_mmpose()
    import weights as store
    from estimators.downloads import fetched
    from estimators.mmpose.estimator import MMPoseEstimator
    from estimators.mmpose.models import build_model, dataset_meta, fill, read_config
    from estimators.score_curves import chosen_curves

    given, _, checkpoint = argument.partition(",")
    path = weights or (Path(checkpoint) if checkpoint else None)
    if given.endswith(CONFIG_SUFFIXES):
        config_path, url = Path(given), ""
    else:
        known = find_model(given)
        config_path, url = known.config, known.url
    config = read_config(config_path)
    if path is None:
        if not url:
            raise ValueError(
                f"Invalid estimator (mmpose:{argument}): a config alone has no weights. "
                f"Write mmpose:{given},CHECKPOINT.pth."
            )
        path = fetched(url, sha256_prefix=hash_prefix(url))
    tensors, noted = load_checkpoint(path)
    model = build_model(config)
    fill(model, tensors, path=path)
    try:
        return MMPoseEstimator(
            name=f"mmpose:{argument}",
            model=model,
            pipeline=config.test_dataloader.dataset.pipeline,
            meta=noted or dataset_meta(config),
            device=device,
            curves=chosen_curves(score_curves, {}),
            weights_sha256=store.sha256(path),
            flip_test=flip_test,
        )
    except (KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"{config_path}: no config for inference ({error!r}). Check the config.") from error


__all__ = ["create"]
