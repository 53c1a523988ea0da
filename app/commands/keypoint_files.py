"""What ``posefix correct`` and ``posefix convert`` share: options, names of files, what is said of each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands.arguments import positive

if TYPE_CHECKING:
    from app.keypoints.clip import Clip
    from app.keypoints.formats import Format

# Does the command's work on a clip of a file; gives the clip and what is to be said of it.
Work = Callable[["Clip", Path], tuple["Clip", str]]


class ListFormats(argparse.Action):
    """Prints the formats and ends, as --version does."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(nargs=0, **kwargs)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Prints and ends."""
        from app.keypoints.formats import describe

        print(describe())  # noqa: T201
        parser.exit()


def add_options(parser: argparse.ArgumentParser) -> None:
    """The files, and what has to be said of them."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="KEYPOINTS")
    parser.add_argument(
        "--from",
        dest="given_format",
        metavar="FORMAT",
        help="what the files are (default: told by what is in them)",
    )
    parser.add_argument(
        "--skeleton",
        metavar="NAME",
        help="which joints they hold, where they do not say: coco17, halpe26, ...",
    )
    parser.add_argument("--fps", type=positive, metavar="N", help="frames a second of files that do not say")
    parser.add_argument(
        "--size", metavar="WIDTHxHEIGHT", help="of the frames in pixels, for files that do not say"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="write here, not beside each file")
    parser.add_argument("--overwrite", action="store_true", help="redo what is there already")
    parser.add_argument("--formats", action=ListFormats, help="list the formats and end")


def work_through(args: argparse.Namespace, work: Work, *, to: Sequence[Format], mark: str) -> int:
    """Reads each file, works on it and writes it; a file that fails does not stop the next.

    Args:
        args: of :func:`add_options`.
        work: what is to be done with each clip.
        to: formats to write; empty: that of the file.
        mark: what the names of the results have after those of the files.

    Returns:
        The exit status.
    """
    from rich.console import Console

    from app.errors import PosefixError, UsageError
    from app.keypoints import formats
    from estimators.known_skeletons import by_name

    read = partial(
        formats.load,
        format=formats.find(args.given_format).name if args.given_format else None,
        skeleton=by_name(args.skeleton) if args.skeleton else None,
        fps=args.fps,
        size=parse_size(args.size) if args.size else None,
    )
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    status = 0
    for path in args.inputs:
        try:
            _refuse_video(path)
            clip = read(path)
            targets = _targets(path, clip, to, args.output, mark)
            if there := [str(target) for _, target in targets if target.exists() and not args.overwrite]:
                console.print(f"{', '.join(there)}: exists, {path} skipped. --overwrite redoes it.")
                continue
            for note in clip.notes:
                console.print(f"{path}: {note}.")
            done, words = work(clip, path)
            for chosen, target in targets:
                for note in formats.save(done, target, chosen.name):
                    console.print(f"{target}: {note}.")
                console.print(f"{target}: {words}")
        except (PosefixError, ValueError) as error:
            print(f"posefix: {error}", file=sys.stderr)  # noqa: T201
            status = max(status, 2 if isinstance(error, UsageError) else 1)
    return status


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of ``1920x1080``.

    Raises:
        UsageError: it is no such thing.
    """
    from app.errors import UsageError

    width, _, height = text.lower().partition("x")
    if not (
        width.isdecimal() and height.isdecimal() and 0 < int(width) <= 10**6 and 0 < int(height) <= 10**6
    ):
        raise UsageError(f"Invalid size ({text}). Width and height are wanted: 1920x1080.")
    return int(width), int(height)


def _refuse_video(path: Path) -> None:
    from app.errors import PosefixError
    from app.jobs.inputs import SUFFIXES

    if path.suffix.lower() in SUFFIXES and not path.is_dir():
        raise PosefixError(
            f"{path}: a video, not keypoints. Estimate and correct its joints with: posefix {path}"
        )


def _targets(
    path: Path, clip: Clip, to: Sequence[Format], output: Path | None, mark: str
) -> list[tuple[Format, Path]]:
    """Formats and places to write to; a file of the same format keeps the ending that it came with."""
    from app.keypoints import formats

    whole = path.resolve()
    folder = output or whole.parent if path.name in ("", ".", "..") else output or path.parent
    came = formats.find(str(clip.details["format"]))
    ending = came.ending if whole.name.endswith(came.ending) and came.ending[:1] == "." else whole.suffix
    name, ending = (whole.name, "") if whole.is_dir() else (whole.name.removesuffix(ending), ending)
    targets = []
    for chosen in to or (came,):
        if chosen == came:
            targets.append((chosen, folder / f"{name}{mark}{ending}"))
        else:
            targets.append((chosen, chosen.path(folder, f"{name}{mark}", people=len(clip.tracks))))
    return targets
