"""The whole training: size, mixtures, first templates, then the tree with latent places and mixtures.

Yang & Ramanan, PAMI 2013, section 5. Every stage leaves a usable model in the run's folder, from which
training goes on after a break.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from estimators.yr.body import BODIES, PartLayout
from estimators.yr.configuration import YRConfiguration
from estimators.yr.model import PartModel
from estimators.yr.store import load_model, save_model
from estimators.yr.training.examples import Examples, prune
from estimators.yr.training.geometry import box_sides, cluster, displacements
from estimators.yr.training.initial import (
    anchors,
    background_windows,
    empty_model,
    part_patches,
    train_template,
)
from estimators.yr.training.layout import Layout
from estimators.yr.training.negatives import Background, mine, read_background
from estimators.yr.training.positives import Completion, Person, complete, cut_out
from estimators.yr.training.samples import Sample
from estimators.yr.training.solver import solve

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Report = Callable[[str], None]

THRESHOLD_PERCENTILE = 5
PHOTOS = 17  # mined between two solutions: a better model finds better negatives
SETTLED = 0.03  # mining ends where a round raises the objective by less than this share


@dataclass(frozen=True)
class Settings:
    """What training depends on.

    Attributes:
        body: ``full`` or ``upper``.
        mixtures: of every part.
        template: side of the templates in cells.
        cost: C of the structured SVM.
        stages: for each stage, whether mixtures are free and how often negatives are mined at most.
        per_photo: how many placements one mining takes from a photo.
        cache: how many examples are kept.
        seed: of everything random.
    """

    body: str = "full"
    mixtures: int = 6
    template: int = 5
    cost: float = 0.002
    stages: tuple[tuple[bool, int], ...] = ((False, 3), (True, 3), (True, 6))
    per_photo: int = 300
    cache: int = 40_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.body not in BODIES:
            raise ValueError(f"Invalid body ({self.body}). Supported values are {', '.join(BODIES)}.")
        if min(self.mixtures, self.template, self.per_photo, self.cache) < 1 or self.cost <= 0:
            raise ValueError("Invalid settings: mixtures, template, cost, per_photo and cache are above 0.")


@dataclass(frozen=True)
class _Data:
    persons: list[Person]
    mixtures: Ints
    background: Background
    layout: Layout


def train(
    samples: Sequence[Sample],
    negatives: Sequence[Path],
    *,
    settings: Settings,
    folder: Path,
    device: torch.device,
    report: Report,
    resume: bool = False,
    init: Path | None = None,
) -> Path:
    """Trains on people and on photos without any; returns the model's file.

    Args:
        folder: where the stages' models go.
        report: gets a line now and then.
        resume: go on after the last stage found in the folder.
        init: a trained model to begin with; then only the last stage is done, with the anchors of that model.

    Raises:
        ValueError: too few people for the mixtures, or images that cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(settings.seed)
    body = BODIES[settings.body]
    persons, relative, mixtures = _prepare(samples, body, settings, rng)
    first = None if init is None else _load(init, settings)
    empty = empty_model(body.parents, settings.mixtures, template=settings.template)
    empty = _with_anchors(empty, relative, mixtures) if first is None else _resting_like(empty, first)
    background = read_background(negatives, empty)
    report(f"{len(persons)} people, {len(background.features) / 2**28:.2f} GiB of background features")
    data = _Data(persons, mixtures, background, Layout(empty))
    done = _last_stage(folder, len(settings.stages)) if resume else -1
    if done < 0:
        done = 0 if first is None else len(settings.stages) - 1
        _save(folder, done, first or _first_templates(empty, data, settings, rng), settings)
        report(f"stage {done}: {init or 'templates trained one by one'}")
    model = _load(_stage_path(folder, done), settings)
    negative = None
    if first is not None:  # few negatives would teach less than the model knows already
        negative = mine(background, model, data.layout, limit=settings.per_photo, device=device)
    for stage, (free, rounds) in enumerate(settings.stages[done:], start=done + 1):
        report(f"stage {stage}: {'mixtures free' if free else 'mixtures fixed'}")
        learner = _Learner(data, settings, device, report, rng)
        model, negative = learner.learn(model, negative, free=free, rounds=rounds)
        _save(folder, stage, model, settings)
    return _stage_path(folder, len(settings.stages))


def _stage_path(folder: Path, stage: int) -> Path:
    return folder / f"stage-{stage}.safetensors"


def _last_stage(folder: Path, stages: int) -> int:
    return max((stage for stage in range(stages + 1) if _stage_path(folder, stage).is_file()), default=-1)


def _load(path: Path, settings: Settings) -> PartModel:
    model, configuration = load_model(path)
    shape = (settings.mixtures, settings.template, settings.template)
    if configuration.body != settings.body or model.parts[0].filters.shape[:3] != shape:
        raise ValueError(
            f"{path}: a model of other parts or templates. Give another --output or --init, or no --resume."
        )
    return model


def _save(folder: Path, stage: int, model: PartModel, settings: Settings) -> None:
    configuration = YRConfiguration.uncalibrated(settings.body, threshold=model.threshold)
    save_model(_stage_path(folder, stage), model, configuration)


def _prepare(
    samples: Sequence[Sample], body: PartLayout, settings: Settings, rng: np.random.Generator
) -> tuple[list[Person], Array, Ints]:
    """People cut out, their parts' relative places in cells, and the mixtures they start with."""
    points = np.stack([body.part_weights @ sample.points for sample in samples])
    sides = box_sides(points, body.parents)
    relative = displacements(points, body.parents) / sides[:, None, None] * settings.template
    mixtures = cluster(relative, settings.mixtures, rng=rng)
    pixels = settings.template * PartModel.cell_size
    cut = [
        cut_out(sample, places, side, template=pixels)
        for sample, places, side in zip(samples, points, sides, strict=True)
    ]
    return cut, relative, mixtures


def _resting_like(model: PartModel, other: PartModel) -> PartModel:
    parts = [replace(part, anchors=like.anchors) for part, like in zip(model.parts, other.parts, strict=True)]
    return replace(model, parts=tuple(parts))


def _with_anchors(model: PartModel, relative: Array, mixtures: Ints) -> PartModel:
    parts = [
        part
        if part.parent < 0
        else replace(part, anchors=anchors(relative[:, index], mixtures[:, index], part.mixtures))
        for index, part in enumerate(model.parts)
    ]
    return replace(model, parts=tuple(parts))


def _first_templates(
    model: PartModel, data: _Data, settings: Settings, rng: np.random.Generator
) -> PartModel:
    patches = np.stack([part_patches(person, model) for person in data.persons])
    background = background_windows(data.background, model, rng=rng)
    parts = []
    for index, part in enumerate(model.parts):
        filters = [
            train_template(
                patches[data.mixtures[:, index] == mixture, index], background, cost=settings.cost, rng=rng
            )
            for mixture in range(part.mixtures)
        ]
        parts.append(replace(part, filters=np.stack(filters)))
    return replace(model, parts=tuple(parts))


@dataclass(frozen=True)
class _Learner:
    data: _Data
    settings: Settings
    device: torch.device
    report: Report
    rng: np.random.Generator

    def learn(
        self, model: PartModel, negative: Examples | None, *, free: bool, rounds: int
    ) -> tuple[PartModel, Examples]:
        """Places the people with the model as it is, then learns from them and from mined negatives.

        Args:
            negative: negatives to begin with.
            free: whether people may change their mixtures.
            rounds: how often to mine.

        Returns:
            The new model, and the negatives that matter.
        """
        data = self.data
        completions = _complete_all(model, data.persons, None if free else data.mixtures)
        self.report(f"  {len(completions)} of {len(data.persons)} people placed")
        windows = np.stack([completion.windows for completion in completions])
        start = len(data.background.features)
        features = np.concatenate([data.background.features, windows.ravel()])
        examples = _positive_examples(completions, data.layout, start, windows[0, 0].size)
        objective = 0.0
        if negative is not None:
            model, examples, objective = self._solve(examples.extend(negative), features)
        for turn in range(rounds):
            added, before = 0, objective
            for photos in data.background.chunks(PHOTOS):
                found = mine(photos, model, data.layout, limit=self.settings.per_photo, device=self.device)
                fresh = examples.unseen(found)
                added += len(fresh)
                model, examples, objective = self._solve(examples.extend(fresh), features)
            self.report(f"  round {turn + 1}: {added} new negatives, {len(examples)} examples")
            if objective < (1 + SETTLED) * before:
                break
        return model, examples.select(examples.labels < 0)

    def _solve(self, examples: Examples, features: NDArray[np.float32]) -> tuple[PartModel, Examples, float]:
        """The best model for the examples, those worth keeping, and the objective."""
        layout, settings = self.data.layout, self.settings
        start = layout.flatten(layout.model)
        solution = solve(examples, features, start, layout, cost=settings.cost, rng=self.rng)
        positive = solution.margins[examples.labels > 0]
        self.report(
            f"    {len(examples)} examples, objective {solution.primal:.4f}, gap {solution.gap:.3f}, "
            f"people score {positive.mean():.3f}"
        )
        threshold = float(np.percentile(positive, THRESHOLD_PERCENTILE))
        model = layout.unflatten(solution.weights).with_threshold(threshold)
        return model, prune(examples, solution.margins, limit=settings.cache), solution.primal


def _complete_all(model: PartModel, persons: list[Person], mixtures: Ints | None) -> list[Completion]:
    chosen = [None] * len(persons) if mixtures is None else list(mixtures)
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        found = pool.map(lambda person, own: complete(person, model, own), persons, chosen)
        return [completion for completion in found if completion is not None]


def _positive_examples(completions: list[Completion], layout: Layout, start: int, window: int) -> Examples:
    mixtures = np.stack([completion.mixtures for completion in completions])
    cells = np.stack([completion.cells for completion in completions])
    count, parts = mixtures.shape
    places = np.empty((count, parts, 2), np.int64)
    places[..., 0] = start + np.arange(count * parts).reshape(count, parts) * window
    places[..., 1] = layout.row_length
    return Examples(
        indices=layout.indices(mixtures),
        stretches=layout.stretches(cells, mixtures),
        places=places,
        labels=np.ones(count),
        groups=-1 - np.arange(count),
    )
