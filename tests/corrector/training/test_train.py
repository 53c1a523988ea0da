"""Training data and the training loop, on small data that the tests make."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from corrector.api import load_network
from corrector.configuration import PRESETS, CorrectorConfig
from corrector.modeling import Estimate
from corrector.training.conventions import apply_convention, fit_convention
from corrector.training.data import load_training_data
from corrector.training.motion_datasets import H36M_JOINTS, load_h36m, load_motion
from corrector.training.pairs_file import Take, read_pairs, write_pairs
from corrector.training.sequence_sources import (
    SequenceSource,
    arrange,
    convention,
    motion_source,
    pair_source,
    target,
)
from corrector.training.train import TrainingOptions, compute_loss, learning_rate_at, train
from corrector.training.validation import Report
from corrector.training.windows import WindowSampler
from estimators.skeletons import JOINTS, UPPER_BODY

CPU = torch.device("cpu")
META = {
    "fps": 25,
    "sh_to_gt17": [3, 2, 1, 4, 5, 6, 0, 7, 8, 10, 16, 15, 14, 11, 12, 13],
}
PENN = ["head", "lshoulder", "rshoulder", "lelbow", "relbow", "lwrist", "rwrist"]
PENN += ["lhip", "rhip", "lknee", "rknee", "lankle", "rankle"]
SOLID = ["lhip", "lknee", "lankle", "rhip", "rknee", "rankle", "neck", "head"]
SOLID += ["lshoulder", "lelbow", "lwrist", "rshoulder", "relbow", "rwrist"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out like the shared data, with a little random motion."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("data")
    (folder / "h36m_sh").mkdir()
    (folder / "h36m_sh" / "meta.json").write_text(json.dumps(META))
    for subject in ("S1", "S5", "S6", "S7", "S8", "S9"):
        true = np.round(np.cumsum(rng.normal(0, 1, (120, 17, 2)), axis=0) + rng.uniform(300, 600, (17, 2)))
        found = true[:, META["sh_to_gt17"]] + np.round(rng.normal(0, 4, (120, 16, 2)))
        twice = np.diff(8 * true, axis=0, prepend=0)
        arrays = {
            "est|Walking|1": np.diff(found, axis=0, prepend=0).astype(np.int16),
            "gt|Walking|1": np.diff(twice, axis=0, prepend=0).astype(np.int16),
        }
        np.savez(folder / "h36m_sh" / f"{subject}.npz", **arrays)
    (folder / "motion").mkdir()
    described = {"bandai_*": {"fps": 30, "joints": SOLID}, "cmu_small_*": {"fps": 30, "joints": SOLID}}
    (folder / "motion" / "mocap.json").write_text(json.dumps(described))
    for name in ("bandai_a_3d", "cmu_small_cmu_3d"):
        takes = {f"t{i}": rng.integers(-900, 900, (60, 14, 3)).astype(np.int16) for i in range(2)}
        np.savez(folder / "motion" / f"{name}.npz", **takes)
    (folder / "motion" / "penn_action_train.json").write_text(json.dumps({"joints": PENN}))
    clip = {"xy": rng.integers(0, 4000, (90, 13, 2)).astype(np.int16), "vis": np.ones((90, 13), np.uint8)}
    clip["vis"][:10, 3] = 0
    np.savez(folder / "motion" / "penn_action_train.npz", **clip, length=np.array([40, 50]))
    return folder


def test_takes_are_read_as_they_were_written(data: Path) -> None:
    take = load_h36m(data / "h36m_sh", ("S8",))[0]
    assert take.name == "S8|Walking|1" and take.fps == 25 and take.true.shape == (120, 14, 2)
    # The detector of the test is the truth and noise of 4 px, so a wrong joint map would show.
    assert np.abs(take.detected - take.true).mean() < 5
    assert len(H36M_JOINTS) == 14
    with pytest.raises(ValueError, match=r"S2\.npz: no such file"):
        load_h36m(data / "h36m_sh", ("S2",))


def test_motion_is_arranged_by_name(data: Path) -> None:
    solid, flat = load_motion(data / "motion")
    assert [motion.lengths for motion in solid] == [(60, 60), (60, 60)] and flat.lengths == (40, 50)
    with np.load(data / "motion" / "penn_action_train.npz") as file:
        np.testing.assert_allclose(flat.points[20, JOINTS.index("right_knee")], file["xy"][20, 10] / 16)
    assert np.isnan(flat.points[5, JOINTS.index("left_elbow")]).all()
    assert np.isnan(flat.points[:, JOINTS.index("neck")]).all()
    neck, head, top = (solid[0].points[:, JOINTS.index(joint)] for joint in ("neck", "head", "head_top"))
    assert (np.linalg.norm(top - neck, axis=1) > np.linalg.norm(head - neck, axis=1)).all()


def test_conventions_are_found_despite_outliers_and_move_with_the_person() -> None:
    rng = np.random.default_rng(1)
    source = rng.normal(0, 50, (4000, 5, 2)) + 500
    matrix = np.eye(5)
    matrix[0] = (0.6, 0.2, 0.2, 0, 0)
    target = apply_convention(source, matrix)
    target[rng.random((4000, 5)) < 0.1] += 200
    found = fit_convention(source, target, ridge=1e-6)
    np.testing.assert_allclose(found, matrix, atol=0.02)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(
        apply_convention(3 * source + 70, found), 3 * apply_convention(source, found) + 70
    )


def sampler(data: Path, *, length: int = 16, joints: tuple[str, ...] = JOINTS) -> WindowSampler:
    solid, flat = load_motion(data / "motion")
    sources = [
        _pairs(data, "S1", "S5", share=0.5),
        motion_source(solid[0], share=0.25, smooth=True, device=CPU),
        motion_source(flat, share=0.25, smooth=False, device=CPU),
    ]
    return WindowSampler(sources, joints=joints, length=length, device=CPU, seed=3)


def test_batches_repeat_and_differ(data: Path) -> None:
    one, again, other = (sampler(data).batch(number, 32) for number in (5, 5, 6))
    for a, b in zip((*one.window, one.target), (*again.window, again.target), strict=True):
        torch.testing.assert_close(a, b, equal_nan=True, rtol=0, atol=0)
    assert not torch.equal(one.window.points, other.window.points)


def test_batches_are_sound(data: Path) -> None:
    batch = sampler(data).batch(0, 64)
    window = batch.window
    assert window.points.shape == batch.target.shape == (64, 16, 15, 2)
    assert window.points.isfinite().all() and window.scores.isfinite().all()
    assert ((window.scores >= 0) & (window.scores <= 1)).all()
    assert (window.scores[window.present == 0] == 0).all() and (window.points[window.present == 0] == 0).all()
    assert (window.seconds.diff(dim=1) > 0).all()
    known = batch.target[..., 0].isfinite()
    assert (
        0.3 < known.float().mean() < 1
        and not known[window.present.sum(1, keepdim=True).expand_as(known) == 0].any()
    )
    missing = (window.present == 0) & known
    assert missing.any()  # joints to be filled in
    assert batch.smooth.sum() == 48
    assert not batch.window.present[48:, :, JOINTS.index("neck")].any()  # Penn has none


def test_loss_prefers_the_truth_and_an_honest_error() -> None:
    torch.manual_seed(0)
    true = torch.randn(4, 8, 3, 2)
    target = true.clone()
    smooth = torch.ones(4, dtype=torch.bool)

    def loss(offset: float, log_error: float) -> float:
        jitter = offset * torch.nn.functional.normalize(torch.randn(target.shape), dim=3)
        answer = Estimate(true + jitter, torch.full(target.shape[:3], log_error))
        return float(compute_loss(answer, target, smooth))

    assert loss(0.05, -3) < loss(0.2, -3)
    assert loss(0.2, float(np.log(0.2))) < min(loss(0.2, -4), loss(0.2, 1))
    target[:, :, 1] = torch.nan
    assert np.isfinite(loss(0.1, -2))


def test_learning_rate_warms_up_and_falls() -> None:
    options = TrainingOptions(data=Path(), output=Path(), steps=1000)
    rates = [learning_rate_at(step, options) for step in (0, 19, 500, 999)]
    assert rates[0] < rates[1] == options.learning_rate and rates[1] > rates[2] > rates[3] > 0


@pytest.mark.parametrize("preset", PRESETS)
def test_training_resumes_where_it_was_and_repeats(data: Path, tmp_path: Path, preset: str) -> None:
    def run(output: Path, steps: int, **more) -> list[Report]:
        reports: list[Report] = []
        options = TrainingOptions(
            data=data, output=output, preset=preset, steps=steps, batch_size=16, report_every=2,
            learning_rate=1e-3 if preset == "paper" else 2e-3, **more,
        )  # fmt: skip
        train(options, device=CPU, on_report=reports.append)
        return reports

    whole = run(tmp_path / "whole", 4)
    assert [report.step for report in whole] == [2, 4] and np.isfinite(whole[-1].error_px)
    again = run(tmp_path / "again", 4)
    assert again[-1].loss == pytest.approx(whole[-1].loss, rel=1e-4)
    resumed = run(tmp_path / "again", 6, resume=True)
    assert [report.step for report in resumed] == [6]
    weights = tmp_path / "again" / f"corrector-{preset}.safetensors"
    assert load_network(weights).config.preset == preset
    tuned = run(tmp_path / "tuned", 2, init=weights)
    assert np.isfinite(tuned[-1].loss)


def test_the_result_may_keep_a_share_of_what_it_began_with(data: Path, tmp_path: Path) -> None:
    def run(name: str, **more) -> dict[str, torch.Tensor]:
        options = TrainingOptions(data=data, output=tmp_path / name, steps=2, batch_size=8, **more)
        return load_network(train(options, device=CPU)).state_dict()

    first = run("first")
    init = tmp_path / "first" / "corrector-default.safetensors"
    tuned, half = (run(f"keep{keep}", init=init, seed=1, keep=keep) for keep in (0.0, 0.5))
    for name, value in half.items():
        torch.testing.assert_close(value, (first[name] + tuned[name]) / 2)
    assert any(not torch.equal(first[name], tuned[name]) for name in first)


def test_what_training_cannot_start_from(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        train(TrainingOptions(data=tmp_path, output=tmp_path / "a"), device=CPU)
    with pytest.raises(ValueError, match="no checkpoint"):
        train(TrainingOptions(data=data, output=tmp_path / "b", resume=True), device=CPU)


def _pairs(data: Path, *subjects: str, share: float) -> SequenceSource:
    takes = [take.as_pairs() for take in load_h36m(data / "h36m_sh", subjects)]
    return pair_source(takes, H36M_JOINTS, convention(takes), share=share, device=CPU)


def test_real_pairs_are_often_seen_whole(data: Path) -> None:
    """Half of the pairs: every joint, the head or not, in all frames that the window has, and no scores."""
    source = _pairs(data, "S1", share=1.0)
    window = WindowSampler([source], joints=JOINTS, length=8, device=CPU, seed=3).batch(0, 400).window
    inside = window.present[:, :, 1:].any(dim=2, keepdim=True)
    whole = (window.present[:, :, 1:] == inside).all(dim=2).all(dim=1)
    plain = (window.scores == window.present).all(dim=2).all(dim=1)
    assert 0.45 < float((whole & plain).float().mean()) < 0.75


def _photographs(path: Path, *, takes: int, shift: float = 0.0) -> None:
    """A pairs file of people seen every four seconds, whose right wrist is often seen ``shift`` px aside."""
    rng = np.random.default_rng(1)
    joints = UPPER_BODY
    body = rng.normal(0, 40, (1, 7, 2)) + 300
    made = []
    for number in range(takes):
        true = body + rng.normal(0, 4, (30, 7, 2)) + rng.normal(0, 30, (1, 1, 2))
        seen = true + rng.normal(0, 0.5, true.shape)
        seen[::3, joints.index("right_wrist"), 0] += shift
        made.append(Take(str(number), np.dstack((seen, np.full(seen.shape[:2], 0.625))), true, 0.25))
    write_pairs(path, joints, made)


def test_photographs_are_shown_as_they_are_with_their_scores_in_any_order(tmp_path: Path) -> None:
    _photographs(tmp_path / "pairs.npz", takes=2)
    joints, takes = read_pairs(tmp_path / "pairs.npz")
    source = pair_source(takes, joints, None, share=1.0, device=CPU)
    batch = WindowSampler([source], joints=UPPER_BODY, length=8, device=CPU, seed=0).batch(0, 64)
    assert (batch.window.present == 1).all() and (batch.window.scores == 0.625).all()
    assert (batch.window.points - batch.target).norm(dim=3).max() < 5  # nothing put elsewhere
    assert not batch.smooth.any()
    assert torch.allclose(batch.window.seconds.diff(dim=1), torch.tensor(4.0))
    again = WindowSampler([source], joints=UPPER_BODY, length=48, device=CPU, seed=0).batch(0, 64)
    assert not again.window.present[:, 30:].any()  # a take has no more frames
    assert again.window.present[:, :30].any(dim=2).any(dim=0).all()


def test_training_on_a_pairs_file_learns_its_estimators_errors(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corrector.training.train.AVERAGE_DECAY", 0.95)  # so that few steps tell
    _photographs(tmp_path / "pairs.npz", takes=18, shift=60.0)
    reports: list[Report] = []
    options = TrainingOptions(
        data=data,
        output=tmp_path / "run",
        pairs=[tmp_path / "pairs.npz"],
        simulated=False,
        steps=100,
        batch_size=16,
        learning_rate=5e-3,
        report_every=100,
        low_fps_shrinkage=0.0,
        folds=2,
        config=CorrectorConfig(window=8, encoder_size=24, decoder_size=16, attention_size=8),
    )
    path = train(options, device=CPU, on_report=reports.append)
    assert reports[-1].error_px < 0.9 * reports[-1].detector_px
    config = load_network(path).config
    assert config.low_fps_shrinkage == 0.0
    for fold in (0, 1):
        assert load_network(tmp_path / "run" / f"fold-{fold}" / path.name).config.joint_gain == ()
    joint_gain = dict(zip(config.joints, config.joint_gain, strict=True))
    assert joint_gain["right_wrist"] == joint_gain["left_wrist"] and joint_gain["left_knee"] == 1


def test_folds_watch_each_take_once_and_train_on_the_others(tmp_path: Path) -> None:
    _photographs(tmp_path / "pairs.npz", takes=7)
    watched = []
    for fold in range(3):
        options = TrainingOptions(
            data=tmp_path, output=tmp_path, pairs=[tmp_path / "pairs.npz"], simulated=False, watched=(3, fold)
        )
        (source,), validation = load_training_data(options, CPU)
        watched += [take.name for take in validation.takes]
        assert len(source.lengths) == 7 - len(validation.takes)
    assert sorted(watched) == [f"pairs[{number}]" for number in range(7)]


def test_too_few_pairs_are_refused_by_name(data: Path, tmp_path: Path) -> None:
    _photographs(tmp_path / "one.npz", takes=1)
    options = TrainingOptions(data=data, output=tmp_path / "run", pairs=[tmp_path / "one.npz"])
    with pytest.raises(ValueError, match=r"one\.npz: 1 takes are too few"):
        train(options, device=CPU)
    _photographs(tmp_path / "two.npz", takes=2)
    many = replace(options, pairs=[tmp_path / "two.npz"], folds=3)
    with pytest.raises(ValueError, match=r"two\.npz: 2 takes are too few for 3 folds"):
        train(many, device=CPU)
    assert not options.output.exists()


def test_targets_are_carried_over_or_as_labelled(data: Path) -> None:
    takes = [take.as_pairs() for take in load_h36m(data / "h36m_sh", ("S1",))]
    matrix = convention(takes)
    np.testing.assert_array_equal(target(takes[0], None), takes[0].true)
    np.testing.assert_allclose(target(takes[0], matrix), apply_convention(takes[0].true, matrix))
    head = arrange(takes[0].true, H36M_JOINTS)[:, 0]
    np.testing.assert_allclose(head, takes[0].true[:, :2].mean(axis=1), rtol=1e-5)
