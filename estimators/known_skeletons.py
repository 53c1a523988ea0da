"""Skeletons of other programs and data sets, by name and by number of joints.

Names and orders are the data sets' own. The face's centre, posefix's ``head``, is the middle of nose and ears
(BlazePose so meets 98 % of YouTube Pose's labels within 20 pixels), or else of neck and head top. Necks in
OpenPose files lie 0.17 of the torso above the middle of the shoulders, LSP's 0.15, MPII's ``upper_neck``
0.13: they are taken for one joint. MPII's ``thorax`` is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from estimators.skeletons import POSEFIX, Links, Skeleton, pairs_by_name

_FACE = ("nose", "left_ear", "right_ear")
_NECK_TO_TOP = ("neck", "head_top")


def _both(*parts: str) -> tuple[str, ...]:
    """Left and right of each part in turn."""
    return tuple(f"{side}_{part}" for part in parts for side in ("left", "right"))


def _paths(*paths: str) -> Links:
    """Limbs along paths of joints; one with ``*`` in it stands for the left and the right side."""
    sided = [path.replace("*", side) for path in paths for side in ("left", "right")]
    return tuple(link for path in dict.fromkeys(sided) for link in pairwise(path.split()))


_COCO_JOINTS = ("nose", *_both("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"))
_LIMBS = _paths("*_shoulder *_elbow *_wrist", "*_hip *_knee *_ankle")
_FACE_LIMBS = _paths("nose *_eye *_ear", "left_eye right_eye")
_EARS_TO_SHOULDERS = _paths("*_ear *_shoulder")
_TRUNK = _paths("left_shoulder right_shoulder", "left_hip right_hip", "*_shoulder *_hip")
_FEET = _paths("*_ankle *_big_toe", "*_ankle *_small_toe", "*_ankle *_heel")
_FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
_FACE_PAIRS = (  # of the 68 of a face: those on its outline, brows, nose, eyes and mouth
    *((n, 16 - n) for n in range(8)),
    *((n, 43 - n) for n in range(17, 22)),
    (31, 35), (32, 34),
    (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46),
    (48, 54), (49, 53), (50, 52), (55, 59), (56, 58), (60, 64), (61, 63), (65, 67),
)  # fmt: skip
_HANDS = tuple(
    f"{side}_{joint}"
    for side in ("left", "right")
    for joint in ("hand_root", *(f"{finger}{n}" for finger in _FINGERS for n in (1, 2, 3, 4)))
)


def _skeleton(
    name: str, joints: tuple[str, ...], limbs: Links, *, pairs: Links = (), **derived: Sequence[str]
) -> Skeleton:
    """One of which left and right can be told by name, and some ``pairs`` more."""
    around = {joint: tuple(sources) for joint, sources in derived.items()}
    return Skeleton(name, joints, limbs, pairs_by_name(joints) + pairs, around)


# Microsoft COCO (Lin et al., ECCV 2014).
COCO = _skeleton("coco17", _COCO_JOINTS, _LIMBS + _FACE_LIMBS + _EARS_TO_SHOULDERS + _TRUNK, head=_FACE)

# Halpe with feet (Fang et al., TPAMI 2022). Its ``head`` is the top of the head.
HALPE = _skeleton(
    "halpe26",
    (*_COCO_JOINTS, "head", "neck", "hip", *_both("big_toe", "small_toe", "heel")),
    _LIMBS
    + _FACE_LIMBS
    + _EARS_TO_SHOULDERS
    + _FEET
    + _paths("head neck hip", "neck *_shoulder", "hip *_hip"),
    head=_FACE,
    head_top=("head",),
)

# OpenPose's body (Cao et al., TPAMI 2021); its files hold numbers alone.
BODY25 = _skeleton(
    "body25",
    (
        "nose", "neck",
        "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
        "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
        "right_eye", "left_eye", "right_ear", "left_ear",
        "left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel",
    ),
    _LIMBS + _FEET
    + _paths("nose *_eye *_ear", "nose neck mid_hip", "neck *_shoulder", "mid_hip *_hip"),
    head=_FACE,
)  # fmt: skip

# MPII Human Pose (Andriluka et al., CVPR 2014).
MPII = _skeleton(
    "mpii16",
    (
        "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle",
        "pelvis", "thorax", "upper_neck", "head_top",
        "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
    ),
    _LIMBS + _paths("pelvis thorax upper_neck head_top", "upper_neck *_shoulder", "pelvis *_hip"),
    head=("upper_neck", "head_top"),
    neck=("upper_neck",),
)  # fmt: skip

# Leeds Sports Pose (Johnson & Everingham, BMVC 2010) and its extension.
LSP = _skeleton(
    "lsp14",
    (
        "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle",
        "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist",
        "neck", "head_top",
    ),
    _LIMBS + _paths("head_top neck", "neck *_shoulder", "*_shoulder *_hip", "left_hip right_hip"),
    head=_NECK_TO_TOP,
)  # fmt: skip

# MediaPipe Pose (Bazarevsky et al., 2020).
BLAZEPOSE = _skeleton(
    "blazepose33",
    (
        "nose", "left_eye_inner", "left_eye", "left_eye_outer",
        "right_eye_inner", "right_eye", "right_eye_outer",
        "left_ear", "right_ear", "mouth_left", "mouth_right",
        *_both("shoulder", "elbow", "wrist", "pinky", "index", "thumb"),
        *_both("hip", "knee", "ankle", "heel", "foot_index"),
    ),
    _LIMBS + _TRUNK
    + _paths("nose *_eye_inner *_eye *_eye_outer *_ear", "mouth_left mouth_right")
    + _paths("*_wrist *_pinky *_index *_wrist *_thumb", "*_ankle *_heel *_foot_index *_ankle"),
    head=_FACE,
)  # fmt: skip

# COCO-WholeBody (Jin et al., ECCV 2020): body, feet, face and hands.
WHOLEBODY = _skeleton(
    "coco_wholebody133",
    (
        *_COCO_JOINTS,
        *(f"{side}_{part}" for side in ("left", "right") for part in ("big_toe", "small_toe", "heel")),
        *(f"face-{number}" for number in range(68)),
        *_HANDS,
    ),
    _LIMBS
    + _FACE_LIMBS
    + _EARS_TO_SHOULDERS
    + _TRUNK
    + _FEET
    + _paths(*(f"*_hand_root *_{f}1 *_{f}2 *_{f}3 *_{f}4" for f in _FINGERS)),
    pairs=tuple((f"face-{a}", f"face-{b}") for a, b in _FACE_PAIRS),
    head=_FACE,
)

# YouTube Pose (Charles et al., CVPR 2016).
YOUTUBE_POSE = _skeleton(
    "youtube_pose7",
    (
        "head", "right_wrist", "left_wrist", "right_elbow", "left_elbow", "right_shoulder", "left_shoulder",
    ),
    _paths("head *_shoulder *_elbow *_wrist"),
)  # fmt: skip

KNOWN = {
    skeleton.name: skeleton
    for skeleton in (POSEFIX, COCO, HALPE, BODY25, MPII, LSP, BLAZEPOSE, WHOLEBODY, YOUTUBE_POSE)
}


def by_name(name: str) -> Skeleton:
    """The known skeleton of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in KNOWN:
        raise ValueError(f"Invalid skeleton ({name}). Supported values are {', '.join(KNOWN)}.")
    return KNOWN[name]


def by_count(joints: int) -> Skeleton:
    """The known skeleton with so many joints, for files that hold numbers alone.

    Raises:
        ValueError: there is none.
    """
    counts = {len(skeleton.joints): skeleton for skeleton in KNOWN.values()}
    if joints not in counts:
        known = ", ".join(f"{count} ({skeleton.name})" for count, skeleton in sorted(counts.items()))
        raise ValueError(f"Invalid number of joints ({joints}). Supported values are {known}.")
    return counts[joints]


def of_joints(joints: Sequence[str]) -> Skeleton:
    """The skeleton of joints of which no more than the names is known, in their order.

    A known one that has just these joints; or else pairs are told by name, and a head that is not there lies
    between nose and ears, or neck and head top.

    Raises:
        ValueError: a joint is named twice.
    """
    named = set(joints)
    for known in KNOWN.values():
        if named == set(known.joints):
            return known.subset(joints)
    around = next((a for a in (_FACE, _NECK_TO_TOP) if "head" not in named and named.issuperset(a)), None)
    return Skeleton(
        "joints",
        tuple(joints),
        tuple(limb for limb in POSEFIX.limbs if named.issuperset(limb)),
        pairs_by_name(joints),
        {"head": around} if around else {},
    )
