"""open_clip models by name."""

from __future__ import annotations

import torch
from open_clip.coca_model import CoCa

from vtviz.models.base import ModelError, ModelInfo
from vtviz.models.open_clip.coca import COCA, CocaModel
from vtviz.models.open_clip.dual_encoder import DUAL_ENCODER, DualEncoder
from vtviz.models.open_clip.loading import is_here, load_parts
from vtviz.models.open_clip.names import parse
from vtviz.models.open_clip.presets import PRESETS


def infos() -> list[ModelInfo]:
    """The presets; any other name of the forms in ``names`` loads as well."""
    return [
        ModelInfo(
            each.name,
            each.label,
            each.description,
            each.licence,
            available(each.name),
            COCA if "coca" in each.name else DUAL_ENCODER,
            each.size_mb,
            each.notice,
        )
        for each in PRESETS
    ]


def available(name: str) -> bool:
    """Whether a model of this family loads without a download."""
    spec = parse(name)
    try:
        return spec is not None and is_here(spec)
    except ModelError:
        return False


def load(name: str, device: torch.device) -> DualEncoder | None:
    """The model, or None where the name belongs to another family. Raises ModelError where it cannot be loaded."""
    spec = parse(name)
    if spec is None:
        return None
    parts = load_parts(spec, device)
    return CocaModel(parts) if isinstance(parts.network, CoCa) else DualEncoder(parts)
