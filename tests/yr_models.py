"""Small random models of parts, MATLAB files of them like the released ones, and examples as vectors."""

from pathlib import Path

import numpy as np
from scipy.io import savemat

from estimators.yr.model import Part, PartModel
from estimators.yr.training.layout import ROOT_BIAS_FEATURE


def random_model(
    parents: tuple[int, ...] = (-1, 0, 1, 0), *, mixtures: int = 2, by_pairs: bool = False, seed: int = 0
) -> PartModel:
    """A tree with random templates, biases, springs and anchors."""
    rng = np.random.default_rng(seed)
    parts = []
    for parent in parents:
        own = mixtures if parent >= 0 else 0
        kinds = mixtures if by_pairs and parent >= 0 else 1
        springs = rng.uniform(-0.1, 0.1, (kinds, own, 4))
        springs[..., 0::2] = rng.uniform(0.01, 0.3, (kinds, own, 2))
        parts.append(
            Part(
                parent,
                filters=rng.normal(0, 0.1, (mixtures, 3, 3, 32)),
                bias=rng.normal(size=(mixtures, mixtures) if parent >= 0 else (1, 1)),
                springs=springs,
                anchors=rng.integers(-3, 4, (kinds, own, 2)).astype(np.float64),
            )
        )
    return PartModel(tuple(parts), cell_size=4, interval=3, threshold=-1.5)


def save_matlab(path: Path, model: PartModel) -> None:
    """Writes a model as releases 1.3 (springs by the child's mixture) and 1.4 (by pairs) do."""
    bias, filters, defs, components = [], [], [], []
    for part in model.parts:
        shape = part.bias.shape
        biasid = 1 + len(bias) + np.arange(part.bias.size).reshape(shape)
        bias += [{"w": value, "i": 1} for value in part.bias.ravel()]
        filterid = 1 + len(filters) + np.arange(part.mixtures)
        filters += [{"w": template, "i": 1} for template in part.filters]
        kinds = part.springs.shape[:2]
        defid = 1 + len(defs) + np.arange(kinds[0] * kinds[1]).reshape(kinds)
        defs += [
            {"w": spring, "i": 1, "anchor": [*(anchor + 1), 0]}
            for spring, anchor in zip(part.springs.reshape(-1, 4), part.anchors.reshape(-1, 2), strict=True)
        ]
        components.append({"biasid": biasid, "filterid": filterid, "defid": defid, "parent": part.parent + 1})
    cell = np.empty((1, 1), dtype=object)
    cell[0, 0] = _struct(components, ("biasid", "filterid", "defid", "parent"))
    savemat(
        path,
        {
            "model": {
                "bias": _struct(bias, ("w", "i")),
                "filters": _struct(filters, ("w", "i")),
                "defs": _struct(defs, ("w", "i", "anchor")),
                "components": cell,
                "sbin": model.cell_size,
                "interval": model.interval,
                "thresh": model.threshold,
            }
        },
    )


def _struct(entries: list[dict], names: tuple[str, ...]) -> np.ndarray:
    array = np.empty((1, len(entries)), dtype=[(name, object) for name in names])
    for column, entry in enumerate(entries):
        array[0, column] = tuple(np.asarray(entry[name], dtype=np.float64) for name in names)
    return array


def vectors(examples, features, layout):
    """The feature vector of every example, (N, weights)."""
    rows, length = layout.model.template_size[0], layout.row_length
    out = np.zeros((len(examples), layout.size))
    for n, x in enumerate(out):
        for part in range(examples.indices.shape[1]):
            template, bias, spring = examples.indices[n, part]
            start, stride = examples.places[n, part]
            for row in range(rows):
                at = start + row * stride
                x[template + row * length :][:length] += features[at : at + length]
            x[bias] += ROOT_BIAS_FEATURE if part == 0 else 1
            if spring >= 0:
                x[spring : spring + 4] += examples.stretches[n, part]
    return out
