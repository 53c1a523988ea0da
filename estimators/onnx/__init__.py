"""Any top-down ONNX model of poses, such as RTMPose: heatmaps or SimCC. See ``docs/estimators.md``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from estimators.extras import ONNX, require
from estimators.registry import takes

if TYPE_CHECKING:
    import torch

    from estimators.interface import Estimator


@takes("FILE.onnx")
def create(
    *,
    device: torch.device,
    argument: str,
    weights: Path | None = None,
    input_size: str = "",
    mean: str = "",
    std: str = "",
    order: str = "",
    skeleton: str = "",
    padding: float = 1.25,
    score_curves: str = "",
) -> Estimator:
    """The estimator of a file.

    Args:
        device: to run on.
        argument: the file.
        weights: not taken: the file holds them.
        input_size: WIDTHxHEIGHT, for a model that takes any. This and the next four may be in the metadata.
        mean, std: of the pixels, 0 to 255, three numbers with commas (default: ImageNet's).
        order: of the channels, ``rgb`` or ``bgr`` (default: rgb).
        skeleton: name of a known one (default: by the number of joints).
        padding: the box is widened so many times, as it was in training.
        score_curves: a file that turns scores into the chance of being right (``benchmarks.score_curves``).

    Raises:
        ValueError: onnxruntime is not installed, or an option does not fit the model.
        weights.WeightsError: the file is missing, damaged, or no such model.
    """
    require(ONNX, name=f"onnx:{argument}")
    if weights is not None:
        raise ValueError(f"Invalid weights ({weights}): the ONNX file holds them. Leave --weights out.")
    if not padding > 0:
        raise ValueError(f"Invalid padding ({padding}). Supported values are above 0.")
    import numpy as np

    import weights as store
    from estimators.known_skeletons import by_count, by_name
    from estimators.onnx.decoding import recognised
    from estimators.onnx.estimator import OnnxEstimator
    from estimators.onnx.preprocessing import chosen_colours, chosen_size
    from estimators.onnx.session import OnnxSession
    from estimators.score_curves import chosen_curves

    session = OnnxSession(Path(argument), device=device)
    notes = session.notes
    try:
        width, height = chosen_size(notes, width=session.width, height=session.height, option=input_size)
        colours = chosen_colours(notes, mean=mean, std=std, order=order)
        decoder = recognised(
            session.run(np.zeros((1, height, width, 3), np.float32)), width=width, height=height
        )
        named = skeleton or str(notes.get("skeleton", ""))
        joints = by_name(named) if named else by_count(decoder.joints)
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from error
    if len(joints.joints) != decoder.joints:
        raise ValueError(
            f"{argument}: Invalid skeleton ({named}): it has {len(joints.joints)} joints, "
            f"the model {decoder.joints}."
        )
    return OnnxEstimator(
        name=f"onnx:{argument}",
        session=session,
        decoder=decoder,
        skeleton=joints,
        size=(width, height),
        colours=colours,
        padding=padding,
        curves=chosen_curves(score_curves, {}),
        weights_sha256=store.sha256(Path(argument)),
    )


__all__ = ["create"]
