"""Captions of a photo, answers to questions about it, and replies to anything that is said about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vtviz.chinese import Language
from vtviz.engine.engine import Workbench
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import AnswerModel, CaptionModel, FusionModel, TalkingModel, Turn
from vtviz.models.registry import DEFAULT_MODEL
from vtviz.tasks.answer import Answer, answer_question
from vtviz.tasks.caption import Caption, write_captions
from vtviz.tasks.reply import Reply, write_reply
from vtviz.watch import Watch

EXAMPLE = "hf:HuggingFaceTB/SmolVLM-500M-Instruct"


@dataclass(frozen=True)
class WriteCaptions:
    """Captions of a photo, the best-matching one first."""

    image: ImageInput
    model: str = DEFAULT_MODEL
    device: str | None = None
    language: Language = "en"

    slow = False

    @property
    def key(self) -> str:
        return hashlib.sha256(repr((self.image.sha256, self.model, self.language)).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> list[Caption]:
        """Raises InputError where the model writes no captions, Cancelled where ``watch`` says so."""
        if not isinstance(model, CaptionModel):
            raise InputError("The model {model} does not write captions; choose another.", model=self.model)
        features = workbench.features(model, self.image)
        watch.enter("caption")
        return write_captions(model, features, model.frame(self.image), watch=watch, language=self.language)


@dataclass(frozen=True)
class AnswerQuestion:
    """The likeliest answers to a question about a photo."""

    image: ImageInput
    question: str
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = (self.image.sha256, self.question, self.model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Answer:
        """Raises InputError where the question holds nothing to read, or the model answers no questions."""
        if not isinstance(model, AnswerModel):
            raise InputError("The model {model} does not answer questions; choose another.", model=self.model)
        return answer_question(model, workbench.features(model, self.image), self.question)


@dataclass(frozen=True)
class WriteReply:
    """A reply to a prompt about a photo, after what was said ``earlier``."""

    image: ImageInput
    prompt: str
    earlier: tuple[Turn, ...] = ()
    model: str = DEFAULT_MODEL
    device: str | None = None

    slow = False

    @property
    def key(self) -> str:
        parts = (self.image.sha256, self.prompt, self.earlier, self.model)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def answer(self, model: FusionModel, workbench: Workbench, watch: Watch) -> Reply:
        """Raises InputError where the model does not talk or the prompt cannot be read, Cancelled where ``watch`` says
        so."""
        if not isinstance(model, TalkingModel):
            raise does_not_talk(self.model)
        features = workbench.features(model, self.image)
        watch.enter("reply")
        return write_reply(model, features, self.prompt, self.earlier, model.frame(self.image), watch)


def does_not_talk(model: str) -> InputError:
    """A model that replies to no prompts."""
    return InputError(
        "The model {model} does not reply to prompts; choose a decoder, such as {example}.",
        model=model,
        example=EXAMPLE,
    )
