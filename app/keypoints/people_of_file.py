"""Reads a file of keypoints for the estimator ``keypoints:FILE``, which does not know of the formats here."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.errors import PosefixError
from app.keypoints import posefix_json, tidy_csv
from estimators.keypoints_file.people import FilePeople
from estimators.known_skeletons import of_joints


def read_people(path: Path) -> FilePeople:
    """Everybody in a file, as estimated.

    Raises:
        PosefixError: the file is missing, damaged, or of no known format.
    """
    if path.suffix.lower() == ".csv":
        table = tidy_csv.read(path)
        indices = table.first_frame + np.arange(len(table.keypoints))
        return FilePeople(of_joints(table.joints), indices, {0: table.keypoints})
    if path.suffix.lower() != ".json":
        raise PosefixError(f"{path}: Invalid keypoints ({path.suffix}). Supported values are .json and .csv.")
    result = posefix_json.load(path)
    people = {person.id: person.initial for person in result.people}
    return FilePeople(result.skeleton, result.frame_indices, people, result.pts_seconds)
