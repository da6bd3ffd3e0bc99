"""What a model will weigh, from its configuration alone."""

from __future__ import annotations

from typing import Any

import torch

from vtviz.models.hugging_face.abilities import architecture_of

SHORT = ("bfloat16", "float16")


def download_mb(config: dict[str, Any]) -> int | None:
    """About how many megabytes of weights a model has, from its network on the meta device, where no number takes
    memory; None where transformers cannot build it."""
    try:
        import transformers
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        kind: Any = getattr(transformers, architecture_of(config))
        described = CONFIG_MAPPING[config["model_type"]].from_dict(config)
        with torch.device("meta"):
            network = kind(described)
    except Exception:  # an odd configuration may raise anything; the size is only for the person to know
        return None
    named = config.get("dtype") or config.get("torch_dtype") or (config.get("text_config") or {}).get("torch_dtype")
    return round(network.num_parameters() * (2 if named in SHORT else 4) / 1e6)
