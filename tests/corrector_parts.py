"""Correctors with random weights and motion for them."""

import numpy as np
import torch

from corrector import Corrector
from corrector.configuration import CorrectorConfig
from corrector.joints import ALL
from corrector.modeling import CorrectorNetwork

CPU = torch.device("cpu")
SMALL = {"window": 8, "encoder_size": 6, "decoder_size": 7, "attention_size": 5}


def make_corrector(*, batch_size: int = 16, **config) -> Corrector:
    torch.manual_seed(1)
    return Corrector(CorrectorNetwork(CorrectorConfig(**(SMALL | config))), device=CPU, batch_size=batch_size)


def make_motion(frames: int, joints: int = len(ALL), seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pose = rng.uniform(-80, 80, (1, joints, 2)) + 400
    waves = 10 * np.sin(np.arange(frames)[:, None, None] / 9 + rng.uniform(0, 6, (1, joints, 2)))
    points = pose + waves + rng.normal(0, 1, (frames, joints, 2))
    return np.concatenate((points, np.full((frames, joints, 1), 0.9)), axis=2)


def times(frames: int, fps: float = 30) -> np.ndarray:
    return np.arange(frames) / fps
