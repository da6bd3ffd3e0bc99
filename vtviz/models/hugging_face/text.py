"""Texts as the tokenizers of transformers read them."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from vtviz.inputs import UNSPACED_WORD
from vtviz.models.open_clip.text import HuggingFaceReader

WORD_ENDS = "</w>"  # closes a word in CLIP's tokenizer
SPACES = ("▁", "Ġ")  # stand for the space before a word


class TransformersReader(HuggingFaceReader):
    """A tokenizer of transformers, which knows how the pieces of any of its kinds mark words."""

    def __init__(self, tokenizer: Any, length: int) -> None:
        plain: Any = SimpleNamespace(tokenizer=tokenizer, clean_fn=str, strip_sep_token=False)
        super().__init__(plain, length)

    def starts(self, ids: Sequence[int]) -> list[int]:
        pieces = [str(piece) for piece in self.inner.convert_ids_to_tokens(list(ids))]
        return [i for i, piece in enumerate(pieces) if i == 0 or self._begins(piece, pieces[i - 1])]

    def _begins(self, piece: str, before: str) -> bool:
        if UNSPACED_WORD.fullmatch(piece) and before not in SPACES:
            return True
        if self._ends_words:
            return before.endswith(WORD_ENDS)
        return piece.startswith(SPACES) if self._marks_spaces else not piece.startswith("##")

    @property
    def _ends_words(self) -> bool:
        return f"a{WORD_ENDS}" in self._vocabulary

    @property
    def _marks_spaces(self) -> bool:
        return any(f"{space}a" in self._vocabulary for space in SPACES)

    @property
    def _vocabulary(self) -> Any:
        if not hasattr(self, "_known"):
            self._known = self.inner.get_vocab()
        return self._known
