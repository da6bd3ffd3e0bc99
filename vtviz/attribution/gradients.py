"""Gradients of what is explained of several texts, together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
        kept = _of_sum(values.sum(), {i: inputs[i] for i in own}, reduce)
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


def _of_sum(value: Tensor, inputs: Mapping[int, Tensor], reduce: Reduce) -> dict[int, Tensor]:
    """``reduce`` of ∂value/∂input for each input.

    Where everything that the value depends on begins at inputs, one pass towards these meets all the others, whose
    gradients are reduced as they come: the attention maps of a whole network need not be held at once.
    """
    leaves, nodes = _behind(value) if len(inputs) > 1 else ([], set())
    begin = {i: tensor for i, tensor in inputs.items() if any(tensor is leaf for leaf in leaves)}
    if not leaves or len(begin) < len(leaves):
        gradients = torch.autograd.grad(value, list(inputs.values()), retain_graph=True, allow_unused=True)
        return {i: _reduced(reduce, i, inputs[i], gradient) for i, gradient in zip(inputs, gradients, strict=True)}
    met: dict[int, Tensor] = {}

    def meet(i: int) -> Callable[[Tensor], None]:
        def note(gradient: Tensor) -> None:
            met[i] = reduce(i, gradient)

        return note

    passed = [i for i, tensor in inputs.items() if i not in begin and tensor.grad_fn in nodes]
    hooks = [inputs[i].register_hook(meet(i)) for i in passed]
    try:
        gradients = torch.autograd.grad(value, list(begin.values()), retain_graph=True, allow_unused=True)
    finally:
        for hook in hooks:
            hook.remove()
    met |= {i: _reduced(reduce, i, inputs[i], gradient) for i, gradient in zip(begin, gradients, strict=True)}
    return {i: met[i] if i in met else _reduced(reduce, i, inputs[i], None) for i in inputs}


def _behind(value: Tensor) -> tuple[list[Tensor], set[Any]]:
    """The tensors where the graph of a value begins, and all of its nodes."""
    leaves, nodes, waiting = list[Tensor](), set[Any](), [value.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in nodes:
            continue
        nodes.add(node)
        if hasattr(node, "variable"):
            leaves.append(node.variable)
        waiting += [after for after, _ in node.next_functions]
    return leaves, nodes


def _reduced(reduce: Reduce, index: int, like: Tensor, gradient: Tensor | None) -> Tensor:
    return reduce(index, torch.zeros_like(like) if gradient is None else gradient)
