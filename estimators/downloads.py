"""Weights that are not posefix's own: fetched once into a cache folder, and checked."""

from __future__ import annotations

import os
import sys
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, urlsplit

from platformdirs import user_cache_path

from weights import WeightsError, sha256

CACHE_VARIABLE = "POSEFIX_CACHE"


def cache_folder() -> Path:
    """Where downloaded weights lie: ``POSEFIX_CACHE``, or the system's place for caches of this user."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else user_cache_path("posefix", appauthor=False)


def fetched(url: str, *, sha256_prefix: str) -> Path:
    """The file behind a URL, downloaded where it is not in the cache folder yet.

    Args:
        url: its last part is the file's name.
        sha256_prefix: with which the SHA-256 of the right file begins.

    Raises:
        WeightsError: it cannot be downloaded or kept, or is another file than was published.
    """
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    path = cache_folder() / name
    if not path.is_file():
        _download(url, path, sha256_prefix)
    if not sha256(path).startswith(sha256_prefix):
        raise WeightsError(f"{path}: damaged: its SHA-256 is not {sha256_prefix}. Delete it, and run again.")
    return path


def _download(url: str, path: Path, sha256_prefix: str) -> None:
    from torch.hub import download_url_to_file

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside its place and moved there once it is whole and has the right hash.
        download_url_to_file(url, str(path), hash_prefix=sha256_prefix, progress=sys.stderr.isatty())
    except (OSError, RuntimeError, HTTPException) as error:
        raise WeightsError(
            f"{path.name}: not to be downloaded ({error}). Get it from {url} and give it with --weights, "
            f"or put it into {path.parent}."
        ) from error
