"""The precision of training on a CPU."""

from __future__ import annotations

import torch

_CAPABILITIES = torch.cpu.get_capabilities()
FAST_BFLOAT16 = bool(_CAPABILITIES.get("amx_bf16") or _CAPABILITIES.get("avx512_bf16"))


def mixed_precision() -> torch.autocast:
    """bfloat16 where the CPU has instructions for it; without them it is many times slower than float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=FAST_BFLOAT16)
