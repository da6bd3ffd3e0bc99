"""What a decoder is asked, in its own chat template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vtviz.models.hugging_face.decoder.layouts import Layout
from vtviz.models.hugging_face.text import TransformersReader

TEXT = "VTVIZTEXT"  # stands for the text while the template is filled in
MATCH = f"Does this description fit the photo? {TEXT} Answer yes or no."
CAPTION = "Describe the photo in one sentence."
PLAIN = "USER: {image}\n{question} ASSISTANT:"
WORDS = {"yes": ("Yes", "yes"), "no": ("No", "no")}


@dataclass(frozen=True)
class Prompt:
    """The ids that stand ``before`` the text and ``after`` it."""

    before: tuple[int, ...]
    after: tuple[int, ...] = ()


class Prompter:
    """Fills in the chat template of a tokenizer, or a plain one where it has none."""

    def __init__(self, tokenizer: Any, layout: Layout) -> None:
        self.tokenizer, self.layout = tokenizer, layout
        probe = tokenizer("a")["input_ids"]
        self.begins = tokenizer.bos_token_id is not None and probe[0] == tokenizer.bos_token_id

    def match(self) -> Prompt:
        """The question whether a text fits."""
        before, after = self._asked(MATCH).split(TEXT)
        return Prompt(self._ids(before.rstrip(" "), first=True), self._ids(after))

    def caption(self) -> Prompt:
        """The request for a caption, which comes next."""
        return Prompt(self._ids(self._asked(CAPTION).rstrip(" "), first=True))

    def answers(self, word: str) -> list[int]:
        """The first pieces of the ways to write "yes" or "no"."""
        spellings = [lead + written for written in WORDS[word] for lead in ("", " ")]
        return sorted({self._ids(spelling)[0] for spelling in spellings})

    def _asked(self, question: str) -> str:
        if not getattr(self.tokenizer, "chat_template", None):
            return PLAIN.format(image=self.layout.placeholder, question=question)
        content = [{"type": "image"}, {"type": "text", "text": question}]
        asked: str = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        return asked

    def _ids(self, text: str, first: bool = False) -> tuple[int, ...]:
        bos = self.tokenizer.bos_token
        start = (self.tokenizer.bos_token_id,) if first and self.begins and not text.startswith(bos) else ()
        written = text.replace(self.layout.placeholder, self.layout.written, 1) if first else text
        return (*start, *self.tokenizer(written, add_special_tokens=False)["input_ids"])


class DecoderReader(TransformersReader):
    """A tokenizer whose texts stand in the middle of a sequence: without special tokens, after a space."""

    def __init__(self, tokenizer: Any, length: int) -> None:
        super().__init__(tokenizer, length)
        self.before, self.after, self.offset, self.special, self.room = [], [], 0, 0, length
        self.lead = " " if "Ġa" in self._vocabulary else ""
        self.pad_id = int(tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id)
