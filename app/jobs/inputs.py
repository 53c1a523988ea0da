"""From what the user names on the command line to jobs: a video, and the files to be written for it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from app.errors import PosefixError

SUFFIXES = (
    ".mp4",
    ".mov",
    ".m4v",
    ".mkv",
    ".webm",
    ".avi",
    ".mpg",
    ".mpeg",
    ".mts",
    ".m2ts",
    ".ts",
    ".wmv",
    ".flv",
    ".3gp",
    ".ogv",
)
KEYPOINT_SUFFIXES = (".json", ".csv")
MARK = "_posefix"


@dataclass(frozen=True)
class Job:
    """A video and where its results go: files that start with ``folder/name``."""

    source: Path
    folder: Path
    name: str

    @property
    def video(self) -> Path:
        """The overlay video."""
        return self.folder / f"{self.name}.mp4"

    @property
    def data(self) -> Path:
        """The keypoints."""
        return self.folder / f"{self.name}.json"

    @property
    def montage(self) -> Path:
        """The contact sheet."""
        return self.folder / f"{self.name}_montage.png"

    def still(self, index: int) -> Path:
        """The picture of frame ``index``."""
        return self.folder / f"{self.name}_frames" / f"{self.name}_{index:06d}.png"


@dataclass(frozen=True)
class JobList:
    """What the inputs came to: jobs, and a line about each input that gave none."""

    jobs: list[Job]
    refused: list[str]


def find_jobs(inputs: list[Path], *, output: Path | None, recursive: bool) -> JobList:
    """A job for every video named, and for every video in a folder named.

    Files in a folder are taken by their suffix, our own results left out; a file named is always taken.
    Results go beside their source, or into ``output``, where subfolders are kept. Two sources that would
    write the same file keep their suffixes in the names of the results: ``a_mov_posefix.mp4``.
    A folder that cannot be read or holds no video is refused, and so are files of keypoints; the others are
    worked on all the same.

    Raises:
        PosefixError: two sources would still write the same file.
    """
    found: dict[Path, Path] = {}
    refused: list[str] = []
    for given in inputs:
        if given.suffix.lower() in KEYPOINT_SUFFIXES and not _is_folder(given):
            refused.append(f"{given}: keypoints, not a video. Correct them with: posefix correct {given}")
            continue
        if not _is_folder(given):
            found.setdefault(given, output or given.parent)
            continue
        try:
            for path in _videos(given, recursive):
                found.setdefault(path, (output / path.parent.relative_to(given)) if output else path.parent)
        except PosefixError as error:
            refused.append(str(error))
    return JobList(_named(found), refused)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # Not to be looked at: opening it as a video will say why.
        return False


def _videos(folder: Path, recursive: bool) -> list[Path]:
    def refuse(error: OSError) -> None:
        name = error.filename or folder
        raise PosefixError(
            f"{name}: the folder cannot be read ({error.strerror}). Change its permissions."
        ) from error

    paths: list[Path] = []
    for parent, children, names in os.walk(folder, onerror=refuse):
        children[:] = sorted(children) if recursive else []
        paths += [Path(parent) / name for name in sorted(names) if _is_video(Path(name))]
    if not paths:
        hint = "" if recursive else " Add --recursive for its subfolders."
        raise PosefixError(f"{folder}: no video in it (looked for {', '.join(SUFFIXES)}).{hint}")
    return paths


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.stem.endswith(MARK) and not path.name.startswith(".")


def _named(found: dict[Path, Path]) -> list[Job]:
    def clashing(names: dict[Path, str]) -> set[tuple[Path, str]]:
        counts = Counter((found[path], name) for path, name in names.items())
        return {key for key, count in counts.items() if count > 1}

    names = {path: f"{path.stem}{MARK}" for path in found}
    clashes = clashing(names)
    for path, name in names.items():
        if (found[path], name) in clashes:
            names[path] = f"{path.stem}_{path.suffix.lstrip('.')}{MARK}"
    # Still the same where files of one name come from several folders: then the folder tells them apart.
    clashes = clashing(names)
    for path, name in names.items():
        if (found[path], name) in clashes:
            names[path] = f"{path.resolve().parent.name}_{name}"
    clashes = clashing(names)
    if clashes:
        twice = sorted(str(path) for path, name in names.items() if (found[path], name) in clashes)
        raise PosefixError(f"{', '.join(twice)}: would write the same files. Give them one at a time.")
    return [Job(path, folder, names[path]) for path, folder in found.items()]
