"""What the tests of changed attention share: changes, and what they must lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn

from vtviz.models.recorder import Change, Recording

CHANGES_NOTHING: tuple[Change, ...] = (lambda name, weights: None, lambda name, weights: weights.clone())


class Record(Protocol):
    def __call__(self, kinds: Sequence[str], change: Change, /) -> AbstractContextManager[Recording]: ...


def check_changes(score: Callable[[], Tensor], record: Record, module: nn.Module, layer: str) -> None:
    """The score stays to the last bit where nothing is changed.

    Where each query of a layer attends evenly, and twice as much, it is that of a network without queries and with
    doubled values: the independent computation.
    """
    plain, names = score(), list[str]()
    for change in CHANGES_NOTHING:
        with record((), change) as recording:
            assert torch.equal(score(), plain) and not recording.layers

    def evenly_and_twice(name: str, weights: Tensor) -> Tensor | None:
        names.append(name)
        allowed = (weights > 0).float()
        return 2 * allowed / allowed.sum(dim=-1, keepdim=True) if name == layer else None

    with record((), evenly_and_twice):
        found = score()
    with multiplied(parameters(module, 0), 0), multiplied(parameters(module, 2), 2):
        wanted = score()
    assert names.count(layer) == 1 and (wanted - plain).abs().max() > 1e-4
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-6)
    assert torch.equal(score(), plain)


@contextmanager
def multiplied(tensors: Sequence[Tensor], factor: float) -> Iterator[None]:
    """Multiplies parameters inside the ``with``."""
    before = [tensor.clone() for tensor in tensors]
    for tensor in tensors:
        tensor.mul_(factor)
    try:
        yield
    finally:
        for tensor, old in zip(tensors, before, strict=True):
            tensor.copy_(old)


def parameters(module: nn.Module, part: int) -> list[Tensor]:
    """The parameters of an attention module that make its queries (0) or its values (2)."""
    names = (("query", "q_proj", "q"), (), ("value", "v_proj", "v"))[part]
    linear = [getattr(module, name) for name in names if isinstance(getattr(module, name, None), nn.Linear)]
    single = [tensor for each in linear for tensor in (each.weight, each.bias)] + [
        getattr(module, ("q_bias", "", "v_bias")[part], None)
    ]
    qkv = getattr(module, "qkv", None)
    joined = [getattr(module, "in_proj_weight", None), getattr(module, "in_proj_bias", None)]
    joined += [] if qkv is None else [qkv.weight, qkv.bias]
    thirds = [tensor.data.chunk(3)[part] for tensor in joined if tensor is not None]
    return [*(tensor.data for tensor in single if tensor is not None), *thirds]
