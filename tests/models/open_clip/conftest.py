"""Tiny random networks through open_clip's own factory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from open_clip.coca_model import CoCa
from safetensors.torch import save_file

from vtviz.inputs import ImageInput
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.models.open_clip.family import load

TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
VISION = {"image_size": 32, "layers": 3, "width": 32, "head_width": 16, "patch_size": 8}
CONFIGS: dict[str, dict[str, Any]] = {
    "tiny-clip": {"embed_dim": 24, "vision_cfg": VISION, "text_cfg": TEXT},
    "tiny-quick-quickgelu": {"embed_dim": 24, "quick_gelu": True, "vision_cfg": VISION, "text_cfg": TEXT},
    "tiny-own": {
        "embed_dim": 24,
        "vision_cfg": {
            **VISION,
            "image_size": 36,
            "qk_norm": True,
            "scale_heads": True,
            "scale_attn_inner": True,
            "pool_type": "avg",
        },
        "text_cfg": {**TEXT, "qk_norm": True},
    },
    "tiny-timm": {
        "embed_dim": 24,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {"image_size": 160, "timm_model_name": "test_vit", "timm_pool": "avg", "timm_proj": "linear"},
        "text_cfg": {**TEXT, "no_causal_mask": True, "pool_type": "last", "proj_bias": True},
    },
    "tiny-map": {
        "embed_dim": 96,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {"image_size": 160, "timm_model_name": "test_vit3", "timm_pool": "map", "timm_proj": "none"},
        "text_cfg": {**TEXT, "no_causal_mask": True, "pool_type": "last"},
    },
    "tiny-eva": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 224,
            "timm_model_name": "eva02_tiny_patch14_224",
            "timm_pool": "token",
            "timm_proj": "linear",
        },
        "text_cfg": TEXT,
    },
    "tiny-rotary": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 64,
            "timm_model_name": "vit_pe_core_tiny_patch16_384",
            "timm_pool": "map",
            "timm_proj": "linear",
        },
        "text_cfg": TEXT,
    },
    "tiny-rn": {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 16, "patch_size": None},
        "text_cfg": TEXT,
    },
    "tiny-coca": {
        "embed_dim": 24,
        "custom_text": True,
        "vision_cfg": {
            **VISION,
            "attentional_pool": True,
            "attn_pooler_heads": 4,
            "attn_pooler_queries": 6,
            "output_tokens": True,
        },
        "text_cfg": {**TEXT, "width": 24, "embed_cls": True, "output_tokens": True},
        "multimodal_cfg": {**TEXT, "width": 24, "heads": 2, "attn_pooler_heads": 4},
    },
}
DUAL = ["tiny-clip", "tiny-quick-quickgelu", "tiny-own", "tiny-timm", "tiny-map", "tiny-eva", "tiny-rotary"]


@pytest.fixture(scope="session")
def configs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tiny architectures, known to open_clip."""
    folder = tmp_path_factory.mktemp("configs")
    for name, config in CONFIGS.items():
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)


@pytest.fixture(scope="session")
def weights(configs: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of random weights of an architecture, made once."""
    folder, made = tmp_path_factory.mktemp("weights"), dict[str, Path]()

    def of(name: str) -> Path:
        if name not in made:
            torch.manual_seed(0)
            network = open_clip.create_model(name)
            if isinstance(network, CoCa):
                torch.nn.init.normal_(network.text_decoder.text_projection, std=0.2)
            made[name] = folder / f"{name}.safetensors"
            save_file(network.state_dict(), made[name])
        return made[name]

    return of


@pytest.fixture(scope="session")
def loaded(weights: Callable[[str], Path]) -> Callable[[str], OpenClipDualEncoder]:
    """The model of an architecture, loaded from its file once."""
    made = dict[str, OpenClipDualEncoder]()

    def of(name: str, options: str = "") -> OpenClipDualEncoder:
        key = name + options
        if key not in made:
            model = load(f"open_clip:{name}@{weights(name)}{options}", torch.device("cpu"))
            assert model is not None
            made[key] = model
        return made[key]

    return of


@pytest.fixture(scope="session")
def photo() -> ImageInput:
    return ImageInput(np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8), "0" * 64)
