"""``posefix VIDEO ...``: the main job, from videos to overlays and data files."""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands import arguments
from app.commands.estimator_arguments import add_estimator_arguments, create_estimator
from app.commands.look import add_look_options, look_of

if TYPE_CHECKING:
    from app.jobs.batch import Options
    from app.jobs.inputs import Job

DESCRIPTION = "Turns videos of a person into videos and data files with corrected 2D joints."
EPILOG = """\
what is written, beside each video or in --output:
  VIDEO_posefix.mp4              the video with its joints: initial ones red, corrected ones yellow
  VIDEO_posefix.json             the joints of every frame, before and after (docs/json.md)
  VIDEO_posefix_frames/*.png     the frames that --frames names
  VIDEO_posefix_montage.png      with --montage

other commands (each with its own --help):
  posefix demo                   makes a clip of its own and runs on it
  posefix correct KEYPOINTS      corrects joints that exist already
  posefix convert KEYPOINTS      writes joints in other programs' formats
  posefix train, evaluate        trains and measures the models
  posefix info                   versions, device, estimators and weights: for bug reports

exit status: 0 all done; 1 a file is missing, damaged or cannot be written (the others
are done); 2 wrong usage: an option or a value that there is not
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the main job."""
    parser = argparse.ArgumentParser(
        prog="posefix",
        usage="posefix VIDEO_OR_FOLDER [...] [options]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", nargs="+", type=Path, metavar="VIDEO_OR_FOLDER")
    parser.add_argument("--version", action="version", version=f"posefix {version('posefix')}")
    add_run_options(parser)
    parser.set_defaults(handle=handle)
    return parser


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options that every command which runs the pipeline takes."""
    _add_file_options(parser.add_argument_group("files"))
    _add_work_options(parser.add_argument_group("work"))
    _add_people_options(parser.add_argument_group("people"))
    overlay = parser.add_argument_group("overlay")
    _add_overlay_options(overlay)
    add_look_options(overlay)
    _add_picture_options(parser.add_argument_group("pictures"))


def _add_file_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--output", type=Path, metavar="DIR", help="write here, not beside each video")
    group.add_argument("--overwrite", action="store_true", help="redo what is there already")
    group.add_argument("--recursive", action="store_true", help="look into subfolders of a folder, too")
    group.add_argument("--no-video", action="store_true", help="write the data only")
    group.add_argument(
        "--to",
        metavar="FORMAT[,FORMAT]",
        help="write the joints in these formats, too: openpose, trc, csv, ... (posefix convert --formats)",
    )


def _add_work_options(group: argparse._ArgumentGroup) -> None:
    add_estimator_arguments(
        group,
        what="what finds the joints: sfn, sfn_flip (better, half as quick), sfn_large (best, slower), "
        "yr, yr_upper, and more with extras: posefix info (default: sfn)",
    )
    arguments.add_device(group)
    group.add_argument(
        "--start", type=arguments.seconds, default=0.0, metavar="SECONDS", help="where to begin in the video"
    )
    group.add_argument("--end", type=arguments.seconds, metavar="SECONDS", help="where to stop")
    group.add_argument(
        "--box",
        type=arguments.box,
        metavar="X,Y,W,H",
        help="where the person meant is in the first frame, in pixels",
    )
    group.add_argument(
        "--fast",
        action="store_true",
        help="let the estimator look where the person was in the frame before (yr, yr_upper)",
    )
    group.add_argument("--quiet", action="store_true", help="say nothing but what went wrong")


def _add_people_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--people",
        default="one",
        metavar="one|all|N",
        help="the most prominent person of each shot, everybody, or the N most prominent (default: one)",
    )
    group.add_argument(
        "--person", type=int, metavar="ID", help="only the one with this id among --people all"
    )
    group.add_argument(
        "--min-track",
        type=arguments.seconds,
        default=0.5,
        metavar="SECONDS",
        help="leave out who is in view for less (default: 0.5)",
    )
    group.add_argument(
        "--detector",
        default="small",
        metavar="NAME",
        help="what finds people: small, mmdet:ALIAS, mmdet:CONFIG.py,CHECKPOINT.pth, onnx:FILE or boxes:FILE "
        "(default: small)",
    )


def _add_overlay_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--draw", choices=("both", "initial", "corrected"), default="both")
    group.add_argument("--background", choices=("video", "black"), default="video")
    group.add_argument(
        "--initial-colour", type=arguments.colour, metavar="COLOUR", help="a name or #rrggbb (default: red)"
    )
    group.add_argument(
        "--corrected-colour", type=arguments.colour, metavar="COLOUR", help="(default: yellow)"
    )
    group.add_argument(
        "--radius", type=float, metavar="PX", help="of joints (default: by the size of the person)"
    )
    group.add_argument(
        "--thickness", type=int, metavar="PX", help="of limbs (default: by the size of the person)"
    )
    group.add_argument(
        "--min-score",
        type=float,
        default=0.2,
        metavar="0..1",
        help="initial joints below it are not drawn (default: 0.2)",
    )


def _add_picture_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--frames", type=arguments.frames, metavar="10,50,90|every:25", help="write these frames as PNG"
    )
    group.add_argument(
        "--montage", action="store_true", help="write one sheet of before and after, where most was changed"
    )


def handle(args: argparse.Namespace) -> int:
    """Runs the jobs; returns the exit status."""
    from app.jobs.inputs import find_jobs

    # Before the models are loaded: a mistyped path should not take seconds to be told.
    found = find_jobs(args.inputs, output=args.output, recursive=args.recursive)
    for line in found.refused:
        print(f"posefix: {line}", file=sys.stderr)  # noqa: T201
    status = run_jobs(found.jobs, args) if found.jobs else 0
    return 1 if found.refused else status


def run_jobs(jobs: list[Job], args: argparse.Namespace) -> int:
    """Loads the models, works through the jobs and prints the table."""
    from app.device import choose_device
    from app.jobs import batch
    from app.jobs.progress import Reporter, table_console
    from corrector import Corrector
    from estimators import detectors as detectors

    options = _options(args)
    device = choose_device(args.device)
    estimator = create_estimator(args, device=device, fast=args.fast)
    models = batch.Models(
        estimator=estimator,
        corrector=Corrector.from_weights(device=device),
        detector=None if estimator.finds_people else detectors.create(args.detector, device=device),
    )
    with Reporter(files=len(jobs), quiet=args.quiet) as reporter:
        outcomes = batch.run(jobs, options, models=models, reporter=reporter)
    if not args.quiet:
        table_console().print(batch.table(outcomes))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _options(args: argparse.Namespace) -> Options:
    from app.jobs.batch import Options
    from app.keypoints.formats import find_all
    from app.rendering.overlay import Style
    from app.tracking.selection import PeopleSelection
    from estimators.registry import parse_options

    people = PeopleSelection.parse(args.people, person=args.person, min_seconds=args.min_track)
    colours = {"initial_colour": args.initial_colour, "corrected_colour": args.corrected_colour}
    style = Style(
        radius=args.radius,
        thickness=args.thickness,
        draw=args.draw,
        background=args.background,
        min_score=args.min_score,
        tags=people.several,
        **look_of(args),
        **{name: colour for name, colour in colours.items() if colour is not None},
    )
    if args.end is not None and args.end <= args.start:
        raise ValueError(f"Invalid end ({args.end}). It must come after --start {args.start}.")
    return Options(
        start=args.start,
        end=args.end,
        box=args.box,
        people=people,
        overwrite=args.overwrite,
        video=not args.no_video,
        style=style,
        frames=args.frames,
        montage=args.montage,
        formats=find_all(args.to) if args.to else (),
        told={
            "device": args.device,
            "fast": args.fast,
            "weights": None if args.estimator_weights is None else args.estimator_weights.name,
            "estimator_options": parse_options(args.estimator_option),
        },
    )
