"""How quick the corrector is: a whole call, and its network alone by several runtimes.

    python -m benchmarks.corrector_speed [--threads N] [--device auto|cpu|cuda] [--runtimes]

The clip has 18,000 frames at 30 frames a second, cut into windows that overlap by half. ``--runtimes`` runs
encoder and decoder on one batch of windows as they are, compiled by torch.compile, and by ONNX Runtime
(``pip install onnx onnxruntime``), in turns in one run.
"""

from __future__ import annotations

import argparse
import io
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

import weights as store
from app.device import choose_device
from corrector import Corrector
from corrector.api import DEFAULT_WEIGHTS, load_network
from corrector.modeling import CorrectorNetwork

FRAMES, FPS, ROUNDS = 18_000, 30.0, 5
BATCHES = {"cpu": 128, "cuda": 1024}


class Core(nn.Module):
    """Encoder and decoder of a network: inputs (B, L, I) -> answers (B, L, A J)."""

    def __init__(self, network: CorrectorNetwork) -> None:
        super().__init__()
        self.encoder, self.decoder = network.encoder, network.decoder

    def forward(self, inputs: Tensor) -> Tensor:
        states, _ = self.encoder(inputs)
        answers: Tensor = self.decoder(states, None)[0]
        return answers


def clip(joints: int) -> np.ndarray:
    """Points that wander about, with a score each: (18,000, joints, 3)."""
    rng = np.random.default_rng(0)
    points = rng.normal(0, 0.5, (FRAMES, joints, 3)).cumsum(axis=0) + rng.uniform(300, 600, (1, joints, 3))
    points[..., 2] = 0.9
    return points


def whole_call(device: torch.device) -> list[float]:
    """Frames a second of each round, of wall time."""
    corrector = Corrector.from_weights(device=device)
    points, times = clip(len(corrector.joints)), np.arange(FRAMES) / FPS
    return [
        FRAMES / _seconds(lambda: corrector.correct(points, pts_seconds=times, joints=corrector.joints))
        for _ in range(ROUNDS + 1)
    ][1:]


def matrix_products(network: CorrectorNetwork, device: torch.device, batch: int) -> Callable[[], object]:
    """Only the matrix products of the LSTM layers, as large as they are, one step after another."""
    shapes = []
    for lstm in (network.encoder, getattr(network.decoder, "lstm", None)):
        if lstm is not None:
            gates, size = 4 * lstm.hidden_size, lstm.hidden_size
            shapes.append((torch.randn(lstm.input_size, gates), torch.randn(size, gates), size))
    length = network.config.window
    parts = [
        (torch.randn(batch * length, a.shape[0], device=device), a.to(device), b.to(device), size)
        for a, b, size in shapes
    ]
    states = [torch.randn(batch, size, device=device) for *_, size in parts]

    def run() -> None:
        for (inputs, given, own, _), state in zip(parts, states, strict=True):
            for _ in range(2):  # directions
                inputs @ given
                for _ in range(length):
                    state @ own

    return run


def runtimes(device: torch.device) -> dict[str, Callable[[], object]]:
    """By name, what runs one batch of windows once."""
    network = load_network(store.find(DEFAULT_WEIGHTS))
    core, batch = Core(network).to(device).eval(), BATCHES[device.type]
    inputs = torch.randn(batch, network.config.window, core.encoder.input_size, device=device)
    compiled = torch.compile(core)
    calls: dict[str, Callable[[], object]] = {
        "as it is": lambda: core(inputs),
        "torch.compile": lambda: compiled(inputs),
        "matrix products alone": matrix_products(network, device, batch),
    }
    if device.type == "cuda":
        calls["CUDA graph"] = torch.cuda.make_graphed_callables(core, (inputs,)).forward  # type: ignore[union-attr]
    try:
        import onnxruntime
    except ModuleNotFoundError:
        return calls
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(core, (inputs,), file, dynamo=False, input_names=["inputs"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    plain = {"inputs": inputs.cpu().numpy()}
    return calls | {"ONNX Runtime (CPU)": lambda: session.run(None, plain)}


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    with torch.no_grad():
        call()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _row(table: Table, name: str, values: Sequence[float], unit: str) -> None:
    low, middle, high = np.percentile(values, [0, 50, 100])
    table.add_row(name, f"{middle:,.1f}", f"{low:,.1f} to {high:,.1f}", unit)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--device", default="cpu", metavar="auto|cpu|cuda", help="(default: cpu)")
    parser.add_argument("--runtimes", action="store_true", help="compare runtimes of the network, too")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    table = Table("", "median", "range", "unit", title=f"{args.threads} thread(s), {device}")
    _row(table, "whole call", whole_call(device), "frames/s")
    if args.runtimes:
        calls = runtimes(device)
        taken = [{name: _seconds(call) for name, call in calls.items()} for _ in range(ROUNDS + 2)][2:]
        for name in calls:
            _row(table, name, [1000 * one[name] for one in taken], "ms a batch of windows")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
