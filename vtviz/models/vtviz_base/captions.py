"""Captions as the caption head numbers them, and as people read them."""

from __future__ import annotations

from collections.abc import Sequence

import regex
import torch
from torch import Tensor

from vtviz.chinese import HAN, Language
from vtviz.inputs import InputError, Tokens, group_pieces
from vtviz.models.base import EncodedText
from vtviz.models.vtviz_base.heads import CAPTION_PIECES, CaptionHead
from vtviz.models.vtviz_base.text import VOCABULARY

START, END = 0, 1
UNKNOWN = 2  # the caption piece that stands for all that cannot be written
CHINESE_START = 3  # of models that write Chinese
STARTS: dict[Language, int] = {"en": START, "zh": CHINESE_START}
CLOSE = regex.compile(rf"[{HAN}\u3000-\u303f\uff00-\uffef]")  # stands without space beside it


def spell(pieces: Sequence[str]) -> Tokens:
    """The text that pieces spell, with a capital first letter."""
    text, spans = "", []
    for piece in pieces:
        is_close = CLOSE.match(piece) or (text and CLOSE.match(text[-1]))
        joined = is_close or piece.startswith("##") or not piece[0].isalnum() or text.endswith(("-", "'"))
        start = len(text) + (0 if joined or not text else 1)
        text = text.ljust(start) + piece.removeprefix("##")
        spans.append((start, len(text)))
    return group_pieces(text[:1].upper() + text[1:], pieces, spans)


def caption_inputs(text: EncodedText, index: int) -> Tensor:
    """The index of the input from which piece ``index`` is written, ``[n]``: the same number, as a start comes first.

    Raises:
        InputError: if the caption has no such piece.
    """
    pieces = text.mask.sum(dim=1) - 2
    last = pieces - 1 if index < 0 else torch.full_like(pieces, index)
    if (last >= pieces).any() or (last < 0).any() or int(last.max()) >= CAPTION_PIECES - 1:
        raise InputError(
            "The caption has no token {place} that the model can write; choose another token.", place=index
        )
    return last


def number_pieces(head: CaptionHead, text: EncodedText, last: Tensor) -> Tensor:
    """The head's numbers for the pieces of captions, start included, up to the one written from the latest of
    ``last [n]``.

    Raises:
        InputError: if the head cannot write the piece that is written from ``last``.
    """
    number = {int(piece): number for number, piece in enumerate(head.pieces)}
    rows = [[number.get(piece, UNKNOWN) for piece in row] for row in text.ids[:, : int(last.max()) + 2].tolist()]
    for row, ids in zip(rows, text.ids.tolist(), strict=True):
        row[0] = CHINESE_START if max(ids) >= VOCABULARY else START  # pieces beyond MiniLM's are Chinese
    chosen = torch.tensor(rows, device=text.ids.device)
    if (chosen.gather(1, last[:, None] + 1) == UNKNOWN).any():
        raise InputError("The model cannot write this word in a caption; choose another.")
    return chosen
