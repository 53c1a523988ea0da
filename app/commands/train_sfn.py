"""``posefix train sfn``: trains SFN on Leeds Sports Pose, its extension, YouTube Pose and files of photos."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.arguments import add_training, count, positive

if TYPE_CHECKING:
    from app.commands.train import Subparsers
    from estimators.sfn.configuration import SFNConfig
    from estimators.sfn.training.train import TrainingSettings


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "sfn",
        help="train the default estimator",
        description="Trains SFN. YouTube Pose's test subset and LSP's images 1001 on are never looked at.",
        epilog="Writes last.pt, history.jsonl and sfn-VARIANT.safetensors into --output; of several widths "
        "sfn-VARIANT-WIDTH.safetensors.",
    )
    data = "lsp/, lspet/, youtube_pose/, inria_negatives/ and maybe photos/*.npz"
    add_training(parser, data=data, output="runs/sfn-VARIANT")
    parser.add_argument("--variant", default="small", metavar="small|paper", help="(default: small)")
    parser.add_argument(
        "--width",
        default="1",
        metavar="X[,X]",
        help="factor on channels; several: one network each, trained on the same samples (default: 1)",
    )
    parser.add_argument(
        "--init",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="start from these weights; given once for each width",
    )
    parser.add_argument(
        "--samples", type=count, default=400_000, metavar="N", help="schedule's length (default: 400000)"
    )
    parser.add_argument("--minutes", type=positive, metavar="X", help="end the schedule by then, if sooner")
    parser.add_argument("--batch-size", type=count, default=32, metavar="N", help="(default: 32)")
    parser.add_argument("--learning-rate", type=positive, metavar="X", help="at its highest")
    parser.add_argument(
        "--weight-decay", type=float, default=0.02, metavar="X", help="of AdamW (default: 0.02)"
    )
    parser.add_argument(
        "--decay",
        type=positive,
        default=0.998,
        metavar="X",
        help="of the moving average of the weights, a step (default: 0.998)",
    )
    parser.add_argument(
        "--input-size", type=count, metavar="PX", help="no growing pictures: this size all along"
    )
    parser.add_argument(
        "--share",
        action="append",
        default=[],
        metavar="SOURCE=X",
        help="of a source in the samples, relative; 0: none of it; may be given again",
    )
    parser.add_argument(
        "--facing-weight",
        action="append",
        default=[],
        metavar="FACING=X",
        help="how often people seen so are drawn: front, behind, side, not_upright, unknown "
        "(default: behind=3, side=2, not_upright=1.5, the others 1); may be given again",
    )
    parser.add_argument("--no-youtube-pose", action="store_true", help="train without its frames")
    parser.add_argument("--validate-every", type=count, default=10_000, metavar="N", help="(default: 10000)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="that make samples (default: 1)")
    parser.add_argument("--replicas", type=count, default=2, metavar="N", help="on a CPU (default: 2)")
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Trains; returns the exit status."""
    from rich.console import Console
    from rich.progress import Progress

    from app.device import choose_device
    from estimators.sfn.quiet import import_mmpose

    device = choose_device(args.device)
    import_mmpose()
    from estimators.sfn.training.mixture import load_training_data
    from estimators.sfn.training.train import Trainer

    output = args.output or Path("runs") / f"sfn-{args.variant}"
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=1.0)

        def report(entry: dict[str, Any]) -> None:
            console.print(", ".join(f"{key} {value}" for key, value in entry.items()))

        trainer = Trainer(
            configs=_configs(args),
            settings=_settings(args),
            data=load_training_data(
                args.data,
                youtube_pose=not args.no_youtube_pose,
                shares=_numbers(args.share, "--share"),
                facing_weights=_numbers(args.facing_weight, "--facing-weight"),
            ),
            folder=output,
            device=device,
            report=report,
            initial=args.init,
            on_step=lambda progress: bar.update(task, completed=progress),
        )
        trainer.run(resume=args.resume)
        for name in trainer.learners:
            path = output / f"sfn-{args.variant}{'-' if name else ''}{name}.safetensors"
            console.print(f"{path}: done, SHA-256 {trainer.export(path, name)}.", markup=False)
    return 0


def _configs(args: argparse.Namespace) -> list[SFNConfig]:
    """One for each width."""
    from app.errors import UsageError
    from estimators.sfn.configuration import SFNConfig, paper_config

    try:
        widths = [float(width) for width in args.width.split(",")]
    except ValueError:
        raise UsageError(f"Invalid --width ({args.width}). Wanted are numbers, as in 1,2.") from None
    if args.variant == "paper":
        return [paper_config(width=width) for width in widths]
    return [SFNConfig(variant=args.variant, width=width) for width in widths]


def _numbers(given: list[str], option: str) -> dict[str, float]:
    """``NAME=X`` as often as it was given."""
    from app.errors import UsageError

    numbers = {}
    for text in given:
        name, _, number = text.partition("=")
        try:
            numbers[name] = float(number)
        except ValueError:
            raise UsageError(f"Invalid {option} ({text}). Wanted is NAME=NUMBER.") from None
    return numbers


def _settings(args: argparse.Namespace) -> TrainingSettings:
    from estimators.sfn.training.train import GROWING, PAPER_RATE, PAPER_SIZES, SMALL_RATE, TrainingSettings

    paper = args.variant == "paper"
    sizes = PAPER_SIZES if paper else GROWING
    return TrainingSettings(
        samples=args.samples,
        minutes=args.minutes,
        batch_size=args.batch_size,
        rate=args.learning_rate or (PAPER_RATE if paper else SMALL_RATE),
        sizes=((args.input_size, 1.0),) if args.input_size else sizes,
        weight_decay=args.weight_decay,
        decay=args.decay,
        seed=args.seed,
        workers=args.workers,
        replicas=args.replicas,
        validate_every=args.validate_every,
    )
