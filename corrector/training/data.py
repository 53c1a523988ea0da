"""What a corrector is trained on, and what is watched meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import torch

from corrector.training.motion_datasets import (
    H36M_JOINTS,
    TRAIN_SUBJECTS,
    VALIDATION_SUBJECTS,
    Motion,
    load_h36m,
    load_motion,
)
from corrector.training.pairs_file import Take, read_pairs
from corrector.training.sequence_sources import (
    SequenceSource,
    arrange,
    convention,
    motion_source,
    pair_source,
    target,
)
from corrector.training.validation import Validation
from weights.files import FileError

if TYPE_CHECKING:
    from corrector.training.train import TrainingOptions

SOLID_SHARE = 9 / 16
"""Of the windows with simulated errors, how many are 3D takes seen by a camera."""
MOTION_BESIDE_PAIRS = 0.25
"""Share of simulated errors beside pairs files, so that what was learnt from many people is not forgotten."""


def load_training_data(
    options: TrainingOptions, device: torch.device
) -> tuple[Sequence[SequenceSource], Validation]:
    """What to train on, and what to watch."""
    if options.pairs:
        return _pairs_given(options, device)
    folder = options.data / "h36m_sh"
    people = [[take.as_pairs() for take in load_h36m(folder, [subject])] for subject in TRAIN_SUBJECTS]
    takes = list(chain.from_iterable(people))
    matrix = convention(takes) if options.carried else None
    # Every seventh take, so that all four cameras are among them.
    watched = [take.as_pairs() for take in load_h36m(folder, VALIDATION_SUBJECTS)[::7]]
    validation = Validation(H36M_JOINTS, watched, [target(take, matrix) for take in watched])
    if options.preset == "paper" or not options.simulated:
        return _each_of(people, options, share=1.0, device=device), validation
    # The same truth as labelled: it keeps the network from taking a convention for an error.
    labelled = Motion(
        arrange(np.concatenate([take.true for take in takes]), H36M_JOINTS),
        tuple(len(take.true) for take in takes),
        takes[0].fps,
    )
    return [
        *_each_of(people, options, share=0.56, device=device),
        motion_source(labelled, share=0.12, smooth=True, device=device),
        *_simulated(options, share=0.32, device=device),
    ], validation


def _each_of(
    people: Sequence[Sequence[Take]], options: TrainingOptions, *, share: float, device: torch.device
) -> list[SequenceSource]:
    """A source for each person of h36m_sh, the truth carried by a matrix of the person's own.

    Human3.6M's labels do not lie at the same place on everybody. With one matrix for all, a network would
    learn who is who by their proportions, and where the labels of each lie.
    """
    frames = [sum(len(take.true) for take in takes) for takes in people]
    return [
        pair_source(
            takes,
            H36M_JOINTS,
            convention(takes) if options.carried else None,
            share=share * count / sum(frames),
            device=device,
        )
        for takes, count in zip(people, frames, strict=True)
    ]


def _pairs_given(
    options: TrainingOptions, device: torch.device
) -> tuple[Sequence[SequenceSource], Validation]:
    """The same of pairs files: some takes of the first one are watched, all others are trained on."""
    every, first = options.watched
    sources, validation = [], None
    motion = 0.0 if options.preset == "paper" or not options.simulated else MOTION_BESIDE_PAIRS
    for path in options.pairs:
        joints, takes = read_pairs(path)
        watched = takes[first::every] if validation is None else []
        trained = [take for i, take in enumerate(takes) if validation is not None or i % every != first]
        if validation is None and options.folds > len(takes):
            raise FileError(f"{path}: {len(takes)} takes are too few for {options.folds} folds.")
        if not trained or (not watched and validation is None):
            raise FileError(f"{path}: {len(takes)} takes are too few to train on and to watch.")
        matrix = convention(trained) if options.carried else None
        sources.append(
            pair_source(trained, joints, matrix, share=(1 - motion) / len(options.pairs), device=device)
        )
        validation = validation or Validation(joints, watched, [target(take, matrix) for take in watched])
    assert validation is not None
    if motion:
        sources.extend(_simulated(options, share=motion, device=device))
    return sources, validation


def _simulated(options: TrainingOptions, *, share: float, device: torch.device) -> list[SequenceSource]:
    """True motion whose errors are simulated: 3D takes seen by random cameras, and Penn Action."""
    solid, flat = load_motion(options.data / "motion")
    each = share * SOLID_SHARE / len(solid)
    return [
        *(motion_source(motion, share=each, smooth=True, device=device) for motion in solid),
        motion_source(flat, share=share * (1 - SOLID_SHARE), smooth=False, device=device),
    ]
