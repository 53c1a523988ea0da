"""What the training runs of the networks share: schedule, precision, checkpoints and history."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch

from weights.files import written_whole

CHECKPOINT = "last.pt"
HISTORY = "history.jsonl"


def share_done(*, samples: float, seconds: float, minutes: float | None) -> float:
    """Share of a schedule that is done: of its samples, or of its minutes if that is further."""
    return samples if minutes is None else max(samples, seconds / (60 * minutes))


def warmup_cosine(progress: float, *, warmup: float) -> float:
    """Factor on the learning rate at a share of the schedule: linear up, then a cosine to zero at the end."""
    if progress < warmup:
        return progress / warmup
    rest = (progress - warmup) / (1 - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(rest, 1.0)))


def mixed_precision(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 where it is quicker: on a GPU."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def append_history(folder: Path, entry: Mapping[str, Any]) -> None:
    """Adds a line to the run's history."""
    with (folder / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def save_checkpoint(
    folder: Path, parts: Mapping[str, Any], *, done: int, seconds: float, **more: Any
) -> None:
    """Writes the state of network, average and optimizer; the last checkpoint is replaced whole."""
    state = {name: part.state_dict() for name, part in parts.items()}
    with written_whole(folder / CHECKPOINT) as partial:
        torch.save({**state, "done": done, "seconds": seconds, **more}, partial)


def load_checkpoint(folder: Path, parts: Mapping[str, Any], *, device: torch.device) -> tuple[int, float]:
    """Puts the parts back; returns the samples done and the seconds taken, 0 where there is no checkpoint."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return 0, 0.0
    state = torch.load(path, map_location=device, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["done"]), float(state["seconds"])
