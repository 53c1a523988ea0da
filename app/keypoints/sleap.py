"""SLEAP's .slp files: HDF5 with tables of frames, instances and points, and a JSON text for the skeleton.

Points of format 1.0 lie half a pixel further to the right and down than ours. One file may hold several
videos: the first is taken. https://docs.sleap.ai/latest/api/ and sleap-io's ``io/slp.py``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints import hdf5
from app.keypoints.assembly import Detection, assemble
from app.keypoints.clip import Clip, Floats
from app.keypoints.names import skeleton_of
from app.keypoints.source import Source
from estimators.skeletons import Skeleton
from weights.files import written_whole

FORMAT = 1.2
CENTRES_SINCE = 1.1
PREDICTED = 1
USER_FIELDS = [("x", "<f8"), ("y", "<f8"), ("visible", "?"), ("complete", "?")]
POINT = np.dtype([*USER_FIELDS, ("score", "<f8")])
FRAME = np.dtype(
    [
        ("frame_id", "<u8"),
        ("video", "<u4"),
        ("frame_idx", "<u8"),
        ("instance_id_start", "<u8"),
        ("instance_id_end", "<u8"),
    ]
)
INSTANCE = np.dtype(
    [
        ("instance_id", "<i8"),
        ("instance_type", "u1"),
        ("frame_id", "<u8"),
        ("skeleton", "<u4"),
        ("track", "<i4"),
        ("from_predicted", "<i8"),
        ("score", "<f4"),
        ("point_id_start", "<u8"),
        ("point_id_end", "<u8"),
        ("tracking_score", "<f4"),
    ]
)


@dataclass(frozen=True)
class Labels:
    """A file, checked.

    Attributes:
        joints: the skeleton's nodes.
        edges: pairs of them.
        tracks: their names.
        videos: as texts of JSON.
        frames: numbers of the first video's labelled frames.
        people: in them.
    """

    joints: list[str]
    edges: list[tuple[str, str]]
    tracks: list[str]
    videos: list[str]
    frames: list[int]
    people: list[Detection]


def recognises(source: Source) -> bool:
    """Whether it is HDF5 with SLEAP's tables in it."""
    return {"metadata", "frames", "instances"} <= hdf5.keys_of(source)


def validate(source: Source) -> Labels:
    """Reads the file.

    Raises:
        PosefixError: it is none of SLEAP's; the message names the table.
    """
    with hdf5.opened(source) as file:
        about = json.loads(file["metadata"].attrs["json"])
        version = float(file["metadata"].attrs.get("format_id", FORMAT))
        tables = {
            name: hdf5.array(file, name, source) for name in ("frames", "instances", "points", "pred_points")
        }
        for name, kind in (("frames", FRAME), ("instances", INSTANCE), ("points", USER_FIELDS)):
            wanted = np.dtype(kind).names or ()
            if lacking := set(wanted[:9]) - set(tables[name].dtype.names or ()):
                raise PosefixError(
                    f"{source}: {', '.join(sorted(lacking))} lacking in {name}. Export it again."
                )
        skeletons = about["skeletons"]
        if len(skeletons) != 1:
            raise PosefixError(f"{source}: {len(skeletons)} skeletons. Supported are files with one.")
        joints = [str(about["nodes"][node["id"]]["name"]) for node in skeletons[0]["nodes"]]
        edges = [(joints[link["source"]], joints[link["target"]]) for link in skeletons[0].get("links", [])]
        tracks = [str(json.loads(text)[1]) for text in hdf5.texts(hdf5.array(file, "tracks_json", source))]
        videos = hdf5.texts(hdf5.array(file, "videos_json", source))
        offset = 0.0 if version >= CENTRES_SINCE else 0.5
        first = tables["frames"]["video"].min(initial=2**32 - 1)
        rows = tables["frames"][tables["frames"]["video"] == first]
        people = [person for row in rows for person in _people(row, tables, joints, tracks, offset, source)]
        return Labels(joints, edges, tracks, videos, [int(row["frame_idx"]) for row in rows], people)


def to_clip(labels: Labels, source: Source, skeleton: Skeleton | None) -> Clip:
    """Arranges what :func:`validate` read."""
    found = skeleton_of(labels.joints, source, skeleton)
    if skeleton is None and not found.limbs and labels.edges:
        number = {joint: n for n, joint in enumerate(labels.joints)}
        limbs = tuple((found.joints[number[a]], found.joints[number[b]]) for a, b in labels.edges)
        found = Skeleton(found.name, found.joints, limbs, found.pairs, found.derived)
    clip = assemble(labels.people, found, source, frames=labels.frames, file_joints=labels.joints)
    several = len(labels.videos)
    return clip.noting(f"holds {several} videos: the first is taken") if several > 1 else clip


def write(clip: Clip, path: Path) -> None:
    """Writes the file, everybody as predicted.

    Raises:
        PosefixError: the folder or the disk does not take it.
    """
    frames, instances, points = _tables(clip)
    video = {"filename": clip.source, "backend": {"filename": clip.source}}
    tracks = [json.dumps([0, track.name or str(track.id)]) for track in clip.tracks]
    with written_whole(path) as partial, h5py.File(partial, "w") as file:
        metadata = file.create_group("metadata")
        metadata.attrs["format_id"] = FORMAT
        metadata.attrs["json"] = np.bytes_(json.dumps(_metadata(clip)).encode())
        file.create_dataset("frames", data=frames)
        file.create_dataset("instances", data=instances)
        file.create_dataset("points", data=np.empty(0, USER_FIELDS))
        file.create_dataset("pred_points", data=points)
        for name, texts in (
            ("videos_json", [json.dumps(video)]),
            ("tracks_json", tracks),
            ("suggestions_json", []),
        ):
            file.create_dataset(
                name, data=np.array([text.encode() for text in texts], dtype=h5py.string_dtype())
            )


def _people(
    row: Any,
    tables: dict[str, NDArray[Any]],
    joints: Sequence[str],
    tracks: Sequence[str],
    offset: float,
    source: Source,
) -> list[Detection]:
    start, end = int(row["instance_id_start"]), int(row["instance_id_end"])
    if not start <= end <= len(tables["instances"]):
        raise PosefixError(
            f"{source}, frame {row['frame_idx']}: instances {start} to {end}. Export it again."
        )
    people = []
    # A prediction that somebody mended by hand stands beside what they made of it.
    mended = {int(i["from_predicted"]) for i in tables["instances"][start:end] if i["from_predicted"] >= 0}
    for instance in tables["instances"][start:end]:
        if instance["instance_type"] == PREDICTED and int(instance["instance_id"]) in mended:
            continue
        track = int(instance["track"])
        people.append(
            Detection(
                frame=int(row["frame_idx"]),
                points=_points(instance, tables, len(joints), offset, f"{source}, frame {row['frame_idx']}"),
                id=track if track >= 0 else None,
                name=tracks[track] if 0 <= track < len(tracks) else "",
                extra={"person_score": float(instance["score"])},
            )
        )
    return people


def _points(instance: Any, tables: dict[str, NDArray[Any]], joints: int, offset: float, place: str) -> Floats:
    table = tables["pred_points" if instance["instance_type"] == PREDICTED else "points"]
    start, end = int(instance["point_id_start"]), int(instance["point_id_end"])
    if end > len(table) or end - start != joints:
        raise PosefixError(f"{place}: points {start} to {end} for {joints} nodes. Export it again.")
    rows = table[start:end]
    points = np.full((joints, 3), np.nan)
    there = np.asarray(rows["visible"], bool)
    points[there, 0] = rows["x"][there] - offset
    points[there, 1] = rows["y"][there] - offset
    if "score" in (rows.dtype.names or ()):
        points[:, 2] = rows["score"]
    return points


def _tables(clip: Clip) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    frames: list[Any] = []
    instances: list[Any] = []
    points: list[Any] = []
    joints = len(clip.skeleton.joints)
    for row, frame in enumerate(clip.frame_indices.tolist()):
        start = len(instances)
        for number, track in enumerate(clip.tracks):
            there = track.there[row]
            if not there.any():
                continue
            scores = np.nan_to_num(track.points[row, :, 2], nan=1.0)
            score = float(scores[there].mean())
            at = len(points)
            instances.append(
                (len(instances), PREDICTED, len(frames), 0, number, -1, score, at, at + joints, 0.0)
            )
            points += [
                (x, y, seen, False, s if seen else 0.0)
                for (x, y, _), seen, s in zip(
                    track.points[row].tolist(), there.tolist(), scores.tolist(), strict=True
                )
            ]
        frames.append((len(frames), 0, frame, start, len(instances)))
    return np.array(frames, FRAME), np.array(instances, INSTANCE), np.array(points, POINT)


def _metadata(clip: Clip) -> dict[str, Any]:
    """The skeleton as SLEAP keeps it: a graph whose edges all name their type, the first by what it is."""
    joints = clip.joint_names
    kinds: list[dict[str, Any]] = [
        {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [1]}]},
        {"py/id": 1},
    ]
    links = [
        {"edge_insert_idx": n, "key": 0, "source": a, "target": b, "type": kinds[min(n, 1)]}
        for n, (a, b) in enumerate(clip.skeleton.limb_indices)
    ]
    skeleton = {
        "directed": True,
        "graph": {"name": clip.skeleton.name, "num_edges_inserted": len(links)},
        "links": links,
        "multigraph": True,
        "nodes": [{"id": n} for n in range(len(joints))],
    }
    return {
        "version": "2.0.0",
        "skeletons": [skeleton],
        "nodes": [{"name": joint, "weight": 1.0} for joint in joints],
        "videos": [],
        "tracks": [],
        "suggestions": [],
        "negative_anchors": {},
        "provenance": {},
    }
