"""Distance transform, message passing, backtracking, suppression and detection against enumeration."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from estimators.yr.distance import transform
from estimators.yr.features import hog, pad
from estimators.yr.messages import backtrack, pass_messages
from estimators.yr.nms import suppress
from estimators.yr.part_detector import PartDetector, Placements
from estimators.yr.scores import PartScorer
from tests.fixtures.yr_models import random_model

weights = st.floats(0.01, 2.0)
slopes = st.floats(-1.0, 1.0)


@given(
    st.integers(1, 9), st.integers(1, 9), st.tuples(weights, slopes, weights, slopes),
    st.tuples(st.integers(-6, 6), st.integers(-6, 6)), st.integers(0, 1000),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_distance_transform_is_what_brute_force_says(height, width, spring, anchor, seed):
    values = np.random.default_rng(seed).normal(size=(height, width))
    best = np.empty((height, width))
    xs, ys = np.empty((height, width), np.int16), np.empty((height, width), np.int16)
    transform(values, np.array(spring), np.array(anchor, dtype=np.float64), best, xs, ys)
    for y, x in np.ndindex(height, width):
        dy, dx = y + anchor[1] - np.arange(height)[:, None], x + anchor[0] - np.arange(width)[None]
        w1, w2, w3, w4 = spring
        options = values - w1 * dx**2 - w2 * dx - w3 * dy**2 - w4 * dy
        assert best[y, x] == pytest.approx(options.max(), abs=1e-9)
        assert options[ys[y, x], xs[y, x]] == pytest.approx(options.max(), abs=1e-9)


def tree_score(scores, model, cells, mixtures):
    """The score of one placement, term by term."""
    total = model.parts[0].bias.item()
    for index, part in enumerate(model.parts):
        x, y = cells[index]
        total += scores[model.offsets[index] + mixtures[index], y, x]
        if index:
            kind = mixtures[part.parent] if len(part.springs) > 1 else 0
            d = np.array(cells[part.parent]) + part.anchors[kind, mixtures[index]] - cells[index]
            total += part.bias[mixtures[part.parent], mixtures[index]]
            total -= part.springs[kind, mixtures[index]] @ [d[0] ** 2, d[0], d[1] ** 2, d[1]]
    return total


@pytest.mark.parametrize("by_pairs", [False, True])
@pytest.mark.parametrize("parents", [(-1, 0, 1), (-1, 0, 0)])
def test_messages_find_the_best_of_all_placements(by_pairs, parents):
    model = random_model(parents, by_pairs=by_pairs, seed=len(set(parents)))
    scores = np.random.default_rng(5).normal(size=(6, 2, 3))
    grid = [(x, y) for y in range(2) for x in range(3)]
    roots = pass_messages(scores, model)
    ys, xs = np.divmod(np.arange(6), 3)
    cells, mixtures = backtrack(roots, ys, xs, model)
    for at, (x, y) in enumerate(zip(xs, ys, strict=True)):
        best = max(
            tree_score(scores, model, ((x, y), *places), kinds)
            for places in itertools.product(grid, repeat=2)
            for kinds in itertools.product(range(2), repeat=3)
        )
        assert roots.scores[y, x] == pytest.approx(best, abs=1e-9)
        assert tree_score(scores, model, cells[at], mixtures[at]) == pytest.approx(best, abs=1e-9)


def test_part_scores_are_the_products_of_windows_and_templates():
    model = random_model()
    features = np.random.default_rng(2).normal(size=(6, 5, 32))
    scores = PartScorer(model, device=torch.device("cpu"), dtype=torch.float64)(features)
    assert scores.shape == (8, 4, 3)
    for template, y, x in np.ndindex(scores.shape):
        window = features[y : y + 3, x : x + 3]
        assert scores[template, y, x] == pytest.approx((window * model.filter_bank[template]).sum())


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(3).integers(0, 255, (60, 50, 3), dtype=np.uint8)


def test_boxes_are_where_the_features_come_from(image):
    model = random_model()
    detector = PartDetector(model, dtype=torch.float64)
    found = detector.detect(image, threshold=-np.inf, limit=20, levels=[0])
    assert len(found) == 20 and (np.diff(found.scores) <= 0).all()
    best = found[np.array([0])]
    features = pad(hog(image.astype(np.float64), 4), 2, 2)
    # A template hangs over the edge by at most one cell, and the ring of cells HOG drops is cell 0.
    cells = np.rint(best.boxes[0, :, :2] / 4 + 1).astype(int)
    for part, (x, y), mixture, response in zip(
        model.parts, cells, best.mixtures[0], best.responses[0], strict=True
    ):
        window = features[y : y + 3, x : x + 3]
        assert response == pytest.approx((window * part.filters[mixture]).sum())
    np.testing.assert_allclose(best.boxes[..., 2:] - best.boxes[..., :2], 11)


def test_limits_and_levels_choose_among_all_placements(image):
    detector = PartDetector(random_model())
    everything = detector.detect(image, threshold=0.5)
    some = detector.detect(image, threshold=0.5, limit=7)
    np.testing.assert_array_equal(some.scores, everything.scores[:7])
    one = detector.detect(image, threshold=0.5, levels=[2])
    np.testing.assert_array_equal(one.scores, everything.scores[everything.levels == 2])


def test_float32_is_as_good_as_float64(image):
    model = random_model()
    single = PartDetector(model).detect(image, threshold=-np.inf)
    double = PartDetector(model, dtype=torch.float64).detect(image, threshold=-np.inf)
    np.testing.assert_allclose(single.scores, double.scores, atol=1e-4)


def test_a_level_with_a_single_hit_can_be_skipped_as_in_the_original(image):
    model = random_model()
    everything = PartDetector(model).detect(image, threshold=-np.inf)
    level = everything.levels[0]
    second = everything.scores[everything.levels == level][1]
    threshold = (everything.scores[0] + second) / 2
    kept = PartDetector(model).detect(image, threshold=threshold, levels=[level])
    skipped = PartDetector(model, skip_single_hits=True).detect(image, threshold=threshold, levels=[level])
    assert len(kept) == 1 and len(skipped) == 0


def test_detecting_leaves_the_number_of_threads_alone(image):
    before = torch.get_num_threads()
    PartDetector(random_model()).detect(image, threshold=0)
    assert torch.get_num_threads() == before


def test_suppression_drops_whom_any_part_or_the_whole_covers():
    def person(x, y):
        return [[x, y, x + 9, y + 9], [x + 40, y, x + 49, y + 9]]

    boxes = np.array([person(0, 0), person(0, 5), person(36, 0), person(200, 0), person(0, 60)], float)
    scores = np.array([1.0, 3.0, 2.0, 0.5, 0.7])
    # 0 is covered by 1, the whole of 2 by the whole of 1 in part; 3 and 4 lie apart.
    assert suppress(boxes, scores, overlap=0.1).tolist() == [1, 4, 3]
    assert suppress(boxes, scores, overlap=1.0).tolist() == [1, 2, 0, 4, 3]
    assert suppress(boxes[:0], scores[:0], overlap=0.1).tolist() == []


def test_overlap_is_counted_against_the_picked_box():
    large, small = [[0, 0, 99, 99]], [[0, 0, 19, 19]]
    boxes = np.array([large, small], float)
    # The small one covers 4 % of the large; the large one all of the small.
    assert suppress(boxes, np.array([2.0, 1.0]), overlap=0.05).tolist() == [0, 1]
    assert suppress(boxes, np.array([1.0, 2.0]), overlap=0.05).tolist() == [1]


def test_centres_of_placements():
    boxes = np.array([[[0.0, 0.0, 19.0, 19.0]]])
    empty = np.zeros((1, 1))
    placements = Placements(boxes, np.zeros(1), empty, empty.astype(int), np.zeros(1, int))
    assert placements.points.tolist() == [[[9.5, 9.5]]]
