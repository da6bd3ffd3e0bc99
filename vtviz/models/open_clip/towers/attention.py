"""The attention modules of open_clip, timm and torch, written out so that their weights lie on the graph.

Each function takes a module, what it was called with, and ``attend``, which turns queries, keys, values
``[batch, heads, n, width / heads]`` and scores ``[batch, heads, queries, keys]`` into mixed values; it returns what the
module would have returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from open_clip.transformer import Attention as OwnAttention
from timm.layers.attention import Attention as TimmAttention
from timm.layers.attention import AttentionRope
from timm.models.eva import EvaAttention, apply_rot_embed_cat
from torch import Tensor, nn

Attend = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
Written = Callable[..., Any]


def multihead(
    module: nn.MultiheadAttention,
    attend: Attend,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """``torch.nn.MultiheadAttention``; a boolean mask is True where a key may not be attended to."""
    together = query is key and key is value
    if not module.batch_first:
        query, key, value = (each.transpose(0, 1) for each in (query, key, value))
    biases = (None, None, None) if module.in_proj_bias is None else module.in_proj_bias.chunk(3)
    if module.in_proj_weight is None:
        matrices: Any = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    else:
        matrices = module.in_proj_weight.chunk(3)
    if together and module.in_proj_weight is not None:
        parts = F.linear(query, module.in_proj_weight, module.in_proj_bias).chunk(3, dim=-1)
    else:
        sides = zip((query, key, value), matrices, biases, strict=True)
        parts = tuple(F.linear(*each) for each in sides)
    q, k, v = (_heads(each, module.num_heads) for each in parts)
    scores = _masked(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, attn_mask)
    out = module.out_proj(_joined(attend(q, k, v, scores)))
    return (out if module.batch_first else out.transpose(0, 1)), None


def own(module: OwnAttention, attend: Attend, x: Tensor, attn_mask: Tensor | None = None) -> Tensor:
    """``open_clip.transformer.Attention``, with normalised queries and keys, and scaled heads."""
    parts = F.linear(x, module.in_proj_weight, module.in_proj_bias).chunk(3, dim=-1)
    q, k, v = (_heads(each, module.num_heads) for each in parts)
    q, k = module.ln_q(q), module.ln_k(k)
    mixed = attend(q, k, v, _masked(q @ k.transpose(-1, -2) * module.scale, attn_mask))
    if module.head_scale is not None:
        mixed = mixed * module.head_scale
    out: Tensor = module.out_proj(module.ln_inner(_joined(mixed)))
    return out


def timm(module: TimmAttention, attend: Attend, x: Tensor, attn_mask: Tensor | None = None, **_: Any) -> Tensor:
    """``timm.layers.Attention``, the attention of its vision transformers."""
    q, k, v = (_heads(each, module.num_heads) for each in module.qkv(x).chunk(3, dim=-1))
    q, k = module.q_norm(q), module.k_norm(k)
    mixed = module.norm(_joined(attend(q, k, v, _masked(q @ k.transpose(-1, -2) * module.scale, attn_mask))))
    if module.gate is not None:
        mixed = mixed * module.gate(x).sigmoid()
    out: Tensor = module.proj(mixed)
    return out


def rotary(
    module: EvaAttention | AttentionRope,
    attend: Attend,
    x: Tensor,
    rope: Tensor | None = None,
    attn_mask: Tensor | None = None,
    **_: Any,
) -> Tensor:
    """``timm.models.eva.EvaAttention`` and ``timm.layers.attention.AttentionRope``, with rotary positions: those of EVA
    and of the Perception Encoder."""
    if module.qkv is None:
        parts: Any = (module.q_proj(x), module.k_proj(x), module.v_proj(x))
    elif isinstance(module, EvaAttention) and module.q_bias is not None:
        bias: Any = torch.cat((module.q_bias, module.k_bias, module.v_bias))  # type: ignore[arg-type]
        parts = F.linear(x, module.qkv.weight, bias).chunk(3, dim=-1)
    else:
        parts = module.qkv(x).chunk(3, dim=-1)
    q = _heads(parts[0], module.num_heads)
    k, v = (_heads(each, getattr(module, "num_kv_heads", module.num_heads)) for each in parts[1:])
    q, k = module.q_norm(q), module.k_norm(k)
    if rope is not None:
        first, half = module.num_prefix_tokens, getattr(module, "rotate_half", False)
        q, k = (
            torch.cat([each[:, :, :first], apply_rot_embed_cat(each[:, :, first:], rope, half=half)], dim=2).type_as(v)
            for each in (q, k)
        )
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    mixed = module.norm(_joined(attend(q, k, v, _masked(q @ k.transpose(-1, -2) * module.scale, attn_mask))))
    if module.gate is not None:
        mixed = mixed * module.gate(x).sigmoid()
    out: Tensor = module.proj(mixed)
    return out


WRITTEN: dict[type[nn.Module], Written] = {
    nn.MultiheadAttention: multihead,
    OwnAttention: own,
    TimmAttention: timm,
    EvaAttention: rotary,
    AttentionRope: rotary,
}


def one_token(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call with one token alone, for a module whose answer will be replaced: it need not compute it as well."""
    if WRITTEN[type(module)] is rotary:  # its rotary positions fit the whole sequence only
        return args, kwargs

    def short(value: Any) -> Any:
        return value[:1, :1] if isinstance(value, Tensor) else value

    inputs = {name: None if name == "attn_mask" else short(value) for name, value in kwargs.items()}
    return tuple(short(each) for each in args), inputs


def _heads(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _joined(mixed: Tensor) -> Tensor:
    return mixed.transpose(1, 2).flatten(2)


def _masked(scores: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return scores
    if mask.ndim == 3:
        mask = mask.reshape(-1, scores.shape[1], *mask.shape[1:])  # from [batch * heads, queries, keys]
    return scores.masked_fill(mask, float("-inf")) if mask.dtype == torch.bool else scores + mask.to(scores.dtype)
