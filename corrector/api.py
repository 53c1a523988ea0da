"""The corrector as others use it: keypoints of a clip in, corrected keypoints out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import weights as store
from corrector.configuration import CorrectorConfig
from corrector.gaps import bridge
from corrector.modeling import CorrectorNetwork
from corrector.preparation import prepare
from corrector.processor import PoseSequence, correct_segments
from corrector.timeline import Timeline, fillable, segments
from estimators.known_skeletons import of_joints
from estimators.skeletons import Skeleton

KIND = "corrector"
DEFAULT_WEIGHTS = "corrector-default"
MAX_GAP_SECONDS = 0.5
UNSURE_ERROR = 0.3
"""In person sizes (see :func:`corrector.features.center_and_scale`): a joint with more error to be expected
is unsure. About 6 % of the height of a person standing upright."""


@dataclass(frozen=True)
class Correction:
    """Corrected keypoints of a clip of T frames, with the joints that were given.

    Attributes:
        keypoints: float32, (T, J, 2): x, y in pixels, NaN where missing and not to be filled.
        error_px: float32, (T, J): the distance to the true point that is to be expected, in pixels; NaN
            where there is no point, or for a joint that the corrector does not know.
        filled: bool, (T, J): the joint was missing and has been filled in.
        unsure: bool, (T, J): the error to be expected is large for a person of this size.
    """

    keypoints: NDArray[np.float32] = field(repr=False)
    error_px: NDArray[np.float32] = field(repr=False)
    filled: NDArray[np.bool_] = field(repr=False)
    unsure: NDArray[np.bool_] = field(repr=False)


class Corrector:
    """A trained network with all that is around it.

    Attributes:
        name: of its weights.
        joints: those it can correct.
        weights_sha256: of its weights file, empty where it did not come from one.
        batch_size: windows at once. It changes speed and memory, not the result.
    """

    def __init__(
        self,
        network: CorrectorNetwork,
        *,
        device: torch.device,
        name: str = "",
        weights_sha256: str = "",
        batch_size: int | None = None,
    ) -> None:
        self.name = name or network.config.preset
        self.joints = network.config.joints
        self.weights_sha256 = weights_sha256
        self.batch_size = batch_size or (1024 if device.type == "cuda" else 128)
        self._device = device
        self._network = network.to(device).eval()

    @classmethod
    def from_weights(cls, weights: Path | None = None, *, device: torch.device) -> Corrector:
        """Reads a weights file; None means the one that comes with posefix.

        Raises:
            weights.WeightsError: the file is missing, damaged or of another kind.
        """
        path = store.find(DEFAULT_WEIGHTS) if weights is None else weights
        network = load_network(path)
        return cls(network, device=device, name=path.stem, weights_sha256=store.sha256(path))

    def correct(
        self,
        keypoints: NDArray[np.floating],
        *,
        pts_seconds: Sequence[float] | NDArray[np.floating],
        joints: Sequence[str] | Skeleton,
        max_gap_seconds: float = MAX_GAP_SECONDS,
        progress: Callable[[int], None] | None = None,
    ) -> Correction:
        """Corrects the keypoints of one person in a clip.

        Args:
            keypoints: (T, J, 3): x, y in pixels and a score in 0..1, x and y NaN where missing.
            pts_seconds: (T,), when each frame is shown, strictly rising.
            joints: the skeleton with the J joints, or their names alone; see
                :func:`estimators.known_skeletons.of_joints`. What the corrector does not know of them comes
                out as it went in, what it knows and they have not is missing to it.
            max_gap_seconds: a joint, or everybody, missing for longer than this is not filled in.
            progress: told the number of frames done, now and then.

        Raises:
            ValueError: shapes or times that do not fit, or no joint that the corrector knows.
        """
        times = np.asarray(pts_seconds, dtype=np.float64)
        given = np.asarray(keypoints, dtype=np.float64)
        skeleton = joints if isinstance(joints, Skeleton) else of_joints(joints)
        _check(given, times, len(skeleton.joints), max_gap_seconds)
        theirs, ours = self._shared(skeleton)
        points, scores = self._arrange(given, skeleton, theirs)
        fixed, error = self._correct_known(points, scores, times, max_gap_seconds, progress)
        result = given[..., :2].astype(np.float32)
        expected = np.full(result.shape[:2], np.nan, dtype=np.float32)
        result[:, theirs], expected[:, theirs] = fixed[:, ours], error[:, ours, 0]
        filled = np.isfinite(result).all(axis=2) & ~np.isfinite(given[..., :2]).all(axis=2)
        unsure = np.zeros(filled.shape, dtype=bool)
        unsure[:, theirs] = error[:, ours, 1] > UNSURE_ERROR  # never where it is NaN
        return Correction(result, expected, np.asarray(filled), unsure)

    def _shared(self, skeleton: Skeleton) -> tuple[list[int], list[int]]:
        """Indices of the joints that both have, among the skeleton's and among the corrector's.

        Raises:
            ValueError: there is none.
        """
        sources = [skeleton.sources(joint) for joint in self.joints]
        if not any(sources):
            raise ValueError(
                f"Invalid joints ({', '.join(skeleton.joints)}): the corrector knows none of them. "
                f"Supported values are {', '.join(self.joints)}."
            )
        shared = [(around[0], ours) for ours, around in enumerate(sources) if len(around) == 1]
        return [theirs for theirs, _ in shared], [ours for _, ours in shared]

    def _arrange(
        self, given: NDArray[np.floating], skeleton: Skeleton, shared: Sequence[int]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Points (T, J, 2) and scores (T, J) in the network's order of joints, NaN and 0 where missing."""
        scored = given.copy()
        scored[..., 2] = np.clip(np.nan_to_num(given[..., 2], nan=1.0), 0, 1)
        arranged = skeleton.select(scored, self.joints)
        for index, joint in enumerate(self.joints):
            around = skeleton.sources(joint)
            # A middle of joints that it is given anyway is no news: the network was trained without.
            if len(around) > 1 and set(around) <= set(shared):
                arranged[:, index] = np.nan
        points, scores = arranged[..., :2], np.nan_to_num(arranged[..., 2])
        points[~np.isfinite(points).all(axis=2)] = np.nan
        return points, scores

    def _correct_known(
        self,
        points: NDArray[np.floating],
        scores: NDArray[np.floating],
        times: NDArray[np.floating],
        max_gap_seconds: float,
        progress: Callable[[int], None] | None,
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Points (T, J, 2) and expected errors (T, J, 2), in pixels and in person sizes, of its joints."""
        given = np.isfinite(points[..., 0])
        whole = segments(np.asarray(given.any(axis=1)), times, max_gap_seconds=max_gap_seconds)
        ready = prepare(points, scores, times, config=self._network.config, segments=whole)
        timeline = Timeline.of(times)
        track = PoseSequence(*timeline.gather(ready.points, ready.scores), timeline.seconds)
        there = np.isfinite(track.points[..., 0])
        # Jumps were given, so that something is given back for them.
        shown = there | timeline.any(ready.jumped)
        parts = segments(np.asarray(shown.any(axis=1)), track.seconds, max_gap_seconds=max_gap_seconds)

        def report(steps: int) -> None:
            if progress is not None:
                progress(int(np.searchsorted(timeline.step_of_frame, steps)))

        fixed, error = correct_segments(
            self._network, track, parts, batch_size=self.batch_size, device=self._device, progress=report
        )
        result, expected = np.full_like(points, np.nan), np.full_like(points, np.nan)
        for part in parts:
            keep = shown[part] | fillable(shown[part], track.seconds[part], max_gap_seconds=max_gap_seconds)
            steps = timeline.step_of_frame
            frames = slice(*np.searchsorted(steps, (part.start, part.stop)))
            kept = keep[steps[frames] - part.start]
            fixed[part] = bridge(fixed[part], there[part], track.seconds[part])
            spread = timeline.spread(part, fixed, times[frames])
            result[frames] = np.where(kept[..., None], spread, np.nan)
            expected[frames] = np.where(kept[..., None], error[steps[frames]], np.nan)
        return result, expected


def load_network(path: Path) -> CorrectorNetwork:
    """The network of a weights file.

    Raises:
        weights.WeightsError: the file is missing, damaged or of another kind.
    """
    return store.load_model(path, kind=KIND, read=CorrectorConfig.from_dict, build=CorrectorNetwork)[1]


def save_network(path: Path, network: CorrectorNetwork) -> str:
    """Writes the network's weights and configuration, and returns the file's SHA-256."""
    return store.save(path, kind=KIND, config=network.config.to_dict(), tensors=network.state_dict())


def _check(
    keypoints: NDArray[np.floating],
    times: NDArray[np.floating],
    joints: int,
    max_gap_seconds: float,
) -> None:
    if keypoints.ndim != 3 or keypoints.shape[1:] != (joints, 3):
        raise ValueError(f"Invalid keypoints shape {keypoints.shape}: (frames, {joints}, 3) wanted.")
    if times.shape != keypoints.shape[:1]:
        raise ValueError(f"Invalid pts_seconds shape {times.shape}: ({len(keypoints)},) wanted.")
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise ValueError("Invalid pts_seconds: times must be finite and strictly rising.")
    if not max_gap_seconds >= 0:
        raise ValueError(f"Invalid max_gap_seconds ({max_gap_seconds}). Supported values are 0 and above.")
