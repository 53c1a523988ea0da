"""Heatmap targets for SFN: what MMPose's codec lacks is the target of a joint that is out of the picture."""

from __future__ import annotations

import numpy as np
from mmpose.codecs import UDPHeatmap
from mmpose.registry import KEYPOINT_CODECS


@KEYPOINT_CODECS.register_module()
class SFNHeatmap(UDPHeatmap):
    """``UDPHeatmap`` (Huang et al., CVPR 2020), but labelled joints outside the crop are learnt as absent.

    MMPose gives such joints no loss, so a network never sees that a joint may be missing. Here their target
    is an empty map. Joints without label still get no loss. Decoding is MMPose's.
    """

    def encode(
        self, keypoints: np.ndarray, keypoints_visible: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Keypoints (1, J, 2) in input pixels, labelled or not (1, J) -> heatmaps and weights (1, J)."""
        weights = np.ones(keypoints.shape[:2], dtype=np.float32)
        if keypoints_visible is not None:
            weights = (keypoints_visible > 0).astype(np.float32)
        centres = keypoints[0] / self.scale_factor
        width, height = self.heatmap_size
        across = _gaussian(width, centres[:, 0], self.sigma)
        down = _gaussian(height, centres[:, 1], self.sigma)
        inside = (centres > -0.5) & (centres < np.array([width, height]) - 0.5)
        present = inside.all(axis=1) & (weights[0] > 0)
        heatmaps = down[:, :, None] * across[:, None, :] * present[:, None, None]
        return {"heatmaps": heatmaps.astype(np.float32), "keypoint_weights": weights}


def _gaussian(size: int, centres: np.ndarray, sigma: float) -> np.ndarray:
    distance = np.arange(size, dtype=np.float32) - centres[:, None]
    return np.exp(-np.square(distance) / (2 * sigma**2))
