"""Finds a config of MMPose: a file, or a name of its model zoo, whose configs come with the package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

EXAMPLE = "td-hm_hrnet-w32_8xb64-210e_coco-256x192"


@dataclass(frozen=True)
class ZooModel:
    """A model of the zoo.

    Attributes:
        name: its own, and other names.
        config: its config file.
        url: where its weights are.
    """

    names: tuple[str, ...]
    config: Path
    url: str


def find_model(name: str) -> ZooModel:
    """The model of the zoo that has this name or alias.

    Raises:
        ValueError: there is none; the message has names like it.
    """
    for model in _models(name):
        if name in model.names:
            return model
    known = sorted({other for model in _models("") for other in model.names})
    like = get_close_matches(name, known, n=3, cutoff=0.4) or [EXAMPLE]
    raise ValueError(
        f"Invalid model of MMPose ({name}). Supported values are a CONFIG.py and names of its model zoo, "
        f"such as {', '.join(like)}."
    )


def _models(name: str) -> Iterator[ZooModel]:
    """The models of those index files that mention a name."""
    import mmpose
    import yaml

    folder = Path(mmpose.__file__).parent / ".mim"
    for path in sorted((folder / "configs").rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        # Reading all of them as YAML takes seconds.
        if name not in text:
            continue
        for entry in (yaml.safe_load(text) or {}).get("Models", []):
            if "Weights" in entry and (folder / entry["Config"]).is_file():
                yield ZooModel(_names(entry), folder / entry["Config"], entry["Weights"])


def _names(entry: dict[str, Any]) -> tuple[str, ...]:
    alias = entry.get("Alias", [])
    return (entry["Name"], *([alias] if isinstance(alias, str) else alias))


def hash_prefix(url: str) -> str:
    """The beginning of the SHA-256 that a file of the zoo has in its name: ``..-81c58e40_20220909.pth``.

    Raises:
        ValueError: there is none in it.
    """
    prefix = url.rpartition("-")[2].partition("_")[0].partition(".")[0]
    if len(prefix) != 8 or not set(prefix) <= set("0123456789abcdef"):
        raise ValueError(f"{url}: has no hash in its name. Fetch it yourself and give it as the checkpoint.")
    return prefix
