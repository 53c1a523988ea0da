"""The arrows between packages, and that what is imported is declared."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "corrector", "estimators", "weights")
ASKED_FOR = {"mmdet"}  # installed by those who want it; see docs/people.md


def test_packages_know_those_below_them_never_back(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0, (
        capsys.readouterr().out
    )


def imported(path):
    """Top-level names that a file imports from elsewhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_imported_is_declared(package):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(one for extra in optional if extra != "dev" for one in optional[extra]),
    ]
    declared = {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in wanted}
    names = {name for path in (ROOT / package).rglob("*.py") for name in imported(path)}
    outside = names - set(sys.stdlib_module_names) - set(PACKAGES) - ASKED_FOR
    homes = packages_distributions()
    undeclared = {
        name for name in outside if not declared & {home.lower() for home in homes.get(name, [name])}
    }
    assert not undeclared
