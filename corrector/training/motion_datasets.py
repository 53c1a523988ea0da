"""Reads pairs of detected and true motion (h36m_sh) and true motion alone (Penn Action, Bandai, CMU)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corrector.training.pairs_file import Take
from estimators.known_skeletons import of_joints
from estimators.skeletons import JOINTS
from weights.files import FileError

Floats = NDArray[np.floating]

TRAIN_SUBJECTS = ("S1", "S5", "S6", "S7")
VALIDATION_SUBJECTS = ("S8",)
TEST_SUBJECTS = ("S9",)

# Columns of the detector's 16 joints; the head of ours lies between its neck and head top.
H36M_JOINTS = JOINTS[1:]
_H36M_COLUMNS = (8, 9, 13, 12, 14, 11, 15, 10, 3, 2, 4, 1, 5, 0)

# Where our head and head top lie on the line from neck to head of a 3D data set, whose heads are joints of
# the spine (Bandai: 65 mm above the neck, CMU: 179 mm) and which have no usable head top.
_HEADS = {"bandai_*": (1.9, 3.6), "cmu_small_*": (0.85, 1.4)}
_LABELS = {"head": "head", "neck": "neck", "head_top": "head_top"} | {
    f"{side[0]}{part}": f"{side}_{part}"
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
}


@dataclass(frozen=True)
class Sequence2D:
    """Detected and true joints of one take.

    Attributes:
        name: subject, action and camera.
        detected: float32, (T, 14, 2), pixels, in the order of :data:`H36M_JOINTS`.
        true: float32, (T, 14, 2), pixels.
        fps: frames a second.
    """

    name: str
    detected: Floats
    true: Floats
    fps: float

    def as_pairs(self) -> Take:
        """The same as a take of pairs; the detector gives no scores."""
        scored = np.pad(self.detected, ((0, 0), (0, 0), (0, 1)), constant_values=np.nan)
        return Take(self.name, scored, self.true, self.fps)


@dataclass(frozen=True)
class Motion:
    """True motion without detections.

    Attributes:
        points: float32, (T, 15, 2 or 3) in the order of :data:`estimators.skeletons.JOINTS`, NaN where
            unknown. In 3D millimetres with y upwards, in 2D pixels.
        lengths: frames of each take, one after another in ``points``.
        fps: frames a second.
    """

    points: Floats
    lengths: tuple[int, ...]
    fps: float


def load_h36m(folder: Path, subjects: Sequence[str]) -> list[Sequence2D]:
    """Takes of some subjects of ``h36m_sh``; its ``meta.json`` describes the files.

    Raises:
        FileError: the folder does not hold them.
    """
    meta = json.loads(_existing(folder / "meta.json").read_text())
    true_columns = [meta["sh_to_gt17"][column] for column in _H36M_COLUMNS]
    takes = []
    for subject in subjects:
        with np.load(_existing(folder / f"{subject}.npz")) as file:
            for key in sorted(name for name in file.files if name.startswith("est|")):
                take = key.removeprefix("est|")
                detected = np.cumsum(file[key].astype(np.int64), axis=0)
                true = np.cumsum(np.cumsum(file[f"gt|{take}"].astype(np.int64), axis=0), axis=0) / 8
                takes.append(
                    Sequence2D(
                        f"{subject}|{take}",
                        detected[:, _H36M_COLUMNS].astype(np.float32),
                        true[:, true_columns].astype(np.float32),
                        float(meta["fps"]),
                    )
                )
    return takes


def load_motion(folder: Path) -> tuple[list[Motion], Motion]:
    """The 3D takes (one entry a data set) and the clips of Penn Action in ``folder``.

    Raises:
        FileError: the folder does not hold them.
    """
    described = json.loads(_existing(folder / "mocap.json").read_text())
    solid = []
    for path in sorted(folder.glob("*_3d.npz")):
        kind = next(key for key in _HEADS if path.name.startswith(key.removesuffix("*")))
        with np.load(path) as file:
            takes = [file[name].astype(np.float32) for name in sorted(file.files)]
        points = _arranged(np.concatenate(takes), described[kind]["joints"])
        neck, head = points[:, JOINTS.index("neck")], points[:, JOINTS.index("head")].copy()
        for joint, share in zip(("head", "head_top"), _HEADS[kind], strict=True):
            points[:, JOINTS.index(joint)] = neck + share * (head - neck)
        solid.append(Motion(points, tuple(len(take) for take in takes), float(described[kind]["fps"])))
    return solid, _load_penn(folder)


def _load_penn(folder: Path) -> Motion:
    described = json.loads(_existing(folder / "penn_action_train.json").read_text())
    with np.load(_existing(folder / "penn_action_train.npz")) as file:
        points = file["xy"].astype(np.float32) / 16
        points[file["vis"] == 0] = np.nan
        lengths = tuple(int(length) for length in file["length"])
    return Motion(_arranged(points, described["joints"]), lengths, 30.0)


def _arranged(points: Floats, labels: Sequence[str]) -> Floats:
    return of_joints([_LABELS[label] for label in labels]).select(points)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileError(f"{path}: no such file. Give the folder that holds h36m_sh/ and motion/.")
    return path
