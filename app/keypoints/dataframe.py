"""A result as a table of pandas, and as a data set of xarray laid out as movement's are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from app.errors import PosefixError

if TYPE_CHECKING:
    import pandas
    import xarray

    from app.result import Person, Result


def to_dataframe(result: Result) -> pandas.DataFrame:
    """A row a frame, person and joint; see :meth:`app.result.Result.to_dataframe`.

    Raises:
        PosefixError: pandas is not installed.
    """
    library = _library("pandas")
    joints, frames = result.skeleton.joints, len(result.frame_indices)
    parts = [_columns(person, result) for person in result.people]
    data = {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else {})}
    if not data:
        data = _columns(_nobody(frames, len(joints)), result)
        data = {name: values[:0] for name, values in data.items()}
    table = library.DataFrame(data)
    table["joint"] = library.Categorical(table["joint"], categories=list(joints))
    return table.sort_values(["frame", "person", "joint"], kind="stable", ignore_index=True)


def to_xarray(result: Result) -> xarray.Dataset:
    """As movement has poses: dimensions time, space, keypoints, individuals.

    See :meth:`app.result.Result.to_xarray`.

    Raises:
        PosefixError: xarray is not installed.
    """
    library = _library("xarray")
    people, joints = list(result.people), list(result.skeleton.joints)
    shape = (len(result.frame_indices), len(joints), len(people))

    def stacked(values: list[Any], *more: int) -> Any:
        return np.stack(values, axis=-1) if values else np.empty((*shape[:1], *more, *shape[1:]), np.float32)

    initial = stacked([person.initial[..., :2].transpose(0, 2, 1) for person in people], 2)
    variables: dict[str, Any] = {
        "position": (("time", "space", "keypoints", "individuals"), initial),
        "confidence": (_POINTS, stacked([person.initial[..., 2] for person in people])),
    }
    if people and all(person.corrected is not None for person in people):
        corrected = [person.corrected.transpose(0, 2, 1) for person in people if person.corrected is not None]
        variables["position"] = (variables["position"][0], stacked(corrected, 2))
        variables["initial_position"] = (("time", "space", "keypoints", "individuals"), initial)
        for name in ("error_px", "filled", "unsure", "filtered"):
            values = [getattr(person, name) for person in people]
            if all(value is not None for value in values):
                variables[name] = (_POINTS, stacked(values))
    return library.Dataset(
        data_vars=variables,
        coords={
            "time": result.pts_seconds,
            "space": ["x", "y"],
            "keypoints": joints,
            "individuals": [f"person_{person.id}" for person in people],
            "frame": ("time", result.frame_indices),
        },
        attrs={
            "fps": result.source.fps,
            "time_unit": "seconds",
            "source_software": "posefix",
            "source_file": result.source.file,
            "ds_type": "poses",
        },
    )


_POINTS = ("time", "keypoints", "individuals")


def _columns(person: Person, result: Result) -> dict[str, Any]:
    joints, frames = result.skeleton.joints, len(result.frame_indices)
    columns: dict[str, Any] = {
        "frame": np.repeat(result.frame_indices, len(joints)),
        "seconds": np.repeat(result.pts_seconds, len(joints)),
        "person": np.full(frames * len(joints), person.id),
        "joint": np.tile(np.array(joints, object), frames),
        "initial_x": person.initial[..., 0].ravel(),
        "initial_y": person.initial[..., 1].ravel(),
        "score": person.initial[..., 2].ravel(),
    }
    if person.corrected is not None:
        columns |= {"x": person.corrected[..., 0].ravel(), "y": person.corrected[..., 1].ravel()}
        for name in ("error_px", "filled", "unsure", "filtered"):
            values = getattr(person, name)
            if values is not None:
                columns[name] = values.ravel()
    return columns


def _nobody(frames: int, joints: int) -> Person:
    from app.result import Person

    return Person(
        id=0,
        initial=np.full((frames, joints, 3), np.nan, np.float32),
        boxes=np.full((frames, 4), np.nan, np.float32),
    )


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise PosefixError(
            f"{name} is not installed. Install it with: pip install 'posefix[dataframe]'"
        ) from error
