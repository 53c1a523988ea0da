"""The joints that the corrector knows, and how a skeleton's joints map onto them."""

from __future__ import annotations

from collections.abc import Sequence

PAIRED = ("shoulder", "elbow", "wrist")
UPPER_BODY = ("head", *(f"{side}_{part}" for part in PAIRED for side in ("left", "right")))
ALL = (
    "head",
    "neck",
    "head_top",
    *UPPER_BODY[1:],
    *(f"{side}_{part}" for part in ("hip", "knee", "ankle") for side in ("left", "right")),
)


def mirror_indices(joints: Sequence[str]) -> list[int]:
    """``points[:, mirror_indices(joints)]`` exchanges left and right; other joints stay where they are."""
    swap = {"left": "right", "right": "left"}
    names = []
    for joint in joints:
        side, _, part = joint.partition("_")
        names.append(f"{swap[side]}_{part}" if side in swap else joint)
    return [list(joints).index(name) for name in names]


def known_indices(joints: Sequence[str], *, model_joints: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of (index among ``joints``, index among ``model_joints``) of the joints that both have.

    A head is there too where neck and head top are: it lies between them.

    Raises:
        ValueError: a joint is named twice, or the upper body is not complete.
    """
    if len(set(joints)) != len(joints):
        raise ValueError(f"A joint is named twice in {', '.join(joints)}.")
    missing = [joint for joint in UPPER_BODY if joint not in joints]
    if missing == ["head"] and {"neck", "head_top"} <= set(joints):
        missing = []
    if missing:
        raise ValueError(
            f"The corrector needs the upper body; this skeleton has no {', '.join(missing)} "
            f"among {', '.join(joints)}."
        )
    return [(i, list(model_joints).index(joint)) for i, joint in enumerate(joints) if joint in model_joints]
