"""``posefix evaluate correction``: initial against corrected joints, where the truth is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_device, add_threads, count
from app.commands.estimator_arguments import add_estimator_arguments, create_estimator

if TYPE_CHECKING:
    from app.commands.train import Subparsers
    from app.evaluation.evaluator import Correct
    from app.evaluation.pairs import Pairs
    from corrector import Corrector


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "correction",
        help="initial against corrected joints",
        description="Measures the corrector on pairs of detected and true joints, beside filters over time.",
        epilog="On h36m_sh, conventions are fitted on the training subjects and filters tuned on "
        "the validation subject; otherwise on the measured pairs.",
    )
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="folder like h36m_sh or youtube_pose, or a pairs file (.npz)"
    )
    parser.add_argument("--subjects", default="S9", metavar="S9,...", help="of h36m_sh (default: S9)")
    add_estimator_arguments(
        parser, weights="--estimator-weights", what="whose joints on youtube_pose (default: sfn)"
    )
    parser.add_argument(
        "--videos", default="test", metavar="test|others", help="of youtube_pose (default: test)"
    )
    parser.add_argument(
        "--every", type=count, default=1, metavar="N", help="every N-th frame of youtube_pose (default: 1)"
    )
    parser.add_argument(
        "--save-pairs", type=Path, metavar="FILE", help="write the measured pairs here (.npz), to train on"
    )
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="corrector weights, not the default ones"
    )
    parser.add_argument("--no-filters", action="store_true", help="leave the filters out")
    parser.add_argument("--smoothnet", type=Path, metavar="FILE", help="weights of SmoothNet to measure, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw PCK curves here (.png, .svg)")
    add_threads(parser)
    add_device(parser)
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Measures and prints; returns the exit status."""
    import torch
    from rich.console import Console

    from app.device import choose_device
    from app.evaluation import correction_report as report
    from app.evaluation.evaluator import Evaluator
    from corrector import Corrector
    from corrector.training.pairs_file import write_pairs

    if args.threads:
        torch.set_num_threads(args.threads)
    corrector = Corrector.from_weights(args.weights, device=choose_device(args.device))
    pairs, initial = _pairs(args)
    if args.save_pairs is not None:
        write_pairs(args.save_pairs, pairs.joints, pairs.takes)
    evaluator = Evaluator(pairs)
    methods = _baselines(args, pairs) | {corrector.name: _correct(corrector, pairs)}
    results = {name: evaluator.compare(correct) for name, correct in methods.items()}
    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    report.print_figures(console, results, initial=initial)
    if args.json is not None:
        origin = {
            "path": args.path.name,
            "initial_joints": initial,
            "takes": [take.name for take in pairs.takes],
            "weights_sha256": corrector.weights_sha256,
        }
        report.write_json(args.json, origin, results)
    if args.plot is not None:
        report.plot_curves(args.plot, results, initial=initial)
    return 0


def _pairs(args: argparse.Namespace) -> tuple[Pairs, str]:
    """What to measure on, and what its initial joints are called."""
    from app.evaluation.pairs import load_pairs
    from app.evaluation.youtube_pairs import is_youtube_pose, youtube_pairs

    if is_youtube_pose(args.path):
        from app.device import choose_device

        estimator = create_estimator(args, device=choose_device(args.device))
        pairs = youtube_pairs(args.path, estimator, videos=args.videos, every=args.every)
        return pairs, args.estimator
    return load_pairs(args.path, subjects=args.subjects.split(",")), "detector"


def _baselines(args: argparse.Namespace, pairs: Pairs) -> dict[str, Correct]:
    from app.evaluation.baselines import smoothnet, tuned_filters

    found = {} if args.no_filters else tuned_filters(pairs)
    return found if args.smoothnet is None else found | {"SmoothNet": smoothnet(args.smoothnet)}


def _correct(corrector: Corrector, pairs: Pairs) -> Correct:
    return lambda take: (
        corrector.correct(take.detected, pts_seconds=take.pts_seconds, joints=pairs.joints).keypoints
    )
