"""The ``posefix`` command: hands over to the file of the subcommand, or to ``run`` where there is none."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from app.commands import convert, correct, demo, evaluate, info, run, train
from app.errors import PosefixError, UsageError

COMMANDS = (train, evaluate, correct, convert, info, demo)

# A file is missing, damaged or cannot be written; an option or a value that there is not.
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = parse(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        return args.handle(args)
    except PosefixError as error:
        status, words = (WRONG_USAGE if isinstance(error, UsageError) else FAILED), str(error)
    except ValueError as error:
        # What the packages below refuse: an unknown estimator, a value that there is not.
        status, words = WRONG_USAGE, str(error)
    except OSError as error:
        words = f"{error.filename or 'a file'}: {error.strerror or error}. Check the path and the disk."
        status = FAILED
    except KeyboardInterrupt:
        status, words = INTERRUPTED, "interrupted; finished files are kept, nothing half-written stays."
    print(f"posefix: {words}", file=sys.stderr)  # noqa: T201
    return status


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments, with ``handle`` being the function that does the work."""
    names = {module.__name__.rpartition(".")[2] for module in COMMANDS}
    if arguments and arguments[0] in names:
        parser = argparse.ArgumentParser(prog="posefix")
        subparsers = parser.add_subparsers(required=True)
        for module in COMMANDS:
            module.register_parser(subparsers)
    else:
        parser = run.build_parser()
        if not arguments:
            parser.print_help(sys.stderr)
            raise SystemExit(WRONG_USAGE)
    return parser.parse_args(arguments)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Ends the run the way Ctrl-C does, so that half-written files go."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
