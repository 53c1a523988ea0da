"""``posefix info``: what a bug report needs, what can be used, and what could be."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.commands.train import Subparsers

PACKAGES = ("posefix", "torch", "mmpose", "mmcv-lite", "mmengine", "numpy", "opencv-python", "decord2", "av")
Row = tuple[str, str]


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "info",
        help="versions, device, estimators and weights",
        description="Lists what is installed, what could be and how, and where weights lie.",
    )
    parser.set_defaults(handle=handle)


def handle(_args: argparse.Namespace) -> int:
    """Prints a table of facts."""
    from rich.table import Table

    from app.jobs.progress import table_console

    grid = Table(box=None, show_header=False, pad_edge=False)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for rows in (_versions(), _estimators(), _extras(), _weights(), _downloads()):
        for name, value in rows:
            # Names in brackets are no markup.
            grid.add_row(name, value.replace("[", "\\["))
    table_console().print(grid)
    return 0


def _versions() -> Iterator[Row]:
    import platform
    from importlib.metadata import version

    import torch

    for package in PACKAGES:
        yield package, version(package)
    yield "python", platform.python_version()
    yield "system", platform.platform()
    yield "cpu threads", str(torch.get_num_threads())
    yield "cuda device", torch.cuda.get_device_name() if torch.cuda.is_available() else "none"


def _estimators() -> Iterator[Row]:
    """Each with what stands behind its name and the options it takes."""
    from estimators.registry import available, option_keys, written

    for name in available():
        try:
            options = ", ".join(option_keys(name))
            yield f"estimator {written(name)}", f"options {options}" if options else ""
        except Exception as error:  # noqa: BLE001 - another package's factory; the others are still listed
            yield f"estimator {name}", f"cannot be loaded ({type(error).__name__}: {error})"
    from estimators.detectors import SUPPORTED

    yield "detectors", SUPPORTED


def _extras() -> Iterator[Row]:
    from importlib.util import find_spec

    from estimators.extras import EXTRAS

    for extra in EXTRAS:
        state = "installed" if extra.installed else f"not installed: {extra.command}"
        yield f"extra {extra.name}", f"{state} (for {extra.serves})"
    mmdet = "installed" if find_spec("mmdet") else "not installed: docs/people.md"
    yield "mmdet", f"{mmdet} (for --detector mmdet:)"


def _weights() -> Iterator[Row]:
    import weights
    from weights import store

    for name in weights.installed():
        path = weights.find(name)
        yield f"weights {name}", f"{path.stat().st_size / 1e6:.1f} MB, SHA-256 {weights.sha256(path)}"
    yield "weights in", str(store.FOLDER)


def _downloads() -> Iterator[Row]:
    import weights
    from estimators.downloads import CACHE_VARIABLE, cache_folder

    folder = cache_folder()
    yield "downloads in", f"{folder} ({CACHE_VARIABLE} changes it)"
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        if path.is_file():
            size = path.stat().st_size / 1e6
            yield f"download {path.name}", f"{size:.1f} MB, SHA-256 {weights.sha256(path)}"
