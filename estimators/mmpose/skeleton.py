"""The skeleton of an MMPose model, from what it knows of the data set it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from estimators.known_skeletons import of_joints
from estimators.skeletons import Skeleton


def skeleton_of(meta: Mapping[str, Any]) -> Skeleton:
    """Joints, limbs and pairs of a parsed ``dataset_meta``; what is derived from them by their names.

    Raises:
        ValueError: the meta does not say which joints there are.
    """
    names = meta.get("keypoint_id2name")
    if not isinstance(names, Mapping) or sorted(names) != list(range(len(names))):
        raise ValueError("the data set of the model is not known, so that its joints have no names")
    joints = tuple(str(names[index]) for index in range(len(names)))
    known = of_joints(joints)
    flipped = meta.get("flip_indices") or range(len(joints))
    pairs = {tuple(sorted((index, int(other)))) for index, other in enumerate(flipped) if index != other}
    links = [(joints[int(a)], joints[int(b)]) for a, b in meta.get("skeleton_links") or ()]
    return replace(
        known,
        name=str(meta.get("dataset_name", known.name)),
        limbs=tuple(links) or known.limbs,
        pairs=tuple(_left_first(joints[a], joints[b]) for a, b in sorted(pairs)),
    )


def _left_first(one: str, other: str) -> tuple[str, str]:
    return (other, one) if "right" in one else (one, other)
