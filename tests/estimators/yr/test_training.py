"""YR's training: sizes, mixtures, the flat layout, the solver, latent places, mining, and all at once."""

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from scipy.io import savemat

from estimators.known_skeletons import LSP
from estimators.yr.body import BODIES, FULL, UPPER
from estimators.yr.evaluation import by_group, correct, own_placement
from estimators.yr.features import hog, pad
from estimators.yr.part_detector import PartDetector
from estimators.yr.pyramid import resize
from estimators.yr.store import load_model
from estimators.yr.training.examples import Examples
from estimators.yr.training.geometry import box_sides, cluster, displacements
from estimators.yr.training.layout import Layout
from estimators.yr.training.negatives import mine, read_background
from estimators.yr.training.positives import (
    OCTAVE,
    OVERLAP,
    Person,
    candidate_cells,
    complete,
    cut_out,
    levels_near,
)
from estimators.yr.training.samples import Sample, augment, lsp, parse, read_image
from estimators.yr.training.train import Settings, train
from tests.fixtures.yr_models import random_model, vectors

CPU = torch.device("cpu")
# A standing person seen from the front, 100 px tall; the viewer's left and right.
STANDING = {
    "head_top": (0, 0), "neck": (0, 16), "left_shoulder": (-12, 20), "left_elbow": (-20, 36),
    "left_wrist": (-18, 52), "left_hip": (-8, 50), "left_knee": (-10, 74), "left_ankle": (-10, 98),
    "right_shoulder": (12, 20), "right_elbow": (20, 36), "right_wrist": (18, 52), "right_hip": (8, 50),
    "right_knee": (10, 74), "right_ankle": (10, 98), "head": (0, 8),
}  # fmt: skip


def figure(rng, *, labels, centre=(80, 30), scale=1.2, size=(180, 160)):
    """A picture of a stick figure on noise, and its labelled points."""
    points = {
        name: np.array(place) * scale + centre + rng.normal(0, 1.5, 2) for name, place in STANDING.items()
    }
    image = rng.integers(90, 160, (*size, 3), dtype=np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 2)
    chains = [("head_top", "neck"), ("left_shoulder", "right_shoulder")]
    for side in ("left", "right"):
        chains += [
            (f"{side}_{a}", f"{side}_{b}") for a, b in itertools.pairwise(("shoulder", "elbow", "wrist"))
        ]
        chains += [
            (f"{side}_{a}", f"{side}_{b}")
            for a, b in itertools.pairwise(("shoulder", "hip", "knee", "ankle"))
        ]
    for a, b in chains:
        ends = [tuple(int(v) for v in np.rint(points[name])) for name in (a, b)]
        cv2.line(image, *ends, (250, 240, 230), 7 if "head" not in a else 13)
    return image, np.array([points[label] for label in labels])


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("negatives")
    rng = np.random.default_rng(7)
    for index in range(3):
        image = rng.integers(0, 255, (90, 110, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), cv2.GaussianBlur(image, (0, 0), 1.5))
    return sorted(folder.glob("*.png"))


@pytest.mark.parametrize("body", BODIES.values())
def test_parts_and_joints_of_a_body_fit(body):
    points = np.array([STANDING[label] for label in body.skeleton.joints], float)
    places = body.part_weights @ points
    np.testing.assert_allclose(body.part_weights.sum(axis=1), 1)
    for joint, part in body.joints.items():
        np.testing.assert_allclose(places[part], STANDING[joint])
    assert len(body.parents) == len(body.parts)


def test_sizes_go_by_the_longer_limbs():
    parents = (-1, 0, 1, 2, 3)
    rest = np.array([[0, 0], [0, 10], [0, 30], [0, 45], [0, 75]], float)
    people = np.stack([rest * scale for scale in (1, 2, 3, 2, 1)])
    np.testing.assert_allclose(box_sides(people, parents), 10 * np.array([1, 2, 3, 2, 1]))
    people[0, 4] = people[0, 3]  # one foreshortened limb changes nothing
    assert box_sides(people, parents)[0] == pytest.approx(10, rel=0.01)


def test_displacements_are_from_the_parent():
    points = np.array([[[1, 2], [4, 6], [0, 0]]], float)
    assert displacements(points, (-1, 0, 1))[0].tolist() == [[3, 4], [3, 4], [-4, -6]]


def test_mixtures_are_the_clusters_of_relative_places():
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=90)
    places = np.array([[0, 0], [10, 0], [0, 10]])[truth] + rng.normal(0, 0.5, (90, 2))
    found = cluster(places[:, None], 3, rng=rng)[:, 0]
    assert len({(a, b) for a, b in zip(truth, found, strict=True)}) == 3
    with pytest.raises(ValueError, match="more people"):
        cluster(np.zeros((5, 1, 2)), 3, rng=rng)


def test_mined_placements_score_what_their_features_say(photos):
    model = random_model()
    background, layout = read_background(photos, model), Layout(model)
    mined = mine(background, model, layout, limit=15, device=CPU)
    scores = vectors(mined, background.features, layout) @ layout.flatten(model)
    assert 0 < len(mined) <= 45 and (mined.labels == -1).all()
    assert scores.min() >= -1 - 1e-4
    detector = PartDetector(replace(model, interval=2))
    found = [detector.detect(read_image(path), threshold=-1, limit=1) for path in photos]
    best = max(placements.scores[0] for placements in found)
    assert scores.max() == pytest.approx(best, abs=1e-3)
    assert len(mined.unseen(mined)) == 0
    again = mine(next(background.chunks(1)), model, layout, limit=15, device=CPU)
    assert len(mined.unseen(again)) == 0


def test_people_are_placed_at_the_best_places_near_their_labels():
    rng = np.random.default_rng(4)
    model = random_model((-1, 0, 0))
    person = Person(rng.uniform(0, 255, (70, 60, 3)), np.array([[30.0, 20], [24, 34], [38, 31]]), 13.0)
    best = -np.inf
    for level in range(12):
        scale = 2 ** (-level / OCTAVE)
        features = pad(hog(resize(person.image, scale), 4), 2, 2)
        cells = candidate_cells(person, model, scale, features.shape)
        if all(len(some) for some in cells):
            best = max(best, enumerate_trees(model, features, cells))
    found = complete(person, model, None)
    assert found.score == pytest.approx(best, abs=1e-5)
    fixed = complete(person, model, np.array([1, 0, 1]))
    assert fixed.mixtures.tolist() == [1, 0, 1] and fixed.score <= found.score
    layout = Layout(model)
    examples = Examples(
        layout.indices(found.mixtures[None]), layout.stretches(found.cells[None], found.mixtures[None]),
        np.array([[[part * 288, 96] for part in range(3)]]), np.ones(1), np.zeros(1, int),
    )  # fmt: skip
    own = vectors(examples, found.windows.ravel(), layout) @ layout.flatten(model)
    assert own[0] == pytest.approx(found.score, abs=1e-4)


def enumerate_trees(model, features, cells):
    best = -np.inf
    for kinds in itertools.product(range(2), repeat=3):
        scores = [
            [(features[y : y + 3, x : x + 3] * part.filters[kind]).sum() for x, y in places]
            for part, kind, places in zip(model.parts, kinds, cells, strict=True)
        ]
        for (at, root), (left_at, left), (right_at, right) in itertools.product(*map(enumerate, cells)):
            total = model.parts[0].bias.item() + scores[0][at] + scores[1][left_at] + scores[2][right_at]
            for part, place, index in ((model.parts[1], left, 1), (model.parts[2], right, 2)):
                d = root + part.anchors[0, kinds[index]] - place
                total += part.bias[kinds[0], kinds[index]]
                total -= part.springs[0, kinds[index]] @ [d[0] ** 2, d[0], d[1] ** 2, d[1]]
            best = max(best, total)
    return best


def test_candidates_overlap_their_labels():
    model = random_model((-1,))
    person = Person(np.zeros((60, 60, 3)), np.array([[30.0, 30.0]]), 12.0)
    (cells,) = candidate_cells(person, model, 1.0, (17, 17, 32))
    centres = (cells - 1) * 4 + 5.5
    assert len(cells)
    shared = np.prod(np.maximum(12 - np.abs(centres - 30), 0), axis=1)
    assert (shared / (288 - shared) > OVERLAP).all()


def test_labels_are_the_viewers(tmp_path):
    joints = np.zeros((3, 14, 3))
    viewer = [STANDING[label] for label in LSP.joints]
    swapped = [STANDING[label.replace("left", "L").replace("right", "left").replace("L", "right")]
               for label in LSP.joints]  # fmt: skip
    joints[:2, :, 0] = np.transpose(swapped)  # faces the camera: the person's left is on the viewer's right
    joints[:2, :, 1] = np.transpose(viewer)  # turned away
    joints[:2, :, 2] = -np.transpose(viewer)  # on the head: left out
    savemat(tmp_path / "joints.mat", {"joints": joints})
    people = lsp(tmp_path, FULL, numbers=range(1, 4))
    wanted = np.array([STANDING[label] for label in FULL.skeleton.joints]) - 0.5
    assert [sample.path.name for sample in people] == ["im0001.jpg", "im0002.jpg"]
    for sample in people:
        np.testing.assert_allclose(sample.points, wanted)


def test_turned_and_mirrored_people_keep_their_labels(tmp_path):
    points = np.array([STANDING[label] for label in FULL.skeleton.joints])
    points += (60, 20)
    image = np.zeros((140, 120, 3), np.uint8)
    left = FULL.skeleton.joints.index("left_wrist")
    cv2.circle(image, tuple(int(v) for v in points[left]), 4, (255, 255, 255), -1)
    cv2.imwrite(str(tmp_path / "image.png"), image)
    people = augment([Sample(tmp_path / "image.png", points)], FULL, rotations=(-15.0, 0.0, 15.0))
    assert len(people) == 6
    for sample in people:
        name = "right_wrist" if sample.mirrored else "left_wrist"
        ys, xs = np.nonzero(sample.read()[..., 0] > 128)
        np.testing.assert_allclose(
            sample.points[FULL.skeleton.joints.index(name)], [xs.mean(), ys.mean()], atol=0.7
        )


@pytest.mark.parametrize(("side", "kept"), [(15.0, 20.0), (31.0, 31.0), (90.0, 40.0)])
def test_people_are_cut_out_as_they_are_unless_small_or_very_large(tmp_path, side, kept):
    rng = np.random.default_rng(0)
    image, points = figure(rng, labels=FULL.skeleton.joints)
    cv2.imwrite(str(tmp_path / "image.png"), image[..., ::-1])
    places = FULL.part_weights @ points
    person = cut_out(Sample(tmp_path / "image.png", points), places, side, template=20)
    assert person.side == pytest.approx(kept)
    ratio = np.ptp(person.points[:, 1]) / np.ptp(places[:, 1])
    assert ratio == pytest.approx(kept / side, rel=0.02)
    if kept == side:
        low = np.rint(places[0] - person.points[0]).astype(int)
        height, width = person.image.shape[:2]
        window = image[low[1] : low[1] + height, low[0] : low[0] + width]
        np.testing.assert_array_equal(person.image, window)


def test_levels_are_those_whose_templates_overlap_enough():
    for side in (14.0, 20.0, 33.0):
        boxes = 20 * 2 ** (np.arange(30) / OCTAVE)
        overlap = np.minimum(boxes, side) ** 2 / np.maximum(boxes, side) ** 2
        assert list(levels_near(side, 20.0)) == np.nonzero(overlap >= OVERLAP)[0].tolist()


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """A data folder of stick figures in PARSE's layout."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(11)
    points = np.zeros((14, 2, 14))
    for number in range(14):
        image, points[:, :, number] = figure(rng, labels=LSP.mirrored_joints)
        cv2.imwrite(str(folder / f"im{number + 1:04d}.jpg"), image[..., ::-1])
    savemat(folder / "labels.mat", {"ptsAll": points + 1})
    return folder


@pytest.mark.slow
def test_stick_figures_are_learned_and_found(figures, photos, tmp_path):
    people = augment(parse(figures, UPPER, numbers=range(1, 11)), UPPER, rotations=(0.0,))
    settings = Settings(body="upper", mixtures=2, stages=((False, 1), (True, 1)), per_photo=40, cost=0.01)
    lines = []

    def run(resume):
        return train(people, photos, settings=settings, folder=tmp_path, device=CPU, report=lines.append,
                     resume=resume)  # fmt: skip

    last = run(False)
    model, configuration = load_model(last)
    hits = []
    for sample in parse(figures, UPPER, numbers=range(11, 15)):
        found = PartDetector(model).detect(sample.read(), threshold=-np.inf, limit=1)
        own = own_placement(found, sample.points)
        assert own is not None
        joints = list(configuration.parts.joint_parts)
        hits.append(correct(found.points[own, joints], sample.points))
    table = by_group(np.array(hits), UPPER.skeleton.joints)
    # Twenty people teach the head and the shoulders; the thin ends of the arms are luck.
    assert min(table["head"], table["shoulder"]) > 85 and table["mean"] > 60
    last.unlink()
    lines.clear()
    assert run(True).is_file() and "stage 1" not in " ".join(lines), "the first stage is not done again"
    again, _ = load_model(last)
    assert [part.filters.shape for part in again.parts] == [part.filters.shape for part in model.parts]
    lines.clear()
    on = train(people, photos, settings=settings, folder=tmp_path / "on", device=CPU, report=lines.append,
               init=last)  # fmt: skip
    assert "stage 2: mixtures free" in lines and "stage 1: mixtures fixed" not in lines
    onward, _ = load_model(on)
    for part, like in zip(onward.parts, again.parts, strict=True):
        np.testing.assert_array_equal(part.anchors, like.anchors)
    with pytest.raises(ValueError, match="other parts or templates"):
        train(people, photos, settings=replace(settings, template=4), folder=tmp_path / "other", device=CPU,
              report=lines.append, init=last)  # fmt: skip
