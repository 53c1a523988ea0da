"""The formats of keypoint files: lists them, tells which one a file is of, reads and writes.

A format is a module of this package with four functions: ``recognises(source)`` looks into a file and says
whether it is one of its own; ``validate(source)`` reads it and refuses what is wrong, in one line that names
the place; ``to_clip(document, source, skeleton)`` arranges what was read; ``write(clip, path)`` writes. To
add one, write these and a line in :data:`FORMATS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import PosefixError, UsageError
from app.keypoints.checks import check_clip, damage_named, scores_in_range, zeros_as_missing
from app.keypoints.source import Source

if TYPE_CHECKING:
    from app.keypoints.clip import Clip
    from estimators.skeletons import Skeleton


@dataclass(frozen=True)
class Format:
    """What there is to know of a format without loading its module.

    Attributes:
        name: as in ``--from`` and ``--to``.
        title: what it is.
        module: in this package.
        ending: of the names of its files, or of its folders.
        layouts: skeletons that its readers expect, the usual one first; empty: its files name the joints.
        pixels: whether it holds pixels alone; others hold whatever unit they are given.
        folder: whether it is a folder of files.
        people_in_folder: whether several people make a folder of files, one makes a file.
        suffix: by which a file is known whose content tells nothing.
    """

    name: str
    title: str
    module: str
    ending: str
    layouts: tuple[str, ...] = ()
    pixels: bool = True
    folder: bool = False
    people_in_folder: bool = False
    suffix: str = ""

    def load_module(self) -> Any:
        """The module with its functions."""
        return import_module(f"app.keypoints.{self.module}")

    def path(self, folder: Path, name: str, *, people: int = 1) -> Path:
        """Where a clip of so many people is written."""
        ending = self.ending if not self.people_in_folder or people == 1 else f"_{self.name}"
        return folder / f"{name}{ending}"


_BODIES = ("coco17", "halpe26", "coco_wholebody133")
# The first that recognises a file has it: those that look closest come first.
FORMATS = (
    Format("posefix", "posefix's data file", "posefix_json", ".json"),
    Format("openpose", "OpenPose, a folder of JSON files", "openpose", "_openpose", ("body25",), folder=True),
    Format("mmpose", "MMPose inferencer, JSON", "mmpose", "_mmpose.json", _BODIES),
    Format("alphapose", "AlphaPose, JSON", "alphapose", "_alphapose.json", _BODIES),
    Format("coco", "COCO keypoint results, JSON", "coco", "_coco.json", ("coco17",)),
    Format(
        "ultralytics",
        "Ultralytics Results.to_json()",
        "ultralytics_json",
        "_ultralytics.json",
        ("coco17",),
        False,
    ),
    Format(
        "ultralytics_txt",
        "Ultralytics save_txt, a folder",
        "ultralytics",
        "_labels",
        ("coco17",),
        False,
        folder=True,
    ),
    Format(
        "mediapipe", "MediaPipe pose landmarks, JSON", "mediapipe", "_mediapipe.json", ("blazepose33",), False
    ),
    Format("lightning_pose", "Lightning Pose, CSV", "lightning_pose", "_lightning_pose.csv"),
    Format("deeplabcut", "DeepLabCut, CSV", "deeplabcut", "_deeplabcut.csv"),
    Format("deeplabcut_h5", "DeepLabCut, HDF5", "deeplabcut_h5", "_deeplabcut.h5"),
    Format("sleap", "SLEAP .slp", "sleap", ".slp", suffix=".slp"),
    Format("sleap_analysis", "SLEAP analysis, HDF5", "sleap_analysis", ".analysis.h5"),
    Format(
        "trc",
        "TRC of Sports2D and Pose2Sim",
        "trc",
        ".trc",
        pixels=False,
        people_in_folder=True,
        suffix=".trc",
    ),
    Format("csv", "table in CSV, a line a joint and frame", "tidy_csv", ".csv", pixels=False, suffix=".csv"),
    Format("parquet", "the same table in Parquet", "parquet", ".parquet", pixels=False, suffix=".parquet"),
    Format("npz", "numpy arrays", "npz", ".npz", pixels=False, suffix=".npz"),
    Format("pose", ".pose of sign-language processing", "pose_format", ".pose", pixels=False, suffix=".pose"),
)
# What they hold is exact: 0, 0 is a place there.
EXACT = ("posefix", "npz")


def find(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: there is none.
    """
    for known in FORMATS:
        if known.name == name.strip().lower().replace("-", "_"):
            return known
    names = ", ".join(known.name for known in FORMATS)
    raise UsageError(f"Invalid format ({name}). Supported values are {names}.")


def find_all(names: str) -> tuple[Format, ...]:
    """The formats of a list such as ``openpose,trc``, each once.

    Raises:
        UsageError: one of them is not known.
    """
    return tuple(dict.fromkeys(find(name) for name in names.split(",")))


def guess(source: Source) -> Format:
    """The format of a file or folder, by what is in it, or else by its suffix.

    Raises:
        PosefixError: it is of none, or cannot be read.
    """
    if not source.is_folder and not source.head:
        raise PosefixError(f"{source}: empty. Give a file with keypoints in it.")
    for known in FORMATS:
        if known.load_module().recognises(source):
            return known
    for known in FORMATS:
        if known.suffix and known.suffix == source.suffix and not source.is_folder:
            return known
    what = "a folder of no format" if source.is_folder else "of no format"
    names = ", ".join(known.name for known in FORMATS)
    raise PosefixError(f"{source}: {what} of keypoints that posefix knows. Say which with --from: {names}.")


def load(
    path: str | Path,
    *,
    format: str | None = None,
    skeleton: Skeleton | None = None,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
) -> Clip:
    """Reads a file or folder of keypoints.

    Args:
        path: the file or folder.
        format: name of its format; None: by what is in it.
        skeleton: which joints it holds, for files that do not say, or say it in words of their own.
        fps: frames a second, for files that do not say.
        size: width and height of the frames in pixels, for files that do not say.

    Returns:
        The clip, with scores in 0..1, in the file's own unit, and with notes of what was taken for what.

    Raises:
        PosefixError: it cannot be read, or something in it is wrong; one line with place and cure.
    """
    source = Source(Path(path))
    chosen = guess(source) if format is None else find(format)
    module = chosen.load_module()
    with damage_named(source):
        clip: Clip = module.to_clip(module.validate(source), source, skeleton)
        if chosen.name not in EXACT:
            clip = scores_in_range(zeros_as_missing(clip))
    check_clip(clip, source)
    clip = replace(
        clip,
        source=clip.source or Path(path).resolve().name,
        size=clip.size or size,
        details={**clip.details, "format": chosen.name, **({"fps_given": fps} if fps else {})},
    )
    if not clip.estimator.name:
        clip = replace(clip, estimator=replace(clip.estimator, name=chosen.name))
    return clip.timed(fps)


def save(clip: Clip, path: str | Path, format: str) -> tuple[str, ...]:
    """Writes a clip; it appears when complete.

    Returns:
        What was left out, in words.

    Raises:
        PosefixError: the clip lacks what the format needs, or the folder or the disk does not take it.
    """
    chosen, before = find(format), len(clip.notes)
    if clip.details.get("format") != chosen.name:
        clip = _for_others(clip, chosen, str(path))
    if chosen.pixels:
        clip = clip.in_pixels(None, str(path))
    chosen.load_module().write(clip, Path(path))
    return clip.notes[before:]


def _for_others(clip: Clip, chosen: Format, path: str) -> Clip:
    """A clip that came from another format, as those expect it who read this one."""
    from app.keypoints.layouts import to_layout
    from estimators.known_skeletons import by_name

    kept = {key: value for key, value in clip.details.items() if key in ("format", "fps_given")}
    tracks = (
        replace(track, extra={key: value for key, value in track.extra.items() if key != "score"})
        for track in clip.tracks
    )
    clip = replace(clip, tracks=tuple(tracks), details=kept, frame_names=())
    if clip.size is not None and clip.unit == "shares of the picture" and not chosen.layouts:
        clip = clip.in_pixels(None, "")
    expected = [by_name(name) for name in chosen.layouts]
    if not expected or clip.skeleton.joints in [skeleton.joints for skeleton in expected]:
        return clip
    mapped = to_layout(clip, expected[0])
    if any(track.there.any() for track in clip.tracks) and not any(t.there.any() for t in mapped.tracks):
        raise PosefixError(
            f"{path}: of {', '.join(clip.joint_names[:6])} no joint has a place in {chosen.layouts[0]}. "
            "Choose another format."
        )
    return mapped


def describe(formats: Sequence[Format] = FORMATS) -> str:
    """A line a format: name and title."""
    width = max(len(known.name) for known in formats)
    return "\n".join(f"{known.name:<{width}}  {known.title}" for known in formats)
