"""Texts that grow by one piece at a time: the keys and values of what stands before are kept, not computed again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor, nn

from vtviz.models.attention import Heads
from vtviz.models.open_clip.towers.capture import replace_attention


@dataclass
class Past:
    """What attention modules computed for the texts ``chosen [texts, T]``, of which nothing is written at first.

    ``kept`` holds keys and values: ``[texts, heads, T, width / heads]`` where texts attend to themselves, ``[1, heads,
    keys, width / heads]`` where they attend to a photo.
    """

    chosen: Tensor | None = None
    kept: dict[nn.Module, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def rows(self, chosen: Tensor) -> Tensor | None:
        """For each text of ``chosen [texts, T + 1]`` the kept one that it continues, or None where one continues
        none."""
        before = chosen[:, :-1]
        if self.chosen is None or self.chosen.shape[1] != before.shape[1]:
            return None
        same = (before[:, None] == self.chosen).all(dim=-1)
        return same.int().argmax(dim=1) if bool(same.any(dim=1).all()) else None


@contextmanager
def one_more(past: Past, chosen: Tensor, itself: Iterable[nn.Module], photo: Iterable[nn.Module]) -> Iterator[None]:
    """Inside the ``with``, modules of ``torch.nn.MultiheadAttention`` that are given the last of ``chosen [texts, T]``
    alone answer as if they were given all.

    Those of ``photo`` read the photo's keys the first time only. Afterwards ``past`` is that of ``chosen``.

    Raises:
        ValueError: if ``chosen`` continues other texts than those of ``past``.
    """
    rows = past.rows(chosen)
    if rows is None and chosen.shape[1] > 1:
        raise ValueError("`chosen` does not continue the kept texts by one piece")
    kept: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def to_itself(module: nn.Module, heads: Heads) -> Tensor:
        key, value = heads.key, heads.value
        if rows is not None:
            keys, values = past.kept[module]
            key, value = torch.cat([keys[rows], key], dim=2), torch.cat([values[rows], value], dim=2)
        kept[module] = key, value
        return _mixed(heads, key, value)

    def to_photo(module: nn.Module, heads: Heads) -> Tensor:
        kept[module] = past.kept.get(module, (heads.key, heads.value))
        return _mixed(heads, *kept[module])

    with ExitStack() as undo:
        for attend, modules in ((to_itself, itself), (to_photo, photo)):
            for module in modules:
                replace_attention(module, partial(attend, module), undo)
        yield
    past.chosen, past.kept = chosen, kept


def _mixed(heads: Heads, key: Tensor, value: Tensor) -> Tensor:
    """Values mixed for the last piece, which may attend to all ``key`` and ``value [batch, heads, keys, size]``."""
    whole = replace(heads, key=key, value=value, mask=None)
    return whole.mixed_by(whole.weights())
