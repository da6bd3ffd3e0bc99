"""EfficientNet-Lite2 patch features over the whole frame.

Tan and Le, "EfficientNet: Rethinking Model Scaling for CNNs", ICML 2019. The last stages are dilated
(output stride 16, as in Chen et al., "Rethinking Atrous Convolution", 2017), so that the deepest
features keep a grid as fine as that of the middle ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn

ARCHITECTURE = "tf_efficientnet_lite2"
STRIDE = 16
STAGES = (3, 4)  # the last stage of native stride 16, and the last of all


class PatchBackbone(nn.Module):
    """Convolutional features, one vector for each patch of ``STRIDE`` × ``STRIDE`` pixels."""

    def __init__(self) -> None:
        super().__init__()
        features: Any = timm.create_model(
            ARCHITECTURE, pretrained=False, features_only=True, out_indices=STAGES, output_stride=STRIDE
        )
        self.channels: int = sum(features.feature_info.channels())
        self.features = features

    def forward(self, pixels: Tensor) -> Tensor:
        """Pixels ``[batch, 3, H, W]`` in -1..1 to features ``[batch, patches, channels]``, row by row."""
        stages = self.features(pixels)
        return torch.cat([stage.flatten(2) for stage in stages], dim=1).transpose(1, 2)


def to_pixels(image: Image.Image, size: int) -> Tensor:
    """An RGB image, its whole frame squashed to a square, as pixels ``[3, size, size]`` in -1..1."""
    resized = image.resize((size, size), Image.Resampling.BICUBIC)
    array = np.asarray(resized, dtype=np.float32) / 127.5 - 1.0
    return torch.from_numpy(array).permute(2, 0, 1).contiguous()
