"""The network against slow, direct versions of what it computes."""

import numpy as np
import pytest
import torch

from corrector.configuration import PRESETS, CorrectorConfig
from corrector.decoders import ParallelDecoder, blend
from corrector.features import Window, center_and_scale, fill_missing, normalise, smooth, upright_turn
from corrector.modeling import CorrectorNetwork
from estimators.skeletons import JOINTS, POSEFIX, UPPER_BODY

SMALL = {"window": 6, "encoder_size": 4, "decoder_size": 5, "attention_size": 3}


def make_window(batch: int = 3, length: int = 6, joints: int = 15) -> Window:
    torch.manual_seed(2)
    present = (torch.rand(batch, length, joints) > 0.2).float()
    points = torch.randn(batch, length, joints, 2) * present.unsqueeze(3)
    seconds = 0.04 * torch.arange(length).float().expand(batch, length)
    return Window(points, present, torch.rand(batch, length, joints) * present, seconds)


def test_missing_points_are_interpolated_in_time_and_held_at_the_ends() -> None:
    points = torch.zeros(1, 5, 2, 2)
    points[0, :, 0, 0] = torch.tensor([99.0, 1.0, 99.0, 5.0, 99.0])
    present = torch.tensor([[0, 1, 0, 1, 0], [0, 0, 0, 0, 0]]).T[None]
    points[0, :, 1] = 77
    seconds = torch.tensor([[0.0, 1.0, 2.0, 5.0, 6.0]])
    filled = fill_missing(Window(points, present, present, seconds))
    assert filled[0, :, 0, 0].tolist() == [1, 1, 2, 5, 5]
    assert (filled[0, :, 1] == 0).all()


def test_smoothing_is_a_gaussian_average_of_what_is_there() -> None:
    window = make_window()
    result = smooth(window.points, window, width=0.05)
    b, t, j = 1, 2, 3
    apart = (window.seconds[b] - window.seconds[b, t]).numpy()
    weight = np.exp(-0.5 * (apart / 0.05) ** 2) * (window.present[b, :, j].numpy() + 0.02)
    expected = (weight[:, None] * window.points[b, :, j].numpy()).sum(0) / weight.sum()
    np.testing.assert_allclose(result[b, t, j].numpy(), expected, rtol=1e-4)


def test_smoothing_twice_spares_a_bend() -> None:
    seconds = 0.04 * torch.arange(41).float()[None]
    points = (seconds - 0.8).square()[:, :, None, None].expand(-1, -1, 1, 2).contiguous()
    window = Window(points, torch.ones(1, 41, 1), torch.ones(1, 41, 1), seconds)
    once, twice = (smooth(points, window, width=0.1, twice=twice)[0, 20, 0, 0] for twice in (False, True))
    assert once == pytest.approx(0.01, rel=0.02)  # half the second derivative times the width squared
    assert abs(twice) < 1e-4


def test_size_is_of_the_upper_body_and_not_changed_by_exchanged_sides() -> None:
    window = make_window()
    window = window._replace(present=torch.ones_like(window.present))
    place, size = center_and_scale(window._replace(points=100 * window.points), JOINTS)
    swapped = center_and_scale(
        window._replace(points=100 * window.points[:, :, list(POSEFIX.flip_indices)]), JOINTS
    )
    torch.testing.assert_close(swapped, (place, size))
    upper = [JOINTS.index(joint) for joint in UPPER_BODY]
    few = Window(*(part[:, :, upper] for part in window[:3]), window.seconds)
    torch.testing.assert_close(
        center_and_scale(few._replace(points=100 * few.points), UPPER_BODY), (place, size)
    )


@pytest.mark.parametrize("upright", [False, True])
def test_normalised_windows_do_not_depend_on_place_and_size(upright: bool) -> None:
    window = make_window()._replace(present=torch.ones(3, 6, 15))
    one, where = normalise(window._replace(points=100 * window.points), JOINTS, upright=upright)
    other, there = normalise(window._replace(points=200 * window.points + 50), JOINTS, upright=upright)
    torch.testing.assert_close(one.points, other.points, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(2 * where.size, there.size, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(where.outside(one.points), 100 * window.points, atol=1e-3, rtol=1e-4)


def test_a_turned_person_is_put_upright() -> None:
    window = make_window()._replace(present=torch.ones(3, 6, 15))
    angle = torch.tensor(2.1)
    turn = torch.stack((torch.stack((angle.cos(), -angle.sin())), torch.stack((angle.sin(), angle.cos()))))
    middle = window.points.mean((1, 2), keepdim=True)
    one, _ = normalise(window._replace(points=window.points - middle), JOINTS, upright=True)
    other, _ = normalise(window._replace(points=(window.points - middle) @ turn), JOINTS, upright=True)
    differences = (one.points - other.points).flatten(1, 2)
    # The middle of the picture's axes is another one: all points are moved alike.
    assert differences.std(1).max() < 1e-4
    sides = [[JOINTS.index(f"{side}_{part}") for side in ("left", "right")] for part in ("shoulder", "hip")]
    up = (one.points[:, :, sides[0]].mean(2) - one.points[:, :, sides[1]].mean(2)).mean(1)
    assert (up[:, 1] < 0).all() and up[:, 0].abs().max() < 1e-4


def test_what_has_no_hips_stands_on_its_shoulders_and_nothing_stays_as_it_is() -> None:
    window = make_window()
    present = torch.zeros(3, 6, 15)
    unknown = upright_turn(window._replace(present=present), JOINTS)
    torch.testing.assert_close(unknown, torch.eye(2).expand(3, 2, 2))
    known = [JOINTS.index(joint) for joint in ("head", "left_shoulder", "right_shoulder")]
    present[:, :, known] = 1
    turn = upright_turn(window._replace(present=present), JOINTS)
    points = window.points @ turn.unsqueeze(1)
    up = (points[:, :, known[0]] - points[:, :, known[1:]].mean(2)).mean(1)
    assert (up[:, 1] < 0).all() and up[:, 0].abs().max() < 1e-5


def test_a_window_without_anybody_is_finite() -> None:
    empty = Window(torch.zeros(1, 6, 15, 2), *[torch.zeros(1, 6, 15)] * 2, torch.arange(6.0)[None])
    normal, _ = normalise(empty, JOINTS, upright=True)
    answer = CorrectorNetwork(CorrectorConfig(**SMALL))(normal)
    assert answer.points.isfinite().all() and answer.log_error.isfinite().all()


def test_paper_preset_is_the_published_decoder() -> None:
    """s_i = LSTM(s_{i-1}, [c_i, y_{i-1}]), alpha_ij = softmax_j v . tanh(W s_{i-1} + U h_j), step by step."""
    torch.manual_seed(0)
    config = CorrectorConfig.preset_named("paper")
    network = CorrectorNetwork(config)
    window = make_window(batch=1, length=32, joints=7)
    answer = network(window)
    filled = fill_missing(window)
    place = answer.points.detach() * 0 + _anchor(window)
    states, _ = network.encoder((filled - place).flatten(2))
    hidden = cell = torch.zeros(1, config.decoder_size)
    last = torch.zeros(1, 14)
    units = config.attention_size
    w = network.decoder.recurrent
    for step in range(32):
        scores = []
        for j in range(32):
            key = torch.nn.functional.linear(states[:, j], network.decoder.encoded.weight)
            query = torch.nn.functional.linear(hidden, w.weight[:units], w.bias[:units])
            scores.append(network.decoder.alignment(torch.tanh(query + key)))
        alpha = torch.stack(scores).softmax(0)
        context = sum(alpha[j] * states[:, j] for j in range(32))
        gates = torch.nn.functional.linear(hidden, w.weight[units:], w.bias[units:])
        gates = gates + network.decoder.context(torch.cat((context, last), dim=1))
        i, f, o, g = gates.chunk(4, dim=1)
        cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
        hidden = o.sigmoid() * cell.tanh()
        point = network.decoder.output(hidden).view(1, 3, 7)[:, :2]
        last = (3 * point / (3 + point.abs())).flatten(1)
        expected = point.transpose(1, 2) + place[:, step]
        torch.testing.assert_close(answer.points[:, step], expected, atol=1e-5, rtol=1e-4)


def test_the_parallel_decoder_attends_from_every_step_at_once() -> None:
    """c_i = sum_j alpha_ij V h_j, alpha_ij = softmax_j v . tanh(W h_i + U h_j); then an LSTM on h_i, c_i."""
    torch.manual_seed(0)
    config = CorrectorConfig(**SMALL, parallel=True)
    decoder = ParallelDecoder(config, joints=2, answers=3)
    states = torch.randn(1, 6, 8)
    answers, points = decoder(states, None)
    w, b = decoder.encoded.weight, decoder.encoded.bias
    inputs = []
    for i in range(6):
        query = w[:3] @ states[0, i] + b[:3]
        energy = [decoder.alignment((query + w[3:6] @ h + b[3:6]).tanh()) for h in states[0]]
        alpha = torch.stack(energy).softmax(0)
        context = sum(a * (w[6:] @ h + b[6:]) for a, h in zip(alpha, states[0], strict=True))
        inputs.append(torch.cat((states[0, i], context)))
    hidden, _ = decoder.lstm(torch.stack(inputs).unsqueeze(0))
    torch.testing.assert_close(answers, decoder.output(hidden), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(points, answers.unflatten(2, (3, 2))[:, :, :2])


def test_a_blend_weighs_candidates_and_adds_a_gated_residual() -> None:
    answer = torch.tensor([1.0, 2.0, -9.0, 0.0, float(np.log(3.0)), 0.0]).view(6, 1).expand(6, 2)
    candidates = torch.tensor([[4.0, 8.0], [0.0, 40.0]]).unsqueeze(2).expand(2, 2, 2)  # x and y of two tracks
    expected = torch.tensor([0.5 * 1 + 0.75 * 4 + 0.25 * 8, 0.5 * 2 + 0.25 * 40])
    torch.testing.assert_close(blend(answer, candidates), expected.unsqueeze(1).expand(2, 2))
    torch.testing.assert_close(blend(answer, None), answer[:2])


def _anchor(window: Window) -> torch.Tensor:
    from corrector.features import anchor

    return anchor(fill_missing(window), window)


@pytest.mark.parametrize("parallel", [False, True])
def test_a_fresh_network_is_a_light_filter(parallel: bool) -> None:
    """It blends the given track, two smoothed ones and the other side's, most of all the lightly smoothed."""
    network = CorrectorNetwork(CorrectorConfig(**SMALL, parallel=parallel))
    torch.nn.init.zeros_(network.decoder.output.weight)
    window = make_window()._replace(present=torch.ones(3, 6, 15))
    answer = network(window).points
    tracks = [
        window.points,
        smooth(window.points, window, width=0.05, twice=True),
        smooth(window.points, window, width=0.15, twice=True),
        window.points[:, :, list(POSEFIX.flip_indices)],
    ]
    share = torch.tensor([0.0, 2.0, 0.0, 0.0]).softmax(0)
    expected = sum(s * track for s, track in zip(share, tracks, strict=True))
    torch.testing.assert_close(answer, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "best"}, "Invalid preset \\(best\\). Supported values are paper, default, recurrent."),
        ({"window": 7}, "even"),
        ({"decoder_size": 0}, "positive"),
        ({"smoothing_seconds": (0.0,)}, "smoothing_seconds"),
        ({"low_fps_shrinkage": -1.0}, "low_fps_shrinkage"),
        ({"joint_gain": (0.5,)}, "joint_gain"),
        ({"joint_gain": (1.5,) * 15}, "joint_gain"),
        ({"joints": ("head",)}, "left_shoulder"),
    ],
)
def test_configurations_that_cannot_be(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CorrectorConfig(**values)


def test_weights_from_before_are_used_as_they_were_trained() -> None:
    values = CorrectorConfig.preset_named("default").to_dict()
    for newer in ("leave_out_jumps", "upright"):
        del values[newer]
    config = CorrectorConfig.from_dict(values)
    assert not config.leave_out_jumps and not config.upright and config.fix_left_right_swaps


@pytest.mark.parametrize("preset", PRESETS)
def test_a_configuration_survives_the_weights_file(preset: str) -> None:
    config = CorrectorConfig.preset_named(preset)
    assert (
        CorrectorConfig.from_dict(
            {k: list(v) if isinstance(v, tuple) else v for k, v in config.to_dict().items()}
        )
        == config
    )
