"""Skeletons as data: pairs, mirroring, derived joints, the known ones, held against MMPose's own tables."""

import runpy
from importlib.resources import files

import numpy as np
import pytest

from estimators.known_skeletons import (
    BLAZEPOSE,
    BODY25,
    COCO,
    HALPE,
    KNOWN,
    LSP,
    MPII,
    WHOLEBODY,
    YOUTUBE_POSE,
    by_count,
    by_name,
    of_joints,
)
from estimators.skeletons import JOINTS, POSEFIX, UPPER_BODY, Skeleton, pairs_by_name


def test_posefix_joints_and_their_sides():
    assert POSEFIX.mirrored_joints[:3] == ("head", "neck", "head_top")
    for name, other in zip(JOINTS[3:], POSEFIX.mirrored_joints[3:], strict=True):
        assert {name, other} == {f"left_{name.split('_')[1]}", f"right_{name.split('_')[1]}"}
    assert (
        tuple(j for j in JOINTS if j.split("_")[-1] in ("head", "shoulder", "elbow", "wrist")) == UPPER_BODY
    )


@pytest.mark.parametrize(
    ("skeleton", "file"),
    [(COCO, "coco"), (HALPE, "halpe26"), (MPII, "mpii"), (WHOLEBODY, "coco_wholebody")],
    ids=lambda value: getattr(value, "name", value),
)
def test_joints_sides_and_limbs_are_those_of_mmpose(skeleton, file):
    path = files("mmpose") / ".mim" / "configs" / "_base_" / "datasets" / f"{file}.py"
    info = runpy.run_path(str(path))["dataset_info"]
    table = [info["keypoint_info"][index] for index in range(len(info["keypoint_info"]))]
    assert skeleton.joints == tuple(joint["name"] for joint in table)
    assert skeleton.mirrored_joints == tuple(joint["swap"] or joint["name"] for joint in table)
    theirs = {frozenset(link["link"]) for link in info["skeleton_info"].values()}
    assert {frozenset(limb) for limb in skeleton.limbs} == theirs


def test_sizes_and_names_of_the_known_ones():
    sizes = (15, 17, 26, 25, 16, 14, 33, 133, 7)
    assert tuple(len(skeleton.joints) for skeleton in KNOWN.values()) == sizes
    for size, skeleton in zip(sizes, KNOWN.values(), strict=True):
        assert by_count(size) is skeleton and by_name(skeleton.name) is skeleton
        connected = {joint for limb in skeleton.limbs for joint in limb}
        assert connected == {joint for joint in skeleton.joints if not joint.startswith("face-")}
    with pytest.raises(ValueError, match=r"Invalid number of joints \(18\). Supported values are 7 \("):
        by_count(18)
    with pytest.raises(ValueError, match=r"Invalid skeleton \(coco\). Supported values are posefix15"):
        by_name("coco")


def test_everybody_has_all_limbs_of_ours_that_they_can():
    limbs = [j for j in JOINTS if j.split("_")[-1] in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")]
    for skeleton in KNOWN.values():
        lacking = {joint for joint in JOINTS if not skeleton.sources(joint)}
        assert "head" not in lacking
        assert skeleton is YOUTUBE_POSE or not lacking & set(limbs)
    assert not COCO.sources("neck") and not COCO.sources("head_top")
    assert all(LSP.sources(joint) and MPII.sources(joint) and HALPE.sources(joint) for joint in JOINTS)
    assert BODY25.sources("neck") == (1,) and not BODY25.sources("head_top")


def test_the_mouth_of_blazepose_is_mirrored():
    left, right = (BLAZEPOSE.joints.index(f"mouth_{side}") for side in ("left", "right"))
    assert BLAZEPOSE.flip_indices[left] == right and BLAZEPOSE.flip_indices[right] == left
    assert BLAZEPOSE.flip_indices[0] == 0
    assert len(BLAZEPOSE.pairs) == 16


def test_select_takes_over_derives_and_leaves_out():
    values = np.arange(2 * 26 * 3, dtype=np.float32).reshape(2, 26, 3)
    selected = HALPE.select(values)
    assert selected.dtype == np.float32 and selected.shape == (2, 15, 3)
    np.testing.assert_array_equal(selected[:, JOINTS.index("left_wrist")], values[:, 9])
    np.testing.assert_array_equal(selected[:, JOINTS.index("head_top")], values[:, 17])  # its "head"
    np.testing.assert_allclose(selected[:, JOINTS.index("head")], values[:, [0, 3, 4]].mean(axis=1))
    values[1, 4] = np.nan
    assert np.isnan(HALPE.select(values, ("head",))).all(axis=2).tolist() == [[False], [True]]
    assert np.isnan(COCO.select(values[:, :17], ("neck", "left_hip"))).all(axis=(0, 2)).tolist() == [
        True,
        False,
    ]


def test_subset_keeps_what_still_fits():
    part = HALPE.subset(("right_wrist", "head", "left_wrist", "left_elbow"))
    assert part.pairs == (("left_wrist", "right_wrist"),) and part.flip_indices == (2, 1, 0, 3)
    assert part.limbs == (("left_elbow", "left_wrist"),)
    assert part.derived == {"head_top": ("head",)}


def test_joints_of_which_the_names_alone_are_known():
    assert of_joints(COCO.joints[::-1]).sources("head") == (16, 13, 12)
    lsp = of_joints(JOINTS[1:])
    assert lsp.joints == JOINTS[1:] and lsp.sources("head") == (0, 1)
    assert of_joints(HALPE.joints) == HALPE
    strange = of_joints(("head", "nose", "tail_left", "tail_right", "left_hip"))
    assert strange.pairs == (("tail_left", "tail_right"),)
    assert strange.sources("head") == (0,) and strange.sources("left_hip") == (4,)
    assert of_joints(("nose", "right_ear", "left_ear")).sources("head") == (0, 2, 1)
    assert not of_joints(("nose", "left_ear")).sources("head")
    with pytest.raises(ValueError, match="named twice"):
        of_joints(("head", "neck", "head"))


def test_pairs_by_name():
    assert pairs_by_name(("a_left", "left_b", "right_b", "a_right", "left_c", "lefty")) == (
        ("a_left", "a_right"),
        ("left_b", "right_b"),
    )


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"limbs": (("a", "c"),)}, "c missing"),
        ({"pairs": (("a", "b"), ("b", "a"))}, "two of the pairs"),
        ({"pairs": (("a", "a"),)}, "two of the pairs"),
        ({"derived": {"head": ("nose",)}}, "nose missing"),
        ({"derived": {"tail": ("a",)}}, r"Invalid derived joints \(tail\)"),
    ],
)
def test_what_does_not_fit_is_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        Skeleton("bad", ("a", "b"), **parts)
