"""Heatmap targets for SFN: what MMPose's codec lacks is the target of a joint that is out of the picture."""

from __future__ import annotations

import numpy as np
import torch
from mmpose.codecs import UDPHeatmap
from mmpose.registry import KEYPOINT_CODECS
from torch import Tensor


def draw_heatmaps(joints: Tensor, labelled: Tensor, *, input_size: int, size: int, sigma: float) -> Tensor:
    """Gaussians around joints: (N, J, 2) in pixels of the input -> (N, J, size, size), on the joints' device.

    Args:
        joints: x, y; anything where not labelled.
        labelled: (N, J), above 0 where so. Other joints, and those outside the input, have an empty map.
        input_size: side of the input.
        size: side of the heatmaps.
        sigma: standard deviation in pixels of the heatmap.
    """
    centres = joints / ((input_size - 1) / (size - 1))
    cells = torch.arange(size, dtype=centres.dtype, device=centres.device)
    gaussians = (-(cells - centres[..., None]).square() / (2 * sigma**2)).exp()
    across, down = gaussians.unbind(dim=2)
    inside = ((centres > -0.5) & (centres < size - 0.5)).all(dim=-1)
    present = inside & (labelled > 0)
    return down[..., :, None] * across[..., None, :] * present[..., None, None]


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
        heatmaps = draw_heatmaps(
            torch.from_numpy(keypoints.astype(np.float32)),
            torch.from_numpy(weights),
            input_size=self.input_size[0],
            size=self.heatmap_size[0],
            sigma=self.sigma,
        )
        return {"heatmaps": heatmaps[0].numpy(), "keypoint_weights": weights}
