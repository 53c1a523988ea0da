"""Makes torchvision importable beside a torch that its compiled part was not built for.

A package index has torchvision built for CUDA alone, where torch is a build for processors: importing it then
fails while it describes operators that are not there. What models of poses need of it is plain Python.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from types import ModuleType

DESCRIPTIONS = "torchvision._meta_registrations"


def import_torchvision() -> None:
    """Imports torchvision where it is installed, without its descriptions of operators if need be."""
    try:
        import_module("torchvision")
    except ModuleNotFoundError:
        return
    except RuntimeError:
        sys.modules[DESCRIPTIONS] = ModuleType(DESCRIPTIONS)
        with suppress(RuntimeError):
            import_module("torchvision")
