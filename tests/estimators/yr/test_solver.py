"""The flat layout of a model, the dual solver, the cache of examples, and the small regressions."""

import numpy as np
import pytest

from estimators.yr.training.calibration import logistic_regression
from estimators.yr.training.examples import Examples, prune
from estimators.yr.training.initial import empty_model, train_template
from estimators.yr.training.layout import Layout
from estimators.yr.training.solver import solve
from tests.fixtures.yr_models import random_model, vectors


def test_a_model_is_a_vector():
    model = random_model(mixtures=3)
    layout = Layout(model)
    vector = layout.flatten(model)
    assert vector.shape == (layout.size,)
    back = layout.unflatten(vector)
    for one, other in zip(model.parts, back.parts, strict=True):
        for name in ("filters", "bias", "springs", "anchors"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)


def test_the_solver_reaches_the_optimum():
    rng = np.random.default_rng(1)
    model = empty_model([-1, 0], 2, template=2)
    layout = Layout(model)
    count = 24
    mixtures, cells = rng.integers(2, size=(count, 2)), rng.integers(4, size=(count, 2, 2))
    features = rng.normal(0, 0.3, count * 2 * 128).astype(np.float32)
    examples = Examples(
        layout.indices(mixtures), layout.stretches(cells, mixtures),
        np.stack([np.arange(count * 2).reshape(count, 2) * 128, np.full((count, 2), 64)], axis=2),
        np.where(np.arange(count) < 8, 1.0, -1.0), np.repeat(np.arange(12), 2),
    )  # fmt: skip
    start = layout.flatten(model)
    solution = solve(examples, features, start, layout, cost=0.05, gap=1e-4, passes=3000, rng=rng)
    rows = vectors(examples, features, layout)
    floor = np.full(layout.size, -np.inf)
    floor[layout.first_spring :: 2] = 0.01

    def objective(weights):
        slack = np.maximum(1 - examples.labels * (rows @ weights), 0) * np.where(
            examples.labels > 0, 0.1, 0.05
        )
        groups = [slack[examples.groups == group].max() for group in range(12)]
        return 0.5 * ((weights - start) ** 2).sum() + sum(groups)

    assert solution.gap < 1e-4
    assert objective(solution.weights) == pytest.approx(solution.primal, rel=1e-4)
    assert (solution.weights[layout.first_spring :: 2] >= 0.01).all()
    for _ in range(50):
        other = np.maximum(solution.weights + rng.normal(0, 0.01, layout.size), floor)
        assert objective(other) > solution.primal * (1 - 1e-4)
    assert objective(start) > solution.primal


def test_the_cache_drops_what_does_not_matter():
    count = 10
    zeros = np.zeros((count, 1, 3), int)
    number = np.arange(count)
    labels, alphas = np.where(number < 2, 1.0, -1.0), np.where(number == 5, 0.1, 0.0)
    examples = Examples(zeros, np.zeros((count, 1, 4)), zeros[..., :2], labels, number, alphas)
    margins = np.array([3, 3, 0.5, 2, 4, 9, 1.5, 3, 5, 0.9])
    kept = prune(examples, margins, limit=7)
    assert kept.groups.tolist() == [0, 1, 2, 3, 5, 6, 9]
    assert len(prune(examples, margins, limit=1)) == 5, "positives, support vectors and violations stay"


def test_a_template_tells_its_part_from_the_rest():
    rng = np.random.default_rng(0)
    pattern = rng.uniform(0, 0.4, (5, 5, 32))
    positives = (pattern + rng.normal(0, 0.05, (20, 5, 5, 32))).astype(np.float32)
    negatives = rng.uniform(0, 0.4, (100, 5, 5, 32)).astype(np.float32)
    template = train_template(positives, negatives, cost=0.01, rng=rng)
    assert (positives * template).sum(axis=(1, 2, 3)).min() > (negatives * template).sum(axis=(1, 2, 3)).max()


def test_logistic_regression_finds_its_own_weights():
    rng = np.random.default_rng(0)
    evidence = rng.normal(size=(20000, 2))
    chances = 1 / (1 + np.exp(-(evidence @ [1.5, -0.7] + 0.4)))
    fitted = logistic_regression(evidence, rng.uniform(size=20000) < chances)
    np.testing.assert_allclose(fitted, [1.5, -0.7, 0.4], atol=0.1)
    assert np.isfinite(logistic_regression(evidence[:5], np.ones(5, bool))).all()
