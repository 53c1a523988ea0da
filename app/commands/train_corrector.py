"""``posefix train corrector``: trains the corrector on pairs and on motion with simulated errors."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_threads, add_training, count, positive

if TYPE_CHECKING:
    from app.commands.train import Subparsers

STEPS = {"default": 15_000, "recurrent": 20_000, "paper": 59_000}
BATCH = {"default": 96, "recurrent": 128, "paper": 64}
RATE = {"default": 2e-3, "recurrent": 2e-3, "paper": 0.01}


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "corrector",
        help="train the corrector",
        description="Trains the corrector on pairs of detected and true motion and on simulated errors.",
        epilog="Writes corrector-PRESET.safetensors, last.pt and history.jsonl into --output, now and then.",
    )
    add_training(parser, data="h36m_sh/ and motion/", output="runs/corrector-PRESET")
    parser.add_argument("--init", type=Path, metavar="FILE", help="start from these weights")
    parser.add_argument(
        "--preset", default="default", metavar="paper|default|recurrent", help="(default: default)"
    )
    parser.add_argument(
        "--keep",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of --init in the result, a mean of both: 0 to 1 (default: 0)",
    )
    parser.add_argument("--steps", type=count, metavar="N", help=f"batches (default: {STEPS})")
    parser.add_argument("--batch-size", type=count, metavar="N", help=f"windows a batch (default: {BATCH})")
    parser.add_argument(
        "--learning-rate", type=positive, metavar="X", help=f"at its highest (default: {RATE})"
    )
    parser.add_argument("--report-every", type=count, default=1000, metavar="N", help="steps (default: 1000)")
    parser.add_argument(
        "--pairs",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="train on a pairs file (of 'posefix evaluate correction --save-pairs') in place of h36m_sh/; "
        "may be given again",
    )
    parser.add_argument(
        "--labels-as-they-are",
        action="store_true",
        help="towards the labels' convention: corrected joints shift to where the labels are",
    )
    parser.add_argument(
        "--low-fps-shrinkage",
        type=float,
        metavar="X",
        help="holding back below 20 fps (default: the preset's)",
    )
    parser.add_argument(
        "--folds",
        type=int,
        default=0,
        metavar="N",
        help="networks trained beside, each without a part of the takes of --pairs, to fit on all of them "
        "how far each joint's corrections are trusted (default: 0, on every ninth take)",
    )
    parser.add_argument("--pairs-only", action="store_true", help="no simulated errors")
    add_threads(parser)
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Trains; returns the exit status."""
    import torch
    from rich.console import Console
    from rich.progress import Progress

    from app.device import choose_device
    from app.errors import UsageError
    from corrector.configuration import PRESETS
    from corrector.training.train import TrainingOptions, train
    from corrector.training.validation import Report

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if args.preset not in PRESETS:
        raise UsageError(f"Invalid preset ({args.preset}). Supported values are {', '.join(PRESETS)}.")
    if not 0 <= args.keep <= 1:
        raise UsageError(f"Invalid --keep ({args.keep}). Supported values are 0 to 1.")
    if args.folds < 0 or args.folds == 1:
        raise UsageError(f"Invalid --folds ({args.folds}). Supported values are 0 and from 2 up.")
    if args.folds and not args.pairs:
        raise UsageError("--folds divides the takes of a pairs file: give one with --pairs.")
    if args.threads:
        torch.set_num_threads(args.threads)
    options = TrainingOptions(
        data=args.data,
        output=args.output or Path("runs") / f"corrector-{args.preset}",
        preset=args.preset,
        steps=args.steps or STEPS[args.preset],
        batch_size=args.batch_size or BATCH[args.preset],
        learning_rate=args.learning_rate or RATE[args.preset],
        report_every=args.report_every,
        pairs=args.pairs,
        carried=not args.labels_as_they_are,
        low_fps_shrinkage=args.low_fps_shrinkage,
        simulated=not args.pairs_only,
        folds=args.folds,
        seed=args.seed,
        init=args.init,
        keep=args.keep,
        resume=args.resume,
    )

    def tell(report: Report) -> None:
        console.print(
            f"step {report.step}: loss {report.loss:.4f}, error {report.error_px:.2f} px "
            f"(detector {report.detector_px:.2f}), acceleration error {report.acceleration_px:.2f} px"
        )

    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=options.steps)
        path = train(
            options,
            device=choose_device(args.device),
            on_step=lambda step: bar.update(task, completed=step),
            on_report=tell,
        )
    console.print(f"{path}: done.", markup=False)
    return 0
