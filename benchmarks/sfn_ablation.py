"""What parts of SFN are worth: on trained weights, and for networks trained alike.

    python -m benchmarks.sfn_ablation ../shared/data [--samples N] [--json FILE]

First, on the weights: heatmaps before and after the spatial fusion, decoding at the peak or between pixels,
the flip test. Then networks that are trained from scratch with ``N`` samples each, of 128 pixels: short runs
rank parts, they do not say how good a whole run is. Measured on the held-out pictures that training watches
(LSP 901-1000, three videos of YouTube Pose), never on the test pictures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from estimators.sfn import DEFAULT_WEIGHTS
from estimators.sfn.quiet import import_mmpose
from weights import find

SIZE = 128
PAPER_WIDTH = 0.08
"""The published layout with so few channels costs about as much as the small network."""


def on_weights(path: Path, data: Any) -> Iterator[dict[str, Any]]:
    """Variants of how trained weights are used."""
    from mmpose.codecs import UDPHeatmap

    from estimators.sfn.builder import restore, use_flip_test
    from estimators.sfn.training.validation import validate

    config, model = restore(path)
    yield _row("as it is", validate(model, data, config=config))
    use_flip_test(model, True)
    yield _row("with the flip test", validate(model, data, config=config))
    use_flip_test(model, False)
    final, features = model.head.final_layer, model.backbone.forward
    model.head.final_layer = model.head.first
    model.backbone.forward = lambda images: features(images)[:1] * 2
    yield _row("heatmaps before the fusion", validate(model, data, config=config))
    model.head.final_layer, model.backbone.forward = final, features
    decode = UDPHeatmap.decode
    UDPHeatmap.decode = _peaks  # type: ignore[method-assign]
    yield _row("decoded at the peak's pixel", validate(model, data, config=config))
    UDPHeatmap.decode = decode  # type: ignore[method-assign]


def _peaks(codec: Any, encoded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As the published decoding at the heatmap's resolution: the highest pixel."""
    flat = encoded.reshape(len(encoded), -1)
    rows, columns = np.unravel_index(flat.argmax(axis=1), encoded.shape[1:])
    points = np.stack((columns, rows), axis=1) / (np.array(codec.heatmap_size) - 1) * codec.input_size
    return points[None], flat.max(axis=1)[None]


def trained(data: Any, *, samples: int, seed: int) -> Iterator[dict[str, Any]]:
    """Networks trained alike but for one thing."""
    from estimators.sfn.configuration import SFNConfig, paper_config
    from estimators.sfn.training.train import PAPER_RATE, SMALL_RATE, Trainer, TrainingSettings

    variants = {
        "small": (SFNConfig(), SMALL_RATE),
        "small, squared error": (SFNConfig(loss="squared_error"), SMALL_RATE),
        f"published layout, width {PAPER_WIDTH}": (paper_config(width=PAPER_WIDTH), PAPER_RATE),
    }
    for name, (config, rate) in variants.items():
        settings = TrainingSettings(
            samples=samples,
            rate=rate,
            sizes=((SIZE, 1.0),),
            seed=seed,
            replicas=1,
            validate_every=samples,
        )
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            reports: list[dict[str, Any]] = []
            trainer = Trainer(
                configs=[config],
                settings=settings,
                data=data,
                folder=Path(folder),
                device=torch.device("cpu"),
                report=reports.append,
            )
            trainer.run()
        figures = {key.removeprefix("pck_"): value for key, value in reports[-1].items() if "pck_" in key}
        minutes = (time.monotonic() - started) / 60
        yield _row(f"{name}, {samples} samples", figures) | {"minutes": round(minutes, 1)}


def _row(name: str, figures: dict[str, float]) -> dict[str, Any]:
    return {"variant": name, **{key: round(value, 2) for key, value in figures.items()}}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DIR", help="as of posefix train sfn")
    parser.add_argument("--weights", type=Path, default=find(DEFAULT_WEIGHTS), metavar="FILE")
    parser.add_argument("--samples", type=int, default=10_000, metavar="N", help="(default: 10000; 0: none)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="(default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, as they come")
    args = parser.parse_args()
    import_mmpose()
    from estimators.sfn.training.mixture import load_training_data

    data = load_training_data(args.data)
    table = Table("", "LSP, PCK@0.2 %", "YouTube Pose, 20 px, %", "minutes")
    done: list[dict[str, Any]] = []
    sources = [on_weights(args.weights, data)]
    if args.samples:
        sources.append(trained(data, samples=args.samples, seed=args.seed))
    for source in sources:
        for row in source:
            done.append(row)
            shown = (row["variant"], row["lsp"], row["youtube_pose"], row.get("minutes", ""))
            table.add_row(*map(str, shown))
            if args.json is not None:
                args.json.write_text(json.dumps(done, indent=2) + "\n")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
