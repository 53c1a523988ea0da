"""``posefix info``: what a bug report needs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.commands.train import Subparsers

PACKAGES = ("posefix", "torch", "mmpose", "mmcv-lite", "mmengine", "numpy", "opencv-python", "decord2", "av")


def register_parser(subparsers: Subparsers) -> None:
    """Adds the command."""
    parser = subparsers.add_parser("info", help="versions, device, estimators and weights")
    parser.set_defaults(handle=handle)


def handle(_args: argparse.Namespace) -> int:
    """Prints a table of facts."""
    import platform
    from importlib.metadata import version

    import torch
    from rich.table import Table

    import estimators
    import weights
    from app.jobs.progress import table_console

    grid = Table(box=None, show_header=False, pad_edge=False)
    for package in PACKAGES:
        grid.add_row(package, version(package))
    grid.add_row("python", platform.python_version())
    grid.add_row("system", platform.platform())
    grid.add_row("cpu threads", str(torch.get_num_threads()))
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    grid.add_row("cuda device", cuda)
    grid.add_row("estimators", ", ".join(estimators.available()))
    for name in weights.installed():
        path = weights.find(name)
        grid.add_row(f"weights {name}", f"{path.stat().st_size / 1e6:.1f} MB, SHA-256 {weights.sha256(path)}")
    table_console().print(grid)
    return 0
