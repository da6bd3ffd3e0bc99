"""What every image tower offers: tokens, one vector, a vector per patch, and CLIP Surgery's path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vtviz.models.attention import Heads
from vtviz.models.open_clip.towers.attention import run_written

SURGERY_LAYERS = 6  # as in the authors' code

# Gets a module, what it was called with, and what it gives; returns what to go on with, or None.
Hook = Callable[[Any, tuple[Tensor, ...], Tensor], Tensor | None]


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
    ends_in_mean = False  # whether ``ended`` reads nothing but the mean of all tokens

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

    def vector(self, pixels: Tensor) -> Tensor:
        """One vector ``[batch, channels]`` of the joint space, not yet of unit length.

        Where it reads a single token, gradients pass the last feed-forward part of this token alone, as the others have
        none there.
        """
        last, read = getattr(self.layers[-1], "mlp", None), self.fixed_readout()
        alone = read is not None and float(read[0]) == 1.0 and not self.has_register
        if last is None or not alone or not torch.is_grad_enabled():
            return self.pooled(self.tokens(pixels))
        with self._hooked({last: _for_first_token}):
            return self.pooled(self.tokens(pixels))

    @contextmanager
    def layer_outputs(self) -> Iterator[list[Tensor]]:
        """What each layer gives in this thread inside the ``with``, ``[batch, offset + patches, width]``, for ``ended``
        and gradients through the layer itself."""
        outputs: list[Tensor] = []

        def keep(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            outputs.append(output)

        in_mean = self.ends_in_mean and not self.has_register and torch.is_grad_enabled()
        steps = [_last_step(layer) for layer in self.layers] if in_mean else []
        through_mean = {step: _through_mean for step in steps if step is not None}
        with self._hooked({**through_mean, **dict.fromkeys(self.layers, keep)}):
            yield outputs

    @contextmanager
    def _hooked(self, hooks: Mapping[Any, Hook]) -> Iterator[None]:
        """Lets each module's hook hear, and perhaps replace, what it gives in this thread inside the ``with``."""
        owner = threading.get_ident()

        def in_this_thread(hook: Hook) -> Hook:
            return lambda module, args, output: hook(module, args, output) if threading.get_ident() == owner else None

        handles = [module.register_forward_hook(in_this_thread(hook)) for module, hook in hooks.items()]
        try:
            yield
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


def _last_step(layer: Any) -> nn.Module | None:
    """The linear step that ends a layer's feed-forward part."""
    mlp = getattr(layer, "mlp", None)
    step = getattr(mlp, "c_proj", None) or getattr(mlp, "fc2", None)
    return step if isinstance(step, nn.Linear) else None


def _through_mean(module: nn.Linear, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """The same output ``[batch, tokens, width]``, with the gradient that it has where all tokens have the same one: it
    passes the step as one row, that of the mean."""
    mean = module.forward(args[0].mean(dim=1, keepdim=True))
    return output.detach() + (mean - mean.detach())


def _for_first_token(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
    """The same output ``[batch, tokens, width]``, with the gradient of the first token alone."""
    first = module.forward(args[0][:, :1])
    return torch.cat([output[:, :1].detach() + (first - first.detach()), output[:, 1:].detach()], dim=1)


def _value_value(heads: Heads) -> Tensor:
    return F.scaled_dot_product_attention(heads.value, heads.value, heads.value)
