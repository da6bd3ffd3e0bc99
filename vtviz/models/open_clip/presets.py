"""The models that are offered by name. Any other tag, repository or file can be named as well."""

from __future__ import annotations

from dataclasses import dataclass

from vtviz.chinese import Language

MIT, APACHE = "MIT", "Apache-2.0"


@dataclass(frozen=True)
class Preset:
    """A model that is offered. ``repository`` on the Hugging Face hub holds its weights, a download of ``size_mb``;
    ``notice`` is shown wherever the model is used."""

    name: str
    repository: str
    label: str
    description: str
    licence: str
    size_mb: int
    notice: str = ""


PRESETS = (
    Preset(
        "open_clip:ViT-B-32/openai",
        "timm/vit_base_patch32_clip_224.openai",
        "CLIP ViT-B/32",
        "OpenAI's CLIP, 7 × 7 patches; English.",
        MIT,
        605,
    ),
    Preset(
        "open_clip:ViT-B-16/openai",
        "timm/vit_base_patch16_clip_224.openai",
        "CLIP ViT-B/16",
        "OpenAI's CLIP, 14 × 14 patches; English.",
        MIT,
        599,
    ),
    Preset(
        "open_clip:ViT-L-14/openai",
        "timm/vit_large_patch14_clip_224.openai",
        "CLIP ViT-L/14",
        "OpenAI's CLIP, 16 × 16 patches; English.",
        MIT,
        1710,
    ),
    Preset(
        "open_clip:ViT-B-16-SigLIP/webli",
        "timm/ViT-B-16-SigLIP",
        "SigLIP ViT-B/16",
        "Google's SigLIP, trained with a sigmoid loss, 14 × 14 patches; English.",
        APACHE,
        813,
    ),
    Preset(
        "open_clip:coca_ViT-B-32/mscoco_finetuned_laion2b_s13b_b90k",
        "laion/mscoco_finetuned_CoCa-ViT-B-32-laion2B-s13B-b90k",
        "CoCa ViT-B/32",
        "CoCa with cross-attention, 7 × 7 patches; writes captions; English.",
        MIT,
        1015,
    ),
    Preset(
        "open_clip:xlm-roberta-base-ViT-B-32/laion5b_s13b_b90k",
        "laion/CLIP-ViT-B-32-xlm-roberta-base-laion5B-s13B-b90k",
        "CLIP XLM-R ViT-B/32",
        "LAION's CLIP with a multilingual text encoder, 7 × 7 patches; about 100 languages.",
        MIT,
        1464,
    ),
    Preset(
        "open_clip:hf-hub:microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
        "microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224",
        "BiomedCLIP",
        "CLIP trained on biomedical figures and captions, 14 × 14 patches; English.",
        MIT,
        784,
        notice="For research only; not for diagnosis or clinical decisions.",
    ),
)


MULTILINGUAL = ("xlm-roberta", "nllb", "SigLIP2", "SigLIP-i18n", "mt5")


def languages(name: str) -> tuple[Language, ...]:
    """The languages of the app that a model reads, by the name of its text encoder."""
    return ("en", "zh") if any(part.lower() in name.lower() for part in MULTILINGUAL) else ("en",)


def preset(name: str) -> Preset | None:
    """The preset of this name, whatever its options."""
    plain = name.partition("?")[0]
    return next((known for known in PRESETS if known.name == plain), None)
