"""What a model will weigh, from its configuration alone."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import torch

from vtviz.models.hugging_face.abilities import ARCHITECTURES, architecture_of
from vtviz.models.hugging_face.names import Precision

MARGIN = 1.2  # of the weights: what a pass needs beside them, at least
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def download_mb(config: dict[str, Any]) -> int | None:
    """About how many megabytes of weights a model has; None where transformers cannot build it."""
    numbers = parameters(config)
    return None if numbers is None else round(numbers * BYTES[_stored(config)] / 1e6)


def memory_mb(config: dict[str, Any], asked: Precision, numbers: int | None = None) -> int | None:
    """About how many megabytes of memory a model needs at the precision ``asked`` for; None where transformers cannot
    build it and its ``numbers`` are not known."""
    numbers = parameters(config) if numbers is None else numbers
    return None if numbers is None else round(numbers * BYTES[precision(config, asked)] * MARGIN / 1e6)


def precision(config: dict[str, Any], asked: Precision) -> str:
    """That at which a model runs, as far as its configuration tells."""
    known = ARCHITECTURES.get(architecture_of(config))
    own = _stored(config) if known is not None and known.keeps_dtype else "float32"
    return own if asked == "auto" else asked


def parameters(config: dict[str, Any]) -> int | None:
    """How many numbers the weights hold, from the network on the meta device, where none takes memory."""
    return _parameters(json.dumps(config, sort_keys=True))


@lru_cache(64)
def _parameters(written: str) -> int | None:
    config = json.loads(written)
    try:
        import transformers
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        from vtviz.models.hugging_face.loading.quiet import quiet

        kind: Any = getattr(transformers, architecture_of(config))
        with quiet(), torch.device("meta"):
            network = kind(CONFIG_MAPPING[config["model_type"]].from_dict(config))
    except Exception:  # an odd configuration may raise anything; the size is only for the person to know
        return None
    return int(network.num_parameters())


def _stored(config: dict[str, Any]) -> str:
    """The precision of the weights, as a configuration says."""
    text = config.get("text_config") or {}
    named = config.get("dtype") or config.get("torch_dtype") or text.get("dtype") or text.get("torch_dtype")
    return named if named in BYTES else "float32"
