"""Gradients of what is explained of several texts, together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

AT_ONCE = 2**28  # bytes of gradients that are held at a time

# What is kept of the gradients ``[n, ...]`` of input number ``i`` for some of the texts.
Reduce = Callable[[int, Tensor], Tensor]


def per_text(values: Tensor, inputs: Sequence[Tensor], reduce: Reduce = lambda i, gradient: gradient) -> list[Tensor]:
    """``reduce`` of ∂value/∂input ``[texts, ...]`` for each input, of ``values [texts]``; their graph stays.

    An input is a tensor of the graph with one row for each text, whose row influences the value of this text alone, or
    with a single row for all texts. For the former the gradient of the sum is that of each value. For the latter there
    are as many vector–Jacobian products as texts, batched as far as memory allows; what made the input, such as an
    image tower, ran only once. The gradient of an input that no value depends on is zero.
    """
    shared = [i for i, tensor in enumerate(inputs) if len(tensor) < len(values)]
    kept: dict[int, Tensor] = {}
    if own := [i for i in range(len(inputs)) if i not in shared]:
        tensors = [inputs[i] for i in own]
        gradients = torch.autograd.grad(values.sum(), tensors, retain_graph=True, allow_unused=True)
        kept = {i: _reduced(reduce, i, inputs[i], gradient) for i, gradient in zip(own, gradients, strict=True)}
    if shared:
        tensors, parts = [inputs[i] for i in shared], dict[int, list[Tensor]]()
        held = sum(tensor.numel() * tensor.element_size() for tensor in tensors) * len(values)
        for rows in torch.eye(len(values), dtype=values.dtype, device=values.device).chunk(-(-held // AT_ONCE)):
            gradients = torch.autograd.grad(
                values, tensors, rows, retain_graph=True, allow_unused=True, is_grads_batched=True
            )
            for i, gradient in zip(shared, gradients, strict=True):
                of_rows = None if gradient is None else gradient.squeeze(1)
                like = inputs[i].expand(len(rows), *inputs[i].shape[1:])
                parts.setdefault(i, []).append(_reduced(reduce, i, like, of_rows))
        kept |= {i: torch.cat(each) for i, each in parts.items()}
    return [kept[i] for i in range(len(inputs))]


def _reduced(reduce: Reduce, index: int, like: Tensor, gradient: Tensor | None) -> Tensor:
    return reduce(index, torch.zeros_like(like) if gradient is None else gradient)
