"""From what the user names on the command line to jobs: a video, and the files to be written for it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import PosefixError
from app.video import pictures

# fmt: off
SUFFIXES = (
    ".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mpe", ".m1v", ".m2v", ".vob", ".mts",
    ".m2ts", ".ts", ".m2t", ".trp", ".mxf", ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2", ".ogv", ".ogm",
    ".rm", ".rmvb", ".divx", ".dv", ".qt", ".amv", ".nut", ".ivf", ".y4m", ".h264", ".264", ".h265", ".265",
    ".hevc", ".mjpeg", ".mjpg", ".mj2", ".gif", ".apng",
)
# fmt: on
KEYPOINT_SUFFIXES = (".json", ".csv")
MARK = "_posefix"
# https://..., rtsp://...: one letter would be a drive of Windows.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}[^/]")


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
    def picture(self) -> Path:
        """The overlay, where the source is a single picture."""
        return self.folder / f"{self.name}.png"

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
    """What the inputs came to.

    Attributes:
        jobs: in the order of the inputs.
        refused: a line about each input that gave none.
        left_out: a line about each folder of which not all was taken.
    """

    jobs: list[Job]
    refused: list[str]
    left_out: list[str] = field(default_factory=list)


# Which video an existing data file is of, by its name; None where it does not say.
SourceOf = Callable[[Path], str | None]


def find_jobs(
    inputs: list[Path],
    *,
    output: Path | None,
    recursive: bool,
    fps: float | None = None,
    source_of: SourceOf = lambda _path: None,
) -> JobList:
    """A job for every video named, and for every video in a folder named.

    Files in a folder are taken by their suffix, our own results left out; a file named is always taken.
    Pictures in a folder are films where ``fps`` says how fast they follow each other: those whose names
    differ by a number alone are one. Linked folders are entered, each once.

    Results go beside their source, or into ``output``, where subfolders are kept. Where the name of a result
    is wanted by two sources, or taken by the result of another, it keeps the suffix: ``a_mov_posefix.mp4``.

    A folder that cannot be read or holds no video is refused, and so are files of keypoints; the others are
    worked on all the same.

    Args:
        inputs: files, folders, and patterns of pictures such as ``frame_%05d.png``.
        output: folder for all results; None: beside each source.
        recursive: look into subfolders, too.
        fps: pictures a second.
        source_of: tells which video an existing data file is of.

    Raises:
        PosefixError: two sources would still write the same file.
    """
    found: dict[Path, Path] = {}
    refused: list[str] = []
    left_out: list[str] = []
    for given in inputs:
        if reason := _no_video(given):
            refused.append(f"{given}: {reason}")
            continue
        if not _is_folder(given):
            found.setdefault(given, output or given.parent)
            continue
        try:
            contents = _Folder.look_into(given, recursive=recursive, fps=fps)
            for path in contents.films():
                found.setdefault(path, (output / path.parent.relative_to(given)) if output else path.parent)
        except PosefixError as error:
            refused.append(str(error))
        else:
            left_out += contents.left_out()
    return JobList(_named(found, source_of), refused, left_out)


def _no_video(given: Path) -> str | None:
    """Why nothing can be made of an input, and what to do."""
    if _URL.match(str(given)):
        return "an address, which is not read. Download it first, and give the file."
    if given.suffix.lower() in KEYPOINT_SUFFIXES and not _is_folder(given):
        return f"keypoints, not a video. Correct them with: posefix correct {given}"
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # Not to be looked at: opening it as a video will say why.
        return False


@dataclass
class _Folder:
    """What lies in a folder that the user named."""

    path: Path
    recursive: bool
    fps: float | None
    videos: list[Path] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    subfolders: int = 0

    @classmethod
    def look_into(cls, path: Path, *, recursive: bool, fps: float | None) -> _Folder:
        """Reads the folder.

        Raises:
            PosefixError: it cannot be read, or there is nothing in it to be worked on.
        """
        folder = cls(path, recursive, fps)
        for parent, names in folder._walk():
            for name in sorted(names):
                folder._sort_in(parent / name)
        if not folder.films():
            raise PosefixError(f"{path}: {folder._nothing()}")
        return folder

    def _walk(self) -> Iterator[tuple[Path, list[str]]]:
        def refuse(error: OSError) -> None:
            raise PosefixError(
                f"{error.filename or self.path}: the folder cannot be read ({error.strerror}). Change its "
                "permissions."
            ) from error

        entered: set[tuple[int, int]] = set()
        for parent, children, names in os.walk(self.path, onerror=refuse, followlinks=True):
            # Links may lead back to where they are, or twice to the same place.
            status = Path(parent).stat()
            if (status.st_dev, status.st_ino) in entered:
                children.clear()
                continue
            entered.add((status.st_dev, status.st_ino))
            shown = sorted(child for child in children if not child.startswith("."))
            self.subfolders += 0 if self.recursive else len(shown)
            children[:] = shown if self.recursive else []
            yield Path(parent), names

    def _sort_in(self, path: Path) -> None:
        suffix = path.suffix.lower()
        if path.name.startswith(".") or path.stem.endswith(MARK) or f"{MARK}_" in path.stem:
            return
        if suffix in SUFFIXES:
            self.videos.append(path)
        elif suffix in pictures.SUFFIXES:
            self.pictures.append(path)
        else:
            self.others[suffix or "without suffix"] += 1

    def films(self) -> list[Path]:
        """Videos, and patterns of pictures."""
        if self.fps is None:
            return self.videos
        return [*self.videos, *pictures.patterns(self.pictures)]

    def left_out(self) -> list[str]:
        """A line about what was not taken, and why; none where all was."""
        reasons = []
        if self.pictures and self.fps is None:
            reasons.append(f"{_count(len(self.pictures), 'picture')} (--fps N takes them as films)")
        if self.others:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.others.items()))
            reasons.append(f"{_count(sum(self.others.values()), 'file')} that are no videos ({kinds})")
        if self.subfolders:
            reasons.append(f"{_count(self.subfolders, 'subfolder')} (--recursive)")
        return [f"{self.path}: left out {'; '.join(reasons)}."] if reasons else []

    def _nothing(self) -> str:
        hints = []
        if self.pictures and self.fps is None:
            hints.append("Add --fps N to take its pictures as films.")
        if not self.recursive:
            hints.append("Add --recursive for its subfolders.")
        return " ".join([f"no video in it (looked for {', '.join(SUFFIXES)}).", *hints])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _stem(path: Path) -> str:
    return pictures.bare_name(path) if pictures.is_pattern(path) else path.stem


def _named(found: dict[Path, Path], source_of: SourceOf) -> list[Job]:
    """Jobs whose results have names of their own."""

    def taken(path: Path, name: str) -> bool:
        data = found[path] / f"{name}.json"
        return source_of(data) not in (None, path.name)

    def clashing(names: dict[Path, str]) -> set[Path]:
        counts = Counter((found[path], name) for path, name in names.items())
        return {path for path, name in names.items() if counts[found[path], name] > 1 or taken(path, name)}

    def own(path: Path) -> str | None:
        """The plain name, where the result that has it is this source's."""
        name = f"{_stem(path)}{MARK}"
        return name if source_of(found[path] / f"{name}.json") == path.name else None

    names = {path: f"{_stem(path)}{MARK}" for path in found}
    for path in clashing(names):
        names[path] = own(path) or f"{_stem(path)}_{path.suffix.lstrip('.')}{MARK}"
    # Still the same where files of one name come from several folders: then the folder tells them apart.
    for path in clashing(names):
        names[path] = f"{path.resolve().parent.name}_{names[path]}"
    if clashes := clashing(names):
        twice = ", ".join(sorted(map(str, clashes)))
        raise PosefixError(f"{twice}: would write the same files. Give them one at a time.")
    return [Job(path, folder, names[path]) for path, folder in found.items()]
