"""``posefix train detector``: trains the detector of people on people of all sizes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.arguments import add_training, count, positive

if TYPE_CHECKING:
    from app.commands.train import Subparsers


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "detector",
        help="train the person detector",
        description="Trains the person detector. YouTube Pose's test subset and LSP's images 1001 on are "
        "never looked at.",
        epilog="Writes last.pt, history.jsonl and detector.safetensors into --output.",
    )
    data = "lsp/, lspet/, youtube_pose/, inria_negatives/ and perhaps photos/ and clips/"
    add_training(parser, data=data, output="runs/detector")
    parser.add_argument("--init", type=Path, metavar="FILE", help="start from these weights")
    parser.add_argument("--learning-rate", type=positive, default=3e-3, metavar="X", help="(default: 0.003)")
    parser.add_argument(
        "--samples", type=count, default=60_000, metavar="N", help="schedule's length (default: 60000)"
    )
    parser.add_argument("--minutes", type=positive, metavar="X", help="end the schedule by then, if sooner")
    parser.add_argument("--batch-size", type=count, default=16, metavar="N", help="(default: 16)")
    parser.add_argument("--validate-every", type=count, default=6_000, metavar="N", help="(default: 6000)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="that make scenes (default: 1)")
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Trains; returns the exit status."""
    from rich.console import Console
    from rich.progress import Progress

    from app.device import choose_device
    from estimators.detectors.small.configuration import DetectorConfig
    from estimators.detectors.small.training.photos import load_people
    from estimators.detectors.small.training.train import DetectorTrainer, DetectorTraining

    settings = DetectorTraining(
        samples=args.samples,
        minutes=args.minutes,
        batch_size=args.batch_size,
        rate=args.learning_rate,
        validate_every=args.validate_every,
        workers=args.workers,
        seed=args.seed,
    )
    output = args.output or Path("runs/detector")
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=1.0)

        def report(entry: dict[str, Any]) -> None:
            console.print(", ".join(f"{key} {value}" for key, value in entry.items()))

        trainer = DetectorTrainer(
            config=DetectorConfig(),
            settings=settings,
            data=(load_people(args.data, split="train"), load_people(args.data, split="validation")),
            folder=output,
            device=choose_device(args.device),
            report=report,
            on_step=lambda progress: bar.update(task, completed=progress),
            initial=args.init,
        )
        trainer.run(resume=args.resume)
        path = output / "detector.safetensors"
        digest = trainer.export(path)
    console.print(f"{path}: done, SHA-256 {digest}.", markup=False)
    return 0
