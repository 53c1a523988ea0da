"""``posefix train yr``: trains a model of parts, for the full body or the upper one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.arguments import add_threads, add_training, count

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from app.commands.train import Subparsers
    from estimators.yr.body import PartLayout
    from estimators.yr.training.samples import Sample

BODIES = ("full", "upper")
SETS = {"full": ("parse", "lsp"), "upper": ("youtube_pose",)}
TEMPLATES = {"full": 5, "upper": 7}


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "yr",
        help="train YR, the mixtures of parts",
        description="Trains YR on labelled photos of people and on photos without people.",
        epilog="Writes stage-N.safetensors into --output after each stage, and yr.safetensors at the end.",
    )
    add_training(parser, data="parse/, lsp/ or youtube_pose/, and inria_negatives/", output="runs/yr-BODY")
    parser.add_argument(
        "--init", type=Path, metavar="FILE", help="begin with this model and do the last stage only"
    )
    parser.add_argument("--body", default="full", metavar="full|upper", help="(default: full)")
    parser.add_argument("--sets", metavar="A,B", help=f"data sets (default: {SETS})")
    parser.add_argument("--mixtures", type=count, default=6, metavar="N", help="of each part (default: 6)")
    parser.add_argument(
        "--template",
        type=count,
        metavar="N",
        help=f"side of the templates in cells of 4 px (default: {TEMPLATES})",
    )
    parser.add_argument("--people", type=count, metavar="N", help="only the first N of each data set")
    parser.add_argument("--negatives", type=count, metavar="N", help="only the first N photos without people")
    add_threads(parser)
    parser.set_defaults(handle=handle)


def handle(args: argparse.Namespace) -> int:
    """Trains; returns the exit status."""
    import torch
    from rich.console import Console

    from app.device import choose_device
    from app.errors import UsageError

    if args.body not in BODIES:
        raise UsageError(f"Invalid body ({args.body}). Supported values are {', '.join(BODIES)}.")
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    if args.threads:
        torch.set_num_threads(args.threads)
    _train(args, choose_device(args.device), lambda line: console.print(line, markup=False))
    return 0


def _train(args: argparse.Namespace, device: torch.device, report: Callable[[str], None]) -> None:
    """Trains, fits the confidences on people held out and writes the result."""
    from estimators.yr.body import BODIES as BY_NAME
    from estimators.yr.evaluation import by_group
    from estimators.yr.store import load_model, save_model
    from estimators.yr.training.calibration import calibrate, find_held_out
    from estimators.yr.training.samples import read_folder
    from estimators.yr.training.train import Settings, train

    folder = args.output or Path("runs") / f"yr-{args.body}"
    people, held_out = _samples(args, BY_NAME[args.body])
    negatives = read_folder(args.data / "inria_negatives")[: args.negatives]
    template = args.template or TEMPLATES[args.body]
    settings = Settings(body=args.body, mixtures=args.mixtures, template=template, seed=args.seed)
    last = train(
        people,
        negatives,
        settings=settings,
        folder=folder,
        device=device,
        report=report,
        resume=args.resume,
        init=args.init,
    )
    model, configuration = load_model(last)
    findings = find_held_out(model, configuration, held_out, device=device)
    configuration = calibrate(model, configuration, findings, negatives, device=device)
    path = folder / "yr.safetensors"
    digest = save_model(path, model, configuration)
    table = by_group(findings.hits, configuration.parts.skeleton.joints)
    scores = ", ".join(f"{group} {value:.1f}" for group, value in table.items())
    report(f"held out: {findings.misses} of {len(held_out)} not found, PCK of the others: {scores}")
    report(f"{path}: SHA-256 {digest}")


def _samples(args: argparse.Namespace, body: PartLayout) -> tuple[list[Sample], list[Sample]]:
    """PeopleSelection to train on, mirrored too, PARSE's few also turned; and people to check with."""
    from app.errors import UsageError
    from estimators.datasets.held_out import LSP_NUMBERS
    from estimators.yr.training import samples

    readers: dict[str, Callable[[Path, PartLayout], list[Sample]]] = {
        "parse": samples.parse,
        "lsp": samples.lsp,
        "youtube_pose": samples.youtube,
    }
    chosen = args.sets.split(",") if args.sets else SETS[args.body]
    people: list[Sample] = []
    for name in chosen:
        if name not in readers:
            raise UsageError(f"Invalid data set ({name}). Supported values are {', '.join(readers)}.")
        found = readers[name](args.data / name, body)[: args.people]
        turns = samples.ROTATIONS if name == "parse" else (0.0,)
        people += samples.augment(found, body, rotations=turns)
    if "youtube_pose" in chosen:
        held_out = samples.youtube(args.data / "youtube_pose", body, held_out=True)
    else:
        held_out = samples.lsp(args.data / "lsp", body, numbers=LSP_NUMBERS["validation"])
    return people, held_out[: args.people]
