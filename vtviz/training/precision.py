"""The precision of training."""

from __future__ import annotations

import torch

_CAPABILITIES = torch.cpu.get_capabilities()
FAST_BFLOAT16 = bool(_CAPABILITIES.get("amx_bf16") or _CAPABILITIES.get("avx512_bf16"))


def mixed_precision(device: torch.device | None = None) -> torch.autocast:
    """bfloat16 where the device has instructions for it; a CPU without them is many times slower than in float32."""
    if device is not None and device.type == "cuda":
        return torch.autocast("cuda", torch.bfloat16, enabled=torch.cuda.is_bf16_supported())
    return torch.autocast("cpu", torch.bfloat16, enabled=FAST_BFLOAT16)
