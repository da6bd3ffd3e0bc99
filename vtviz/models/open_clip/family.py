"""open_clip models by name. open_clip itself is imported when one is asked for: that takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from vtviz.models.base import ModelError, ModelInfo
from vtviz.models.open_clip.abilities import COCA, DUAL_ENCODER
from vtviz.models.open_clip.faults import faults_told
from vtviz.models.open_clip.names import FORMS, PREFIX, parse
from vtviz.models.open_clip.presets import PRESETS, Preset, languages, preset

if TYPE_CHECKING:
    from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder


def infos() -> list[ModelInfo]:
    """The presets; any other name of the forms in ``names`` loads as well."""
    return [_info(known.name, known) for known in PRESETS]


def info(name: str) -> ModelInfo | None:
    """What is known of any name of this family before it is loaded, or None where it belongs to another.

    Raises:
        ModelError: if the name cannot be understood, or there is no such architecture or tag.
    """
    if not name.startswith(PREFIX):
        return None
    with faults_told(name):
        return _info(name, preset(name))


def load(name: str, device: torch.device) -> OpenClipDualEncoder | None:
    """The model, or None where the name belongs to another family. Raises ModelError where it cannot be loaded."""
    spec = parse(name)
    if spec is None:
        return None
    from open_clip.coca_model import CoCa

    from vtviz.models.open_clip.coca import CocaModel
    from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
    from vtviz.models.open_clip.loading.load import load_parts

    with faults_told(name):
        parts = load_parts(spec, device)
        model = CocaModel(parts) if isinstance(parts.network, CoCa) else OpenClipDualEncoder(parts)
        if spec.registers:
            from vtviz.models.open_clip.registers.repair import add_register

            add_register(model)
        return model


def _info(name: str, known: Preset | None) -> ModelInfo:
    spec = parse(name)
    if spec is None:
        raise ModelError("{name} is not an open_clip model name; use {forms}.", name=name, forms=FORMS)
    if known is not None:
        from vtviz.models.open_clip.loading.hub import WEIGHTS, cached

        here = cached(known.repository, WEIGHTS) is not None
        abilities = COCA if "coca" in known.name else DUAL_ENCODER
        return ModelInfo(
            *(name, known.label, known.description, known.licence, here, abilities, known.size_mb, known.notice),
            languages=languages(name),
        )
    from vtviz.models.open_clip.loading.load import is_here, writes
    from vtviz.models.open_clip.loading.weights import find_weights

    if spec.path is not None:
        find_weights(spec.path)
    source = spec.hub or (spec.path.name if spec.path else spec.tag) or ""
    label = f"{spec.architecture} {source}" if spec.hub is None else source
    abilities = COCA if writes(spec) else DUAL_ENCODER
    own, licence = "A model of your own choice.", "see its source"
    return ModelInfo(name, label, own, licence, is_here(spec), abilities, languages=languages(name))
