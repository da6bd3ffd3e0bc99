"""What a decoder is asked, in its own chat template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vtviz.inputs import InputError, check_text
from vtviz.models.base import ModelError, Turn
from vtviz.models.hugging_face.text import SPACES, TransformersReader

DESCRIPTION = "VTVIZTEXT"  # stands for the text while the template is filled in
WORDS = (("Yes", "yes"), ("No", "no"))


@dataclass(frozen=True)
class Asked:
    """The questions, and how they are put where the tokenizer has no chat template: first as ``plain``, then as
    ``later`` behind the reply before; where that is empty, nothing that was said earlier is read."""

    match: str = f"Does this description fit the photo? {DESCRIPTION} Answer yes or no."
    caption: str = "Describe the photo in one sentence."
    plain: str = "USER: {image}\n{question} ASSISTANT:"
    later: str = " {reply} USER: {question} ASSISTANT:"


USUAL = Asked()


class Placed(Protocol):
    """How a photo stands in a prompt."""

    @property
    def placeholder(self) -> str: ...
    @property
    def written(self) -> str: ...
    @property
    def asked(self) -> Asked: ...


@dataclass(frozen=True)
class Prompt:
    """The ids that stand ``before`` the text and ``after`` it."""

    before: tuple[int, ...]
    after: tuple[int, ...] = ()


class Prompter:
    """Fills in the chat template of a tokenizer, or a plain one where it has none."""

    def __init__(self, tokenizer: Any, layout: Placed) -> None:
        self.tokenizer, self.layout = tokenizer, layout
        probe = tokenizer("a")["input_ids"]
        self.begins = tokenizer.bos_token_id is not None and probe[0] == tokenizer.bos_token_id

    def match(self) -> Prompt:
        """The question whether a text fits."""
        before, after = self._asked(self.layout.asked.match).split(DESCRIPTION)
        return Prompt(self._ids(before.rstrip(" "), first=True), self._ids(after))

    def caption(self) -> Prompt:
        """The request for a caption, which comes next."""
        return Prompt(self._ids(self._asked(self.layout.asked.caption).rstrip(" "), first=True))

    def yes_and_no(self) -> tuple[list[int], list[int]]:
        """The first pieces of the ways to write "yes" and "no", without those that begin both, as a space does.

        Raises:
            ModelError: if the tokenizer begins both alike.
        """
        yes, no = (
            {self._ids(lead + spelling)[0] for spelling in spellings for lead in ("", " ")} for spellings in WORDS
        )
        if not yes - no or not no - yes:
            raise ModelError("The model's tokenizer does not tell yes from no; choose another model.")
        return sorted(yes - no), sorted(no - yes)

    def reply(self, prompt: str, earlier: Sequence[Turn], most: int) -> Prompt:
        """A conversation whose next reply comes next, of at most ``most`` tokens beside those of the photo.

        Raises:
            InputError: if the prompt holds nothing to read, or the conversation is too long.
        """
        prompt = check_text(self._without_marks(prompt))
        turns = [Turn(self._without_marks(turn.prompt), self._without_marks(turn.reply)) for turn in earlier]
        ids = self._ids(self._asked(prompt, turns).rstrip(" "), first=True)
        if len(ids) - len(self._ids(self.layout.written)) > most:
            raise InputError("The conversation is too long for the model; start a new one, or write less.")
        return Prompt(ids)

    def _asked(self, question: str, earlier: Sequence[Turn] = ()) -> str:
        if not getattr(self.tokenizer, "chat_template", None):
            return self._plainly([turn.prompt for turn in earlier] + [question], [turn.reply for turn in earlier])
        said: list[dict[str, Any]] = []
        for turn in earlier:
            said += [{"role": "user", "content": [_written(turn.prompt)]}]
            said += [{"role": "assistant", "content": [_written(turn.reply)]}]
        said += [{"role": "user", "content": [_written(question)]}]
        said[0]["content"].insert(0, {"type": "image"})
        asked: str = self.tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        return asked

    def _plainly(self, questions: Sequence[str], replies: Sequence[str]) -> str:
        """A conversation without a chat template."""
        asked = self.layout.asked
        if not asked.later:
            return asked.plain.format(image=self.layout.placeholder, question=questions[-1])
        later = (
            asked.later.format(reply=reply, question=question)
            for reply, question in zip(replies, questions[1:], strict=True)
        )
        return asked.plain.format(image=self.layout.placeholder, question=questions[0]) + "".join(later)

    def _without_marks(self, text: str) -> str:
        """A person's text without what would mean a photo or a turn to the model."""
        for mark in sorted({*self.tokenizer.get_added_vocab(), self.layout.placeholder}, key=len, reverse=True):
            text = text.replace(mark, " ") if mark.strip() else text
        return text

    def _ids(self, text: str, first: bool = False) -> tuple[int, ...]:
        bos = self.tokenizer.bos_token
        start = (self.tokenizer.bos_token_id,) if first and self.begins and bos not in text else ()
        written = text.replace(self.layout.placeholder, self.layout.written, 1) if first else text
        return (*start, *self.tokenizer(written, add_special_tokens=False)["input_ids"])


def _written(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


class DecoderReader(TransformersReader):
    """A tokenizer whose texts stand in the middle of a sequence: without special tokens, after a space."""

    def __init__(self, tokenizer: Any, length: int) -> None:
        super().__init__(tokenizer, length)
        self.before, self.after, self.offset, self.special, self.room = [], [], 0, 0, length
        first = str(tokenizer.convert_ids_to_tokens(tokenizer("a", add_special_tokens=False)["input_ids"])[0])
        self.lead = " " if self._marks_spaces and not first.startswith(SPACES) else ""
        self.pad_id = int(tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id)
