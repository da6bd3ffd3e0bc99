"""What models share that write piece by piece: the pieces of a text that they score, and the text that pieces spell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vtviz.inputs import READABLE, InputError, Tokens, group_pieces
from vtviz.models.base import EncodedText
from vtviz.models.open_clip.kv_cache import Past

CAPTION_LENGTH = 40  # pieces that a caption may have


@dataclass
class Memory:
    """What every step of a caption reads of one photo, and the library's cache of the texts written last."""

    photo: Tensor
    past: Past = field(default_factory=Past)
    cache: Any = None

    def continued(self, chosen: Tensor) -> bool:
        """Makes the cache that of the texts that ``chosen [texts, T]`` continue by one piece; False where it is of
        others, and forgotten."""
        rows = self.past.rows(chosen)
        self.past.chosen = chosen
        if rows is None or self.cache is None:
            self.cache = None
            return False
        if not torch.equal(rows, torch.arange(len(rows), device=rows.device)) or len(rows) != self._texts():
            self.cache.batch_select_indices(rows)
        return True

    def _texts(self) -> int:
        inner = getattr(self.cache, "self_attention_cache", self.cache)
        return int(inner.layers[0].keys.shape[0])


def written_from(text: EncodedText, index: int, special: int) -> Tensor:
    """The index of the piece ``index`` of each text beside ``special`` tokens, ``[n]``: that of the input from which it
    is written, where one stands before the first.

    Raises:
        InputError: if a text has no such piece.
    """
    pieces = text.mask.sum(dim=1) - special
    last = pieces - 1 if index < 0 else torch.full_like(pieces, index)
    if (last >= pieces).any() or (last < 0).any():
        raise InputError(
            "The caption has no token {place} that the model can write; choose another token.", place=index
        )
    return last


def spell(tokenizer: Any, pieces: Sequence[int]) -> Tokens:
    """The text that pieces spell, one token per piece."""
    text, spans = "", []
    for count in range(1, len(pieces) + 1):
        whole = tokenizer.decode(list(pieces[:count]), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        start, text = min(len(text), len(whole)), whole.rstrip("\ufffd")
        spans.append((start, max(start, len(text))))
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    if not READABLE.search(text):
        return Tokens(text, (), (), (), ())
    moved = [_around(text, start - lead, end - lead) for start, end in spans]
    return group_pieces(text, [text[start:end] for start, end in moved], moved)


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the spaces at its ends; of a piece that writes nothing that can be seen, the character before."""
    start, end = max(0, min(start, len(text))), max(0, min(end, len(text)))
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        return start, end
    start = max(0, start - 1)
    while start > 0 and text[start].isspace():
        start -= 1
    return start, start + 1
