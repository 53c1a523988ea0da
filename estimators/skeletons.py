"""Skeletons: which joints there are, which are joined, which are left and right, and what follows from them.

Left and right are the person's. :data:`POSEFIX` has posefix's own 15 joints; those of other programs and data
sets are in :mod:`estimators.known_skeletons`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Links = tuple[tuple[str, str], ...]

# posefix's own: the 14 of Leeds Sports Pose, and as ``head`` the face's centre of YouTube Pose.
JOINTS = (
    "head",
    "neck",
    "head_top",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
UPPER_BODY = ("head", *JOINTS[3:9])


@dataclass(frozen=True)
class Skeleton:
    """Joints in their order, and what is known of them. Left and right are the person's own.

    Attributes:
        name: for people and files.
        joints: names, each once.
        limbs: pairs of joints that are joined by a line.
        pairs: (left, right) joints, which change places where a picture is mirrored.
        derived: those of :data:`JOINTS` that have another name or none here, each as the middle of the
            joints named. What has the same name is the same joint, unless it stands here.
    """

    name: str
    joints: tuple[str, ...]
    limbs: Links = ()
    pairs: Links = ()
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if len(set(self.joints)) != len(self.joints):
            raise ValueError(f"Skeleton {self.name}: a joint is named twice in {', '.join(self.joints)}.")
        sided = [joint for pair in self.pairs for joint in pair]
        if len(set(sided)) != len(sided):
            raise ValueError(f"Skeleton {self.name}: a joint stands in two of the pairs {self.pairs}.")
        sources = [joint for around in self.derived.values() for joint in around]
        named = {*(joint for limb in self.limbs for joint in limb), *sided, *sources}
        if unknown := sorted(named - set(self.joints)):
            raise ValueError(f"Skeleton {self.name}: {', '.join(unknown)} missing among the joints.")
        if unknown := sorted(set(self.derived) - set(JOINTS)):
            raise ValueError(
                f"Skeleton {self.name}: Invalid derived joints ({', '.join(unknown)}). "
                f"Supported values are {', '.join(JOINTS)}."
            )

    @property
    def limb_indices(self) -> tuple[tuple[int, int], ...]:
        """Limbs as pairs of indices into :attr:`joints`."""
        return tuple((self.joints.index(a), self.joints.index(b)) for a, b in self.limbs)

    @property
    def pair_indices(self) -> tuple[tuple[int, int], ...]:
        """Left and right joints as pairs of indices into :attr:`joints`."""
        return tuple((self.joints.index(left), self.joints.index(right)) for left, right in self.pairs)

    @property
    def flip_indices(self) -> tuple[int, ...]:
        """``keypoints[:, flip_indices]`` swaps left and right, as mirroring the picture does."""
        other = list(range(len(self.joints)))
        for left, right in self.pair_indices:
            other[left], other[right] = right, left
        return tuple(other)

    @property
    def mirrored_joints(self) -> tuple[str, ...]:
        """The names of the same joints on the other side of the body."""
        return tuple(self.joints[index] for index in self.flip_indices)

    def sources(self, joint: str) -> tuple[int, ...]:
        """Indices of the joints whose middle is one of posefix's; empty where it is lacking here."""
        around = self.derived.get(joint, (joint,) if joint in self.joints else ())
        return tuple(self.joints.index(name) for name in around)

    def select(self, values: Floats, joints: Sequence[str] = JOINTS) -> Floats:
        """Values (..., J, C) of this skeleton's joints as those (..., len(joints), C) of posefix's joints.

        Derived ones are means, NaN where one of them is; a joint that this skeleton lacks is NaN.
        """
        selected = np.full((*values.shape[:-2], len(joints), values.shape[-1]), np.nan, values.dtype)
        for index, joint in enumerate(joints):
            if around := self.sources(joint):
                selected[..., index, :] = values[..., around, :].mean(axis=-2)
        return selected

    def subset(self, joints: Sequence[str]) -> Skeleton:
        """The same skeleton with these of its joints alone, in this order."""
        kept = set(joints)
        return Skeleton(
            self.name,
            tuple(joints),
            tuple(limb for limb in self.limbs if kept.issuperset(limb)),
            tuple(pair for pair in self.pairs if kept.issuperset(pair)),
            {joint: around for joint, around in self.derived.items() if kept.issuperset(around)},
        )


def pairs_by_name(joints: Sequence[str]) -> Links:
    """(left, right) joints whose names differ in ``left`` and ``right``, at their beginning or their end."""
    pairs = []
    for joint in joints:
        for other in (re.sub("^left_", "right_", joint), re.sub("_left$", "_right", joint)):
            if other != joint and other in joints:
                pairs.append((joint, other))
    return tuple(pairs)


POSEFIX = Skeleton(
    name="posefix15",
    joints=JOINTS,
    limbs=(
        ("head_top", "head"),
        ("head", "neck"),
        ("neck", "left_shoulder"),
        ("neck", "right_shoulder"),
        ("left_shoulder", "left_elbow"),
        ("right_shoulder", "right_elbow"),
        ("left_elbow", "left_wrist"),
        ("right_elbow", "right_wrist"),
        ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"),
        ("left_hip", "right_hip"),
        ("left_hip", "left_knee"),
        ("right_hip", "right_knee"),
        ("left_knee", "left_ankle"),
        ("right_knee", "right_ankle"),
    ),
    pairs=pairs_by_name(JOINTS),
)
