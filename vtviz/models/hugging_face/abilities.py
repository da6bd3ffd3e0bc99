"""What the architectures of transformers can do: the table to which a new one is added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vtviz.models.base import Abilities
from vtviz.models.open_clip.abilities import DUAL_ENCODER
from vtviz.models.record import Kind

IMAGE: frozenset[Kind] = frozenset({"image"})
TOWERS: frozenset[Kind] = frozenset({"image", "text"})
FUSED: frozenset[Kind] = TOWERS | {"text→image"}
JOINED: frozenset[Kind] = FUSED | {"image→text"}
BLIP_MATCH = Abilities({"match": FUSED, "similarity": TOWERS}, compares=False)
BLIP_CAPTION = Abilities({"match": FUSED, "caption": FUSED}, compares=False)
BLIP_ANSWER = Abilities({"match": FUSED, "answer": FUSED}, compares=False)
VILT_MATCH = Abilities({"match": JOINED}, compares=False)
VILT_ANSWER = Abilities({"match": JOINED, "answer": JOINED}, compares=False)
DECODER = Abilities({"match": JOINED, "caption": JOINED}, compares=False, talks=True)


@dataclass(frozen=True)
class Architecture:
    """A class of transformers that vtviz reads.

    ``module`` and ``reader`` name the class of this family that does, ``module`` below ``vtviz.models.hugging_face``;
    ``keeps_dtype`` says that it runs at the precision of its weights, however low, where none is asked for;
    ``any_grid`` that its input may have any number of rows and columns, ``shapes`` that these follow the photo's shape.
    """

    abilities: Abilities
    module: str
    reader: str
    keeps_dtype: bool = False
    any_grid: bool = False
    shapes: bool = False


DECODERS = ("decoder.model", "DecoderModel", True)
QWEN = ("decoder.qwen", "QwenModel", True)
ARCHITECTURES: dict[str, Architecture] = {
    "BlipForImageTextRetrieval": Architecture(BLIP_MATCH, "blip.matching", "BlipMatcher"),
    "BlipForConditionalGeneration": Architecture(BLIP_CAPTION, "blip.captions", "BlipWriter"),
    "BlipForQuestionAnswering": Architecture(BLIP_ANSWER, "blip.answers", "BlipAnswerer"),
    "ViltForImageAndTextRetrieval": Architecture(VILT_MATCH, "vilt", "ViltMatcher"),
    "ViltForQuestionAnswering": Architecture(VILT_ANSWER, "vilt", "ViltAnswerer"),
    "CLIPModel": Architecture(DUAL_ENCODER, "dual.model", "TransformersDualEncoder"),
    "SiglipModel": Architecture(DUAL_ENCODER, "dual.model", "TransformersDualEncoder"),
    "ChineseCLIPModel": Architecture(DUAL_ENCODER, "dual.model", "TransformersDualEncoder"),
    "AltCLIPModel": Architecture(DUAL_ENCODER, "dual.model", "TransformersDualEncoder"),
    "LlavaForConditionalGeneration": Architecture(DECODER, *DECODERS),
    "SmolVLMForConditionalGeneration": Architecture(DECODER, *DECODERS, shapes=True),
    "Idefics3ForConditionalGeneration": Architecture(DECODER, *DECODERS, shapes=True),
    "InternVLForConditionalGeneration": Architecture(DECODER, *DECODERS, shapes=True),
    "Gemma3ForConditionalGeneration": Architecture(DECODER, *DECODERS),
    "PaliGemmaForConditionalGeneration": Architecture(DECODER, *DECODERS),
    "Qwen2_5_VLForConditionalGeneration": Architecture(DECODER, *QWEN, any_grid=True, shapes=True),
    "Qwen3VLForConditionalGeneration": Architecture(DECODER, *QWEN, any_grid=True, shapes=True),
}


def architecture_of(config: dict[str, Any]) -> str:
    """The architecture that a configuration names, or its kind of model where it names none."""
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named else config.get("model_type")
    return str(first)
