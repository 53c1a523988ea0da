"""Frames/s of SFN's estimator call in batches against MMPose's ``inference_topdown``, one frame at a time.

``python -m benchmarks.sfn_speed [--weights FILE]``: both in one run, in turns, on the same frames.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from estimators.sfn import DEFAULT_WEIGHTS
from estimators.sfn.quiet import import_mmpose
from weights import find

ROUNDS = 7
FRAMES = 32
SHAPE = (720, 1280, 3)
BOX = np.array([[420.0, 40.0, 860.0, 700.0]], dtype=np.float32)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=find(DEFAULT_WEIGHTS))
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    import_mmpose()
    frames = np.random.default_rng(0).integers(0, 255, (FRAMES, *SHAPE), dtype=np.uint8)
    batched = _batched(args.weights, torch.device(args.device), frames)
    single = _one_by_one(args.weights, torch.device(args.device), frames[:8])
    rates = {"batches of 8": [], "inference_topdown": []}  # type: dict[str, list[float]]
    for _ in range(ROUNDS):
        rates["batches of 8"].append(FRAMES / _seconds(batched))
        rates["inference_topdown"].append(8 / _seconds(single))
    for name, values in rates.items():
        low, middle, high = np.percentile(values, [0, 50, 100])
        print(f"{name}: {middle:.1f} frames/s (lowest {low:.1f}, highest {high:.1f})")  # noqa: T201
    ratio = np.median(rates["batches of 8"]) / np.median(rates["inference_topdown"])
    print(f"ratio: {ratio:.2f}; {torch.get_num_threads()} threads, {FRAMES} frames of 1280x720")  # noqa: T201


def _batched(weights: Path, device: torch.device, frames: np.ndarray) -> Callable[[], object]:
    from estimators.sfn import create

    estimator = create(device=device, weights=weights)
    boxes = [BOX] * len(frames)
    return lambda: estimator.estimate(frames, pts_seconds=[0.0] * len(frames), boxes=boxes)


def _one_by_one(weights: Path, device: torch.device, frames: np.ndarray) -> Callable[[], object]:
    from mmengine.config import Config
    from mmpose.apis import inference_topdown
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    from estimators.sfn.builder import restore
    from estimators.sfn.metainfo import sfn_metainfo
    from estimators.sfn.pipelines import crop_pipeline

    config, model = restore(weights)
    pipeline = crop_pipeline(config)
    model.cfg = Config({"default_scope": "mmpose", "test_dataloader": {"dataset": {"pipeline": pipeline}}})
    model.dataset_meta = parse_pose_metainfo(sfn_metainfo())
    model.to(device)
    return lambda: [inference_topdown(model, frame, BOX) for frame in frames]


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
