"""TRC: OpenSim's table of markers, as Pose2Sim and Sports2D write it; a file a person, or a folder of files.

Three lines of description (the second and third name and give rate, number of frames and markers, unit),
a line with ``Frame#``, ``Time`` and a marker every third column, a line of X1, Y1, Z1 ..., then the frames,
with or without an empty line before. Missing is empty. Y points up where the unit is a length; Sports2D's
``_px`` files say m, but hold pixels, with y down.
https://opensimconfluence.atlassian.net/wiki/spaces/OpenSim/pages/53089972/Marker+.trc+Files
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.errors import PosefixError
from app.keypoints.checks import check_amount, check_frames, whole_number
from app.keypoints.clip import LENGTHS, PIXELS, Clip, Floats, Track, rate_of
from app.keypoints.names import canonical, skeleton_of
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_folder, written_whole

START = "PathFileType"
# Markers of a person in metres lie within some tens of each other, in pixels farther.
LARGEST_IN_METRES = 20.0
DECIMALS = 6


@dataclass(frozen=True)
class Table:
    """A file, checked.

    Attributes:
        name: of the file, without its suffix.
        markers: as named.
        rate: frames a second.
        unit: as it says.
        frames, seconds: (T,).
        values: (T, J, 3): X, Y, Z; NaN where missing.
    """

    name: str
    markers: tuple[str, ...]
    rate: float
    unit: str
    frames: list[int]
    seconds: Floats
    values: Floats


def recognises(source: Source) -> bool:
    """Whether it begins as TRC does."""
    if source.is_folder:
        return any(recognises(Source(path)) for path in source.files_with(".trc")[:1])
    return bool(source.first_lines) and source.first_lines[0].startswith(START)


def validate(source: Source) -> list[Table]:
    """Reads the file, or all files of the folder.

    Raises:
        PosefixError: it is no TRC; the message names the line.
    """
    if not source.is_folder:
        return [_table(source)]
    tables = [_table(Source(path)) for path in source.files_with(".trc")]
    if not tables:
        raise PosefixError(f"{source}: no .trc file in it. Give a file, or a folder of them.")
    for table in tables:
        if table.markers != tables[0].markers or table.unit != tables[0].unit:
            raise PosefixError(
                f"{source}: {table.name} has other markers or units than {tables[0].name}. Give one alone."
            )
    return tables


def to_clip(tables: list[Table], source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    first = tables[0]
    clock = dict(
        sorted(pair for table in tables for pair in zip(table.frames, table.seconds.tolist(), strict=True))
    )
    check_frames(clock.keys(), source)
    frames = np.arange(min(clock), max(clock) + 1, dtype=np.int64)
    check_amount(len(frames), len(tables), len(first.markers), source)
    known = np.array(list(clock))
    ids = [int(digits[-1]) if (digits := re.findall(r"\d+", table.name)) else 0 for table in tables]
    if len(tables) == 1 or len(set(ids)) < len(ids):
        ids = list(range(len(tables)))
    pixels = _in_pixels(tables)
    clip = Clip(
        skeleton=skeleton_of(first.markers, source, skeleton),
        frame_indices=frames,
        tracks=tuple(_track(id, table, frames, up=not pixels) for id, table in zip(ids, tables, strict=True)),
        file_joints=first.markers,
        pts_seconds=np.interp(frames, known, list(clock.values())) if len(clock) > 1 else frames / first.rate,
        fps=first.rate,
        unit=PIXELS if pixels else LENGTHS,
        details={"trc_unit": first.unit, "trc_up": not pixels},
    )
    deep = any(np.nanmax(np.abs(t.values[..., 2]), initial=0) > 0 for t in tables)
    return clip.noting("holds 3D points: x and y are worked on, z goes through as it is") if deep else clip


def write(clip: Clip, path: Path) -> None:
    """Writes a file of one person, or a folder with a file a person.

    Raises:
        PosefixError: there are no times or nobody, or the folder or the disk does not take it.
    """
    if clip.pts_seconds is None:
        raise PosefixError(f"{path}: a TRC file tells when each frame is shown. Give --fps.")
    if not clip.tracks:
        raise PosefixError(f"{path}: nobody was found, and a TRC file holds a person. Choose another format.")
    if len(clip.tracks) == 1:
        with written_whole(path) as partial:
            partial.write_text(_text(clip, clip.tracks[0], path.name), encoding="utf-8")
        return
    with written_folder(path.with_suffix(""), suffix=".trc") as folder:
        for track in clip.tracks:
            name = f"{path.stem}_person{track.id:02d}.trc"
            (folder / name).write_text(_text(clip, track, name), encoding="utf-8")


def _table(source: Source) -> Table:
    lines = [(n, line) for n, line in enumerate(source.text.split("\n"), start=1) if line.strip()]
    if not lines or not lines[0][1].startswith(START):
        raise PosefixError(f"{source}, line 1: does not begin with {START}. Give a TRC file.")
    if len(lines) < 5:
        raise PosefixError(f"{source}: ends after its headings. Give a TRC file with frames in it.")
    keys, values = lines[1][1].split("\t"), lines[2][1].split("\t")
    head = {key.strip(): value.strip() for key, value in zip(keys, values, strict=False)}
    place = f"{source}, line {lines[2][0]}"
    rate = _float(head.get("DataRate", ""), "DataRate", place)
    if not 0 < rate < 1e6:
        raise PosefixError(
            f"{place}: Invalid DataRate ({head.get('DataRate')}). Supported values are above 0."
        )
    number, titles = lines[3]
    if not titles.startswith("Frame#"):
        raise PosefixError(f"{source}, line {number}: does not begin with Frame#. Give a TRC file.")
    markers = tuple(name.strip() for name in titles.split("\t")[2:] if name.strip())
    if not markers:
        raise PosefixError(f"{source}, line {number}: names no marker. Give a TRC file with markers in it.")
    rows = [_row(line, len(markers), f"{source}, line {n}") for n, line in lines[5:]]
    wanted = whole_number(head.get("NumFrames", ""), "NumFrames", place)
    if len(rows) != wanted or not rows:
        raise PosefixError(
            f"{place}: NumFrames is {wanted}, {len(rows)} frames are there. "
            "The file may be cut off: copy it again, or mend the number."
        )
    frames = [frame for frame, _, _ in rows]
    if len(set(frames)) < len(frames):
        twice = next(frame for position, frame in enumerate(frames) if frame in frames[:position])
        raise PosefixError(f"{source}: frame {twice} comes twice. Mend its number.")
    return Table(
        name=source.path.stem,
        markers=markers,
        rate=rate,
        unit=head.get("Units", ""),
        frames=frames,
        seconds=np.array([seconds for _, seconds, _ in rows]),
        values=np.array([row for _, _, row in rows]).reshape(len(rows), len(markers), 3),
    )


def _row(line: str, markers: int, place: str) -> tuple[int, float, list[float]]:
    cells = line.split("\t")
    if any(cell.strip() for cell in cells[2 + 3 * markers :]):
        raise PosefixError(f"{place}: {len(cells)} columns for {markers} markers. Mend the line.")
    # Columns at the end of a line that are empty are often not there at all.
    cells += [""] * (2 + 3 * markers - len(cells))
    frame = whole_number(cells[0].strip(), "Frame#", place)
    return (
        frame,
        _float(cells[1], "Time", place),
        [_float(cell, "coordinate", place) for cell in cells[2 : 2 + 3 * markers]],
    )


def _float(cell: str, name: str, place: str) -> float:
    text = cell.strip()
    if text.lower() in ("", "nan"):
        return float("nan")
    try:
        number = float(text)
    except ValueError:
        number = float("inf")
    if not abs(number) < 1e12:
        raise PosefixError(
            f"{place}: Invalid {name} ({text[:40]}). Supported values are numbers, or nothing."
        )
    return number


def _in_pixels(tables: list[Table]) -> bool:
    """Whether a flat picture is meant: whatever the unit says, people of 20 metres there are none."""
    known = np.concatenate([table.values[..., :2].ravel() for table in tables])
    flat = all(not np.nanmax(np.abs(table.values[..., 2]), initial=0) for table in tables)
    far = float(np.nanmax(np.abs(known), initial=0)) > LARGEST_IN_METRES
    return flat and far and tables[0].unit in ("", "m", "px", "pixel", "pixels")


def _track(id: int, table: Table, frames: np.ndarray, *, up: bool) -> Track:
    points = np.full((len(frames), len(table.markers), 3), np.nan)
    depth = np.full(points.shape[:2], np.nan)
    rows = np.asarray(table.frames) - frames[0]
    points[rows, :, :2] = table.values[..., :2] * (1, -1 if up else 1)
    depth[rows] = table.values[..., 2]
    return Track(id=id, points=points, extra={"z": depth})


def _text(clip: Clip, track: Track, name: str) -> str:
    unit = str(clip.details.get("trc_unit", "m"))  # Sports2D's own for pixels
    rate = f"{clip.fps or rate_of(clip.pts_seconds if clip.pts_seconds is not None else ()):.10g}"
    frames, markers = len(clip.frame_indices), _marker_names(clip)
    up = -1 if clip.details.get("trc_up") else 1
    depth = track.extra.get("z", np.zeros(track.points.shape[:2]))
    lines = [
        f"{START}\t4\t(X/Y/Z)\t{name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{len(markers)}\t{unit}\t{rate}\t{clip.frame_indices[0]}\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(markers) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{n}" for n in range(1, len(markers) + 1) for axis in "XYZ"),
    ]
    times = clip.pts_seconds if clip.pts_seconds is not None else np.zeros(frames)
    for row, frame in enumerate(clip.frame_indices.tolist()):
        cells = []
        for (x, y, _), z, there in zip(track.points[row], depth[row], track.there[row], strict=True):
            deep = z if np.isfinite(z) else 0.0
            cells += [_cell(v) for v in (x, up * y, deep)] if there else ["", "", ""]
        lines.append("\t".join([str(frame), f"{times[row]:.10g}", *cells]))
    return "\n".join(lines) + "\n"


def _cell(value: float) -> str:
    return repr(round(float(value), DECIMALS))


def _marker_names(clip: Clip) -> tuple[str, ...]:
    """As the file had them, or as Sports2D and OpenSim's pose models write them: LShoulder."""
    if "trc_unit" in clip.details:
        return clip.joint_names
    return tuple(
        "".join(word.capitalize() for word in canonical(joint).split("_"))
        .replace("Left", "L")
        .replace("Right", "R")
        for joint in clip.skeleton.joints
    )
