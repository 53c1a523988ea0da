"""Where a labelled person's parts are best placed by the current model, close to their labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from estimators.yr.features import hog, pad
from estimators.yr.model import Part, PartModel
from estimators.yr.pyramid import level_scale, octave_images
from estimators.yr.training.samples import Sample

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

OVERLAP = 0.6  # every part's box keeps at least this intersection over union with its label's
OCTAVE = 10  # pyramid levels
MARGIN = 2.0  # how much picture is kept around a person, in box sides
LARGEST = 2.0  # people are kept as large as they are, up to this many templates a box
FORBIDDEN = -1e9


@dataclass(frozen=True)
class Person:
    """A labelled person, cut out.

    Attributes:
        image: (H, W, 3), 0..255.
        points: (parts, 2), pixels of the image.
        side: of every part's box, in pixels.
    """

    image: NDArray[np.uint8]
    points: Array
    side: float


@dataclass(frozen=True)
class Completion:
    """The best placement of a person.

    Attributes:
        score: of the tree, with the root's bias.
        cells: (parts, 2), x and y.
        mixtures: (parts,).
        windows: float32, (parts, height, width, 32), the features under the templates.
    """

    score: float
    cells: Ints
    mixtures: Ints
    windows: NDArray[np.float32]


def cut_out(sample: Sample, points: Array, side: float, *, template: float) -> Person:
    """A person cut out, as large as in the picture: a second resize would blur what is learnt from.

    Only people whose boxes are smaller than templates are enlarged, and very large ones shrunk.

    Args:
        points: (parts, 2), pixels of the sample's image.
        side: of the boxes there.
        template: side of a template in pixels.
    """
    image = sample.read()
    low = np.maximum(np.floor(points.min(axis=0) - MARGIN * side), 0).astype(int)
    high = np.ceil(points.max(axis=0) + MARGIN * side).astype(int) + 1
    crop = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    scale = float(np.clip(side, template, LARGEST * template)) / side
    if scale == 1:
        return Person(crop, points - low, side)
    size = (max(round(crop.shape[1] * scale), 8), max(round(crop.shape[0] * scale), 8))
    resized = cv2.resize(crop, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    scales = np.array([size[0] / crop.shape[1], size[1] / crop.shape[0]])
    return Person(np.asarray(resized, dtype=np.uint8), (points - low + 0.5) * scales - 0.5, side * scale)


def levels_near(side: float, template: float) -> range:
    """The pyramid levels where a template overlaps a box of that side enough, both in pixels."""
    same, reach = OCTAVE * math.log2(side / template), -OCTAVE * math.log2(OVERLAP) / 2
    return range(max(math.ceil(same - reach), 0), math.floor(same + reach) + 1)


def complete(person: Person, model: PartModel, mixtures: Ints | None) -> Completion | None:
    """The best placement with every part close to its label, or None where there is none.

    Args:
        mixtures: (parts,), which to use; None means any.
    """
    best: Completion | None = None
    for scale, features in _maps(person, model):
        found = _complete_level(person, model, mixtures, scale, features)
        if found is not None and (best is None or found.score > best.score):
            best = found
    return best


def _maps(person: Person, model: PartModel) -> Iterator[tuple[float, Array]]:
    rows, columns = model.padding
    full = person.image.astype(np.float64)
    for level in levels_near(person.side, model.template_size[0] * model.cell_size):
        for _, image in octave_images(full, level, [level], interval=OCTAVE):
            yield level_scale(level, OCTAVE), pad(hog(image, model.cell_size), rows + 1, columns + 1)


def _complete_level(
    person: Person, model: PartModel, mixtures: Ints | None, scale: float, features: Array
) -> Completion | None:
    candidates = candidate_cells(person, model, scale, features.shape)
    if any(not len(cells) for cells in candidates):
        return None
    views = sliding_window_view(features, model.template_size, axis=(0, 1))
    scores = []
    for index, (part, cells) in enumerate(zip(model.parts, candidates, strict=True)):
        windows = views[cells[:, 1], cells[:, 0]].transpose(0, 2, 3, 1).reshape(len(cells), -1)
        score = windows @ part.filters.reshape(part.mixtures, -1).T
        if mixtures is not None:
            score[:, np.arange(part.mixtures) != mixtures[index]] = FORBIDDEN
        scores.append(score)
    choices: dict[int, tuple[Ints, Ints]] = {}
    for index in range(len(model.parts) - 1, 0, -1):
        part = model.parts[index]
        message, *choice = _message(scores[index], candidates[index], candidates[part.parent], part)
        scores[part.parent] += message
        choices[index] = (choice[0], choice[1])
    place, mixture = np.unravel_index(scores[0].argmax(), scores[0].shape)
    chosen = [(int(place), int(mixture))]
    for index, part in enumerate(model.parts[1:], start=1):
        parent_place, parent_mixture = chosen[part.parent]
        kind = int(choices[index][0][parent_place, parent_mixture])
        chosen.append((int(choices[index][1][parent_place, kind]), kind))
    cells = np.array([places[at] for places, (at, _) in zip(candidates, chosen, strict=True)])
    found = views[cells[:, 1], cells[:, 0]].transpose(0, 2, 3, 1).astype(np.float32)
    total = float(scores[0].max() + model.parts[0].bias.item())
    return Completion(total, cells, np.array([kind for _, kind in chosen]), found)


def candidate_cells(person: Person, model: PartModel, scale: float, shape: tuple[int, ...]) -> list[Ints]:
    """The cells, (n, 2), where each part's box overlaps its label's enough."""
    step = model.cell_size / scale
    found = []
    for point in person.points:
        axes = []
        for axis in (0, 1):
            length, pad_cells = model.template_size[1 - axis], model.padding[1 - axis]
            count = shape[1 - axis] - length + 1
            centres = (np.arange(count) - pad_cells + length / 2) * step - 0.5
            box = length * step
            shared = np.minimum(
                (box + person.side) / 2 - np.abs(centres - point[axis]), min(box, person.side)
            )
            axes.append(np.maximum(shared, 0))
        inter = axes[1][:, None] * axes[0][None]
        union = np.prod([length * step for length in model.template_size]) + person.side**2 - inter
        ys, xs = np.nonzero(inter / union > OVERLAP)
        found.append(np.column_stack([xs, ys]))
    return found


def _message(score: Array, cells: Ints, parents: Ints, part: Part) -> tuple[Array, Ints, Ints]:
    """The child's message by the parent's place and mixture, its best mixture, and place given mixture.

    Args:
        score: (n, K); cells: (n, 2); parents: (m, 2).

    Returns:
        (m, L), (m, L), (m, K).
    """
    moved = parents[:, None, None] + part.anchors[0] - cells[None, :, None]  # (m, n, K, 2)
    dx, dy = moved[..., 0], moved[..., 1]
    springs = part.springs[0]
    cost = springs[:, 0] * dx**2 + springs[:, 1] * dx + springs[:, 2] * dy**2 + springs[:, 3] * dy
    placed = score - cost
    best = placed.max(axis=1)
    pairs = best[:, None] + part.bias
    return pairs.max(axis=2), pairs.argmax(axis=2), placed.argmax(axis=1)
