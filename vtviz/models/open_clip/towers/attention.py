"""The attention modules of open_clip, timm and torch, written out so that their weights can be read and changed.

Of each there are two halves, which take the module and what it was called with: ``project`` gives its Heads, and
``output`` turns mixed values ``[batch, heads, queries, size]`` into what the module would have returned.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from open_clip.transformer import Attention as OwnAttention
from timm.layers.attention import Attention as TimmAttention
from timm.layers.attention import AttentionRope
from timm.models.eva import EvaAttention, apply_rot_embed_cat
from torch import Tensor, nn

from vtviz.models.attention import Heads

Attend = Callable[[Heads], Tensor | None]


def project_multihead(
    module: nn.MultiheadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    **_: Any,
) -> Heads:
    """Of ``torch.nn.MultiheadAttention``."""
    together = query is key and key is value
    if not module.batch_first:
        query, key, value = (x.transpose(0, 1) for x in (query, key, value))
    if together and module.in_proj_weight is not None:
        parts = F.linear(query, module.in_proj_weight, module.in_proj_bias).chunk(3, dim=-1)
    else:
        sides = zip((query, key, value), *_matrices(module), strict=True)
        parts = tuple(F.linear(x, weight, bias) for x, weight, bias in sides)
    q, k, v = (_split(part, module.num_heads) for part in parts)
    return Heads(q, k, v, _mask(attn_mask, q), q.shape[-1] ** 0.5, "scores")


def output_multihead(module: nn.MultiheadAttention, mixed: Tensor, *_: Any, **__: Any) -> tuple[Tensor, None]:
    out = module.out_proj(_joined(mixed))
    return (out if module.batch_first else out.transpose(0, 1)), None


def project_own(module: OwnAttention, x: Tensor, attn_mask: Tensor | None = None) -> Heads:
    """Of ``open_clip.transformer.Attention``, with normalised queries and keys."""
    parts = F.linear(x, module.in_proj_weight, module.in_proj_bias).chunk(3, dim=-1)
    q, k, v = (_split(part, module.num_heads) for part in parts)
    return Heads(module.ln_q(q), module.ln_k(k), v, _mask(attn_mask, q), module.scale, "factor")


def output_own(module: OwnAttention, mixed: Tensor, *_: Any, **__: Any) -> Tensor:
    scaled = mixed if module.head_scale is None else mixed * module.head_scale
    out: Tensor = module.out_proj(module.ln_inner(_joined(scaled)))
    return out


def project_timm(module: TimmAttention, x: Tensor, attn_mask: Tensor | None = None, **_: Any) -> Heads:
    """Of ``timm.layers.Attention``, the attention of its vision transformers."""
    q, k, v = (_split(part, module.num_heads) for part in module.qkv(x).chunk(3, dim=-1))
    return Heads(module.q_norm(q), module.k_norm(k), v, _mask(attn_mask, q), module.scale, "factor")


def project_rotary(
    module: EvaAttention | AttentionRope,
    x: Tensor,
    rope: Tensor | None = None,
    attn_mask: Tensor | None = None,
    **_: Any,
) -> Heads:
    """Of ``timm.models.eva.EvaAttention`` and ``timm.layers.attention.AttentionRope``, with rotary positions: those of
    EVA and of the Perception Encoder."""
    if module.qkv is None:
        parts: Any = (module.q_proj(x), module.k_proj(x), module.v_proj(x))
    elif isinstance(module, EvaAttention) and module.q_bias is not None:
        bias: Any = torch.cat((module.q_bias, module.k_bias, module.v_bias))  # type: ignore[arg-type]
        parts = F.linear(x, module.qkv.weight, bias).chunk(3, dim=-1)
    else:
        parts = module.qkv(x).chunk(3, dim=-1)
    q = _split(parts[0], module.num_heads)
    k, v = (_split(part, getattr(module, "num_kv_heads", module.num_heads)) for part in parts[1:])
    q, k = module.q_norm(q), module.k_norm(k)
    if rope is not None:
        first, half = module.num_prefix_tokens, getattr(module, "rotate_half", False)
        q, k = (
            torch.cat([y[:, :, :first], apply_rot_embed_cat(y[:, :, first:], rope, half=half)], dim=2).type_as(v)
            for y in (q, k)
        )
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    return Heads(q, k, v, _mask(attn_mask, q), module.scale, "factor")


def output_timm(
    module: TimmAttention | EvaAttention | AttentionRope, mixed: Tensor, x: Tensor, *_: Any, **__: Any
) -> Tensor:
    """Of any of timm's, which may gate what they return."""
    joined = module.norm(_joined(mixed))
    out: Tensor = module.proj(joined if module.gate is None else joined * module.gate(x).sigmoid())
    return out


@dataclass(frozen=True)
class Written:
    """The two halves of a type of attention module."""

    project: Callable[..., Heads]
    output: Callable[..., Any]


WRITTEN: dict[type[nn.Module], Written] = {
    nn.MultiheadAttention: Written(project_multihead, output_multihead),
    OwnAttention: Written(project_own, output_own),
    TimmAttention: Written(project_timm, output_timm),
    EvaAttention: Written(project_rotary, output_timm),
    AttentionRope: Written(project_rotary, output_timm),
}


MASKS = ("attn_mask", "attention_mask", "encoder_attention_mask")


def run_written(module: nn.Module, attend: Attend, *args: Any, **kwargs: Any) -> Any:
    """What a module returns where ``attend`` mixes its values; None where that leaves them to the module itself."""
    written = WRITTEN[type(module)]
    mixed = attend(written.project(module, *args, **kwargs))
    return None if mixed is None else written.output(module, mixed, *args, **kwargs)


def one_token(
    module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call with one token alone, for a module whose answer will be replaced: it need not compute it as well."""
    if WRITTEN[type(module)].project is project_rotary:  # its rotary positions fit the whole sequence only
        return args, kwargs

    def short(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return None if value.ndim == 4 else value[:1, :1]  # a mask has a side for heads

    inputs = {name: None if name in MASKS else short(value) for name, value in kwargs.items()}
    return tuple(short(value) for value in args), inputs


def value_projection(module: nn.MultiheadAttention) -> tuple[Tensor, Tensor | None]:
    """The weight and the bias that make the values."""
    weights, biases = _matrices(module)
    return weights[2], biases[2]


def _matrices(module: nn.MultiheadAttention) -> tuple[Any, Any]:
    """The weights and the biases that make queries, keys and values."""
    biases = (None, None, None) if module.in_proj_bias is None else module.in_proj_bias.chunk(3)
    if module.in_proj_weight is None:
        return (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight), biases
    return module.in_proj_weight.chunk(3), biases


def _split(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _joined(mixed: Tensor) -> Tensor:
    return mixed.transpose(1, 2).flatten(2)


def _mask(mask: Tensor | None, query: Tensor) -> Tensor | None:
    """A mask as Heads have it: these modules' booleans are True where a key may *not* be attended to."""
    if mask is None:
        return None
    if mask.ndim == 3:
        mask = mask.reshape(-1, query.shape[1], *mask.shape[1:])  # from [batch * heads, queries, keys]
    return ~mask if mask.dtype == torch.bool else mask.to(query.dtype)
