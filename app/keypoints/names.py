"""Joints under the names of other programs: LShoulder, LEFT_SHOULDER, shoulder_l."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.errors import PosefixError
from estimators import known_skeletons
from estimators.skeletons import Skeleton

SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
# Small letters without a gap: lshoulder. Not "rear", which is no ear.
JOINED = re.compile(r"^(l|r|left|right)(shoulder|elbow|wrist|hip|knee|ankle|eye|heel)$")
SAME = {
    "headtop": "head_top",
    "top_head": "head_top",
    "top_of_head": "head_top",
    "tophead": "head_top",
    "head_bottom": "neck",  # of PoseTrack
    "upper_neck": "neck",
}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# A head beside these is the top of one, as in Halpe and BODY_25B.
HALPE_ALONE = {"hip", "left_big_toe", "right_big_toe", "nose"}


def canonical(name: str) -> str:
    """The name as posefix would write it: small letters, the side first, words joined by ``_``."""
    words = [word.lower() for word in WORD.findall(name)]
    if len(words) == 1 and (joined := JOINED.match(words[0])):
        words = [joined[1], joined[2]]
    if len(words) > 1 and words[-1] in SIDES and words[0] not in SIDES:
        words = [words[-1], *words[:-1]]
    if len(words) > 1 and words[0] in SIDES:
        words[0] = SIDES[words[0]]
    plain = "_".join(words) or name
    return SAME.get(plain, plain)


def skeleton_of(names: Sequence[str], path: object, given: Skeleton | None = None) -> Skeleton:
    """The skeleton of a file's joints, in the file's order.

    Args:
        names: as in the file.
        path: the file, for the messages.
        given: the skeleton that the user says it is, whose joints come in the file's order.

    Raises:
        PosefixError: two names mean one joint, or the skeleton given has another number of joints.
    """
    if given is not None:
        return _fitting(given, len(names), path)
    plain = [canonical(name) for name in names]
    for known in known_skeletons.KNOWN.values():
        theirs = {canonical(joint): joint for joint in known.joints}
        if len(plain) == len(theirs) and theirs.keys() == set(plain):
            return known.subset([theirs[joint] for joint in plain])
    for position, joint in enumerate(plain):
        if (first := plain.index(joint)) != position:
            raise PosefixError(
                f"{path}: {names[first]} and {names[position]} are both taken for {joint}. "
                "Rename or take out one of them."
            )
    skeleton = known_skeletons.of_joints(plain)
    if "head" in plain and "head_top" not in plain and set(plain) >= HALPE_ALONE:
        around = {**known_skeletons.KNOWN["halpe26"].derived}
        if not set(around["head"]) <= set(plain):
            around["head"] = ("neck", "head") if "neck" in plain else ("nose", "head")
        return Skeleton("halpe", skeleton.joints, skeleton.limbs, skeleton.pairs, around)
    return skeleton


def skeleton_of_count(joints: int, path: object, given: Skeleton | None = None) -> Skeleton:
    """The skeleton of a file that has numbers alone; one of numbered joints where none is known.

    Raises:
        PosefixError: the one given has another number of joints.
    """
    if given is not None:
        return _fitting(given, joints, path)
    try:
        return known_skeletons.by_count(joints)
    except ValueError:
        return Skeleton(f"{joints}_joints", tuple(f"joint_{number}" for number in range(joints)))


def _fitting(skeleton: Skeleton, joints: int, path: object) -> Skeleton:
    if len(skeleton.joints) != joints:
        raise PosefixError(
            f"{path}: holds {joints} joints, skeleton {skeleton.name} has {len(skeleton.joints)}. "
            "Choose another --skeleton."
        )
    return skeleton
