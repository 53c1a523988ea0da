"""SFN's two outputs: heatmaps before and after the spatial fusion, a loss on each."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from torch import nn

PRIOR = 0.01  # a heatmap's mean at the start, where outputs are logits


@MODELS.register_module()
class HeatmapBCELoss(nn.Module):
    """Binary cross entropy of heatmap logits against Gaussian targets, in units that start near 1.

    Has the same optimum as the squared error (the target's mean), but its gradient does not fade where a
    peak is still missing. Joints of weight 0 give no loss.
    """

    def forward(self, logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Logits and targets (N, J, H, W), weights (N, J) -> a number."""
        logits = logits.float()  # they may come in half precision
        losses = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        # The entropy of the targets is what the best heatmap still costs.
        entropy = torch.special.entr(targets) + torch.special.entr(1 - targets)
        per_joint = (losses - entropy).sum(dim=(2, 3))
        return (per_joint * weights).sum() / (10.0 * weights.sum().clamp(min=1.0))


@MODELS.register_module()
class SFNHead(HeatmapHead):
    """One convolution to heatmaps for each of the backbone's two features.

    Args:
        in_channels: channels of the features before loss 1 and before loss 2.
        out_channels: joints.
        upscale: heatmaps have so many times the resolution of the features, by rearranging channels.
        logits: the outputs pass through a sigmoid before decoding.
        rectified_first: a ReLU before loss 1, as in the published configuration.
        init_std: of the convolutions' weights.
        loss, decoder: as in MMPose's ``HeatmapHead``.
    """

    def __init__(
        self,
        *,
        in_channels: tuple[int, int],
        out_channels: int,
        upscale: int,
        logits: bool,
        rectified_first: bool,
        init_std: float,
        loss: dict[str, Any],
        decoder: dict[str, Any],
    ) -> None:
        super().__init__(
            in_channels=in_channels[1],
            out_channels=out_channels,
            deconv_out_channels=None,
            final_layer=None,
            loss=loss,
            decoder=decoder,
        )
        outputs = [nn.Conv2d(channels, out_channels * upscale**2, 1) for channels in in_channels]
        for layer in outputs:
            nn.init.normal_(layer.weight, std=init_std)
            assert layer.bias is not None
            nn.init.constant_(layer.bias, -math.log(1 / PRIOR - 1) if logits else 0.0)
        self.first, self.final_layer = outputs
        self.shuffle = nn.PixelShuffle(upscale) if upscale > 1 else nn.Identity()
        self.logits = logits
        self.rectified_first = rectified_first

    def forward(self, feats: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Features of the backbone -> heatmaps (N, J, H, W) of the fusion's output."""
        # In single precision: decoding is done in numpy and OpenCV, which have no half.
        heatmaps = self.shuffle(self.final_layer(feats[-1])).float()
        return heatmaps.sigmoid() if self.logits else heatmaps

    def loss(
        self, feats: tuple[torch.Tensor, ...], batch_data_samples: list[Any], train_cfg: Any = None
    ) -> dict[str, torch.Tensor]:
        """:meth:`losses` of MMPose's samples."""
        del train_cfg
        targets = torch.stack([sample.gt_fields.heatmaps for sample in batch_data_samples])
        weights = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in batch_data_samples])
        return self.losses(feats, targets, weights)

    def losses(
        self, feats: tuple[torch.Tensor, ...], targets: torch.Tensor, weights: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Both losses, equal in weight; joints of weight 0 count in neither.

        Args:
            feats: of the backbone.
            targets: heatmaps (N, J, H, W).
            weights: (N, J).
        """
        first = self.shuffle(self.first(feats[0]))
        if self.rectified_first:
            first = first.relu()
        final = self.shuffle(self.final_layer(feats[1]))
        return {
            "loss_first": self.loss_module(first, targets, weights),
            "loss_kpt": self.loss_module(final, targets, weights),
        }
