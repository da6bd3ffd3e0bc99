"""What every image tower offers: tokens, one vector, a vector per patch, and CLIP Surgery's path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.attention import Heads
from vtviz.models.open_clip.towers.attention import (
    run_written,
)

SURGERY_LAYERS = 6  # as in the authors' code


class VisionTower:
    """A vision transformer that turns ``pixels [batch, 3, height, width]`` into one vector and one for each patch.

    ``offset`` tokens stand before the first patch; ``size`` is the input's height and width, of which the patches cover
    ``covered``. ``takes_registers`` says that a class token is its answer, after which a register can stand.
    """

    layers: list[Any]
    grid: tuple[int, int]
    offset: int
    size: tuple[int, int]
    patch: tuple[int, int]
    takes_registers = False
    has_register = False

    def add_register(self) -> None:
        """From now on a token of zeros joins the others after the class token."""
        self.has_register, self.offset = True, self.offset + 1

    def _joined(self, embedded: Tensor) -> Tensor:
        """Embedded tokens ``[batch, 1 + patches, width]`` with the register where there is one."""
        if not self.has_register:
            return embedded
        return torch.cat([embedded[:, :1], torch.zeros_like(embedded[:, :1]), embedded[:, 1:]], dim=1)

    def _own(self, tokens: Tensor) -> Tensor:
        """Tokens without the register."""
        return torch.cat([tokens[:, :1], tokens[:, 2:]], dim=1) if self.has_register else tokens

    @property
    def covered(self) -> tuple[int, int]:
        return self.grid[0] * self.patch[0], self.grid[1] * self.patch[1]

    def tokens(self, pixels: Tensor) -> Tensor:
        """What the last layer gives, ``[batch, offset + patches, width]``."""
        raise NotImplementedError

    def pooled(self, tokens: Tensor) -> Tensor:
        """One vector ``[batch, channels]`` of the joint space, not yet of unit length."""
        raise NotImplementedError

    def patches(self, tokens: Tensor) -> Tensor:
        """What the one vector would be if each patch stood alone, ``[batch, patches, channels]``."""
        raise NotImplementedError

    def ended(self, tokens: Tensor) -> Tensor:
        """One vector ``[batch, channels]`` as if the tower ended after a layer that gives ``tokens``: of the mean of
        all of them, or by the tower's attentional pooler."""
        raise NotImplementedError

    @contextmanager
    def layer_outputs(self) -> Iterator[list[Tensor]]:
        """What each layer gives in this thread inside the ``with``, ``[batch, offset + patches, width]``."""
        outputs: list[Tensor] = []
        owner = threading.get_ident()

        def keep(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            if threading.get_ident() == owner:
                outputs.append(output)

        handles = [layer.register_forward_hook(keep) for layer in self.layers]
        try:
            yield outputs
        finally:
            for handle in handles:
                handle.remove()

    def readout(self, tokens: Tensor) -> Tensor:
        """How much the one vector reads each token, ``[batch, offset + patches]``; each row sums to 1."""
        raise NotImplementedError

    def fixed_readout(self) -> Tensor | None:
        """The same ``[offset + patches]`` where it is that of every photo, or None where a pooler attends."""
        raise NotImplementedError

    def _all(self, first: int, last: int | None = None) -> Tensor:
        read = torch.zeros(self.offset + self.grid[0] * self.grid[1])
        read[first:last] = 1.0
        return read / read.sum()

    def surgery_tokens(self, pixels: Tensor) -> Tensor:
        """Tokens of a path of value–value attention along the last layers, without their feed-forward parts (Li et al.,
        "CLIP Surgery for Better Explainability", 2023)."""
        chosen = self.layers[-SURGERY_LAYERS:]
        inputs: dict[nn.Module, Tensor] = {}

        def keep(module: nn.Module, args: tuple[Tensor, ...]) -> None:
            inputs[module] = args[0]

        handles = [layer.register_forward_pre_hook(keep) for layer in chosen]
        try:
            self.tokens(pixels)
        finally:
            for handle in handles:
                handle.remove()
        path = inputs[chosen[0]]
        for layer in chosen:
            path = path + self._of_values(layer, inputs[layer])
        return path

    def _of_values(self, layer: Any, x: Tensor) -> Tensor:
        normed = (layer.ln_1 if hasattr(layer, "ln_1") else layer.norm1)(x)
        many = isinstance(layer.attn, nn.MultiheadAttention)
        inputs = (normed, normed, normed) if many else (normed,)
        out = run_written(layer.attn, _value_value, *inputs)
        scaled: Callable[[Tensor], Tensor] = (
            getattr(layer, "ls_1", None) or getattr(layer, "ls1", None) or nn.Identity()
        )
        gamma = getattr(layer, "gamma_1", None)  # as timm's EVA scales
        mixed = scaled(out[0] if many else out)
        return mixed if gamma is None else gamma * mixed


def _value_value(heads: Heads) -> Tensor:
    return F.scaled_dot_product_attention(heads.value, heads.value, heads.value)
