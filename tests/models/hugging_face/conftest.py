"""Tiny random networks, built by the classes of transformers and saved as their folders are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import (
    AltCLIPConfig,
    AltCLIPModel,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForImageTextRetrieval,
    BlipForQuestionAnswering,
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    InternVLConfig,
    InternVLForConditionalGeneration,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    SiglipConfig,
    SiglipModel,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    ViltConfig,
    ViltForImageAndTextRetrieval,
    ViltForQuestionAnswering,
)

from vtviz.inputs import ImageInput
from vtviz.models.hugging_face.family import load

WORDS = [
    "a",
    "dog",
    "cat",
    "two",
    "run",
    "##s",
    "red",
    "square",
    "left",
    "right",
    "yes",
    "no",
    "on",
    "the",
    "in",
    "photo",
    "does",
    "show",
    "answer",
    "with",
    ",",
    ".",
    "?",
    ":",
]
LETTERS = [mark + letter for letter in "abcdefghijklmnopqrstuvwxyz" for mark in ("", "##")]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]", *dict.fromkeys([*WORDS, *LETTERS])]
TEXT = {
    "vocab_size": len(PIECES),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
    "bos_token_id": 4,
    "sep_token_id": 3,
    "eos_token_id": 3,
    "pad_token_id": 0,
}
VISION = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "image_size": 32,
    "patch_size": 8,
}
Make = Callable[[str], Path]


def save_bert(folder: Path, added: tuple[str, ...] = ()) -> None:
    """A tokenizer as BERT's, with further special tokens behind its pieces."""
    inner = Tokenizer(WordPiece({piece: i for i, piece in enumerate(PIECES)}, unk_token="[UNK]"))
    inner.normalizer, inner.pre_tokenizer = BertNormalizer(lowercase=True), BertPreTokenizer()
    inner.decoder = WordPieceDecoder(cleanup=False)
    inner.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    special = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, **special)
    tokenizer.add_special_tokens({"additional_special_tokens": list(added)})
    tokenizer.save_pretrained(folder)


def save(folder: Path, network: Any) -> Path:
    """A network with small random weights beside what prepares photos."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if weights.ndim > 1 or name.endswith("cls_token"):
                weights.normal_(0, 0.3)
    network.save_pretrained(folder)
    about = {"image_processor_type": "Any", "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(about))
    return folder


def blip(kind: Any, folder: Path) -> Path:
    config = BlipConfig(text_config=TEXT, vision_config=VISION, projection_dim=12, image_text_hidden_size=12)
    save_bert(folder)
    return save(folder, kind(config))


def vilt(kind: Any, folder: Path) -> Path:
    answers = {i: word for i, word in enumerate(["dog", "yes", "cat", "no"])}
    config = ViltConfig(**{**TEXT, "image_size": 32, "patch_size": 8}, id2label=answers)
    save_bert(folder)
    return save(folder, kind(config))


def dual(kind: Any, config: Any, folder: Path, **text: Any) -> Path:
    save_bert(folder)
    own = {**TEXT, "project_dim": 16, "projection_size": 16, **text}
    return save(folder, kind(config(text_config=own, vision_config=VISION, projection_dim=16)))


IMAGE = ("<image>", "<fake_token_around_image>", "<global-img>", "<img>", "</img>")
TILES = tuple(f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2))
MANY_TILES = tuple(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5))
LLAMA = {
    "model_type": "llama",
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "pad_token_id": 0,
}


def decoder(kind: Any, config: Any, folder: Path, vision: dict[str, Any], **options: Any) -> Path:
    tiles = options.pop("tiles", TILES)
    save_bert(folder, (*IMAGE, *tiles))
    own = {**VISION, "model_type": "clip_vision_model", "head_dim": 8, **vision}
    text = {**LLAMA, "vocab_size": len(PIECES) + len(IMAGE) + len(tiles), **options.pop("text", {})}
    made = config(text_config=text, vision_config=own, image_token_id=len(PIECES), **options)
    return save(folder, kind(made))


def gemma3(folder: Path) -> Path:
    text = {"model_type": "gemma3_text", "head_dim": 4, "sliding_window": 128, "num_hidden_layers": 2}
    text["layer_types"] = ["sliding_attention", "full_attention"]
    begin, end = len(PIECES) + 3, len(PIECES) + 4
    return decoder(
        Gemma3ForConditionalGeneration,
        Gemma3Config,
        folder,
        {"model_type": "siglip_vision_model"},
        text=text,
        mm_tokens_per_image=16,
        boi_token_index=begin,
        eoi_token_index=end,
        image_token_index=len(PIECES),
    )


def paligemma(folder: Path, text: dict[str, Any]) -> Path:
    return decoder(
        PaliGemmaForConditionalGeneration,
        PaliGemmaConfig,
        folder,
        {"model_type": "siglip_vision_model", "projection_dim": 16},
        text={"head_dim": 4, **text},
        projection_dim=16,
        image_token_index=len(PIECES),
    )


ROPE = {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 10000.0}


def qwen(kind: Any, config: Any, folder: Path, text: str, vision: dict[str, Any]) -> Path:
    """With an input of 4 × 4 patches, each of 2 × 2 squares of 4 × 4 pixels."""
    own = {"depth": 2, "num_heads": 2, "patch_size": 4, "spatial_merge_size": 2, "temporal_patch_size": 2, **vision}
    decoder(
        kind,
        config,
        folder,
        {"model_type": vision["model_type"], **own},
        text={"model_type": text, "head_dim": 8, "num_attention_heads": 2, "rope_parameters": ROPE},
        vision_start_token_id=len(PIECES) + 3,
        vision_end_token_id=len(PIECES) + 4,
        video_token_id=len(PIECES) + 2,
    )
    about = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps(about | {"max_pixels": 32 * 32}))
    return folder


def qwen2(folder: Path) -> Path:
    vision = {"model_type": "qwen2_5_vl", "window_size": 16, "fullatt_block_indexes": [1], "out_hidden_size": 16}
    return qwen(Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLConfig, folder, "qwen2_5_vl_text", vision)


def qwen3(folder: Path) -> Path:
    vision = {"model_type": "qwen3_vl", "deepstack_visual_indexes": [0, 1], "out_hidden_size": 16}
    return qwen(
        Qwen3VLForConditionalGeneration,
        Qwen3VLConfig,
        folder,
        "qwen3_vl_text",
        {**vision, "num_position_embeddings": 64},
    )


def smolvlm(folder: Path, tiles: int) -> Path:
    decoder(
        SmolVLMForConditionalGeneration,
        SmolVLMConfig,
        folder,
        {"model_type": "smolvlm_vision"},
        scale_factor=2,
        pad_token_id=0,
        tiles=MANY_TILES if tiles > 2 else TILES,
    )
    about = json.loads((folder / "preprocessor_config.json").read_text())
    about |= {"do_image_splitting": tiles > 1, "size": {"longest_edge": 32 * tiles}}
    (folder / "preprocessor_config.json").write_text(json.dumps(about))
    return folder


MADE: dict[str, Callable[[Path], Path]] = {
    "blip-match": lambda folder: blip(BlipForImageTextRetrieval, folder),
    "blip-caption": lambda folder: blip(BlipForConditionalGeneration, folder),
    "blip-answer": lambda folder: blip(BlipForQuestionAnswering, folder),
    "vilt-match": lambda folder: vilt(ViltForImageAndTextRetrieval, folder),
    "vilt-answer": lambda folder: vilt(ViltForQuestionAnswering, folder),
    "clip": lambda folder: dual(CLIPModel, CLIPConfig, folder),
    "siglip": lambda folder: dual(SiglipModel, SiglipConfig, folder),
    "chinese-clip": lambda folder: dual(ChineseCLIPModel, ChineseCLIPConfig, folder),
    "alt-clip": lambda folder: dual(AltCLIPModel, AltCLIPConfig, folder),
    "llava": lambda folder: decoder(LlavaForConditionalGeneration, LlavaConfig, folder, {}, vision_feature_layer=-1),
    "smolvlm": lambda folder: smolvlm(folder, 1),
    "smolvlm-tiles": lambda folder: smolvlm(folder, 2),
    "internvl": lambda folder: decoder(
        InternVLForConditionalGeneration,
        InternVLConfig,
        folder,
        {"model_type": "internvl_vision", "image_size": [32, 32], "patch_size": [4, 4]},
        downsample_ratio=0.5,
    ),
    "gemma3": gemma3,
    "paligemma": lambda folder: paligemma(folder, {"model_type": "gemma"}),
    "paligemma2": lambda folder: paligemma(folder, {"model_type": "gemma2", "attn_logit_softcapping": 5.0}),
    "qwen2.5": qwen2,
    "qwen3": qwen3,
}

MORE = {
    "smolvlm-shaped": lambda folder: smolvlm(folder, 4),  # for tests of photos of any shape
    "llava-phi3": lambda folder: decoder(  # whose language model projects queries, keys and values at once
        LlavaForConditionalGeneration,
        LlavaConfig,
        folder,
        {"model_type": "siglip_vision_model", "vision_use_head": False},
        text={"model_type": "phi3"},
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    ),
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """The folder of a tiny network by its kind, made once."""
    folders: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in folders:
            folders[kind] = {**MADE, **MORE}[kind](tmp_path_factory.mktemp(kind))
        return folders[kind]

    return make


@pytest.fixture
def folder(made: Make, tmp_path: Path) -> Path:
    """A folder of its own with a tiny model, to be damaged."""
    shutil.copytree(made("blip-match"), tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture(scope="session")
def loaded(made: Make) -> Callable[[str], Any]:
    """A tiny model by its kind, loaded once by its name."""
    models: dict[str, Any] = {}

    def get(kind: str) -> Any:
        if kind not in models:
            models[kind] = load(f"hf:{made(kind)}", torch.device("cpu"))
        return models[kind]

    return get


@pytest.fixture(scope="session")
def photo() -> ImageInput:
    return ImageInput(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8), "0" * 64)
