"""What every model offers to the rooms above."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from vtviz.inputs import ImageInput, Tokens
from vtviz.models.record import Kind
from vtviz.models.recorder import Recording


class ModelError(RuntimeError):
    """A model that cannot be loaded; the message is one sentence that can be shown to the person who asked for it."""


@dataclass(frozen=True)
class ModelInfo:
    """A model that can be asked for by name. ``licence`` covers its weights; ``available`` says they are here."""

    name: str
    label: str
    description: str
    licence: str
    available: bool


class FusionModel(Protocol):
    """A loaded model: photo and text in, match logit out, its attention open to the recorder.

    ``threshold`` is the match probability from which a text counts as describing the photo. ``default_method`` and
    ``default_layer`` (a text→image layer, from 0) give the best maps by measurement on dev.
    """

    name: str
    weights_sha256: str
    threshold: float
    text_offset: int
    default_method: str
    default_layer: int

    @property
    def device(self) -> torch.device:
        """Where the model runs."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""

    def tokenize(self, text: str) -> Tokens:
        """The pieces of a text, without special tokens. Raises InputError where there is nothing to read."""

    def encode_image(self, image: ImageInput) -> Tensor:
        """What the model keeps of a photo, ``[1, patches, channels]``; it does not depend on the text."""

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """Calibrated match logit ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i."""

    def index_images(self, features: Tensor) -> Any:
        """Photos ready for ``similarity``; rows are taken with ``[]``."""

    def index_texts(self, texts: Sequence[str]) -> Any:
        """Texts ready for ``similarity``."""

    def similarity(self, texts: Any, images: Any) -> Tensor:
        """Contrastive similarity ``[texts, images]``."""

    def unknown_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """The places of words that the model has hardly met in training; none where that is not known."""

    def record(self, kinds: Collection[Kind]) -> AbstractContextManager[Recording]:
        """Records the model's attention inside the ``with``."""


@runtime_checkable
class CaptionModel(FusionModel, Protocol):
    """A model that writes captions piece by piece; a piece is a number below the size of its logits.

    ``caption_start`` and ``caption_end`` stand around every caption; ``caption_length`` is the most it can hold.
    """

    caption_start: int
    caption_end: int
    caption_length: int

    def caption_memory(self, features: Tensor) -> Any:
        """What every step reads of one photo, ``[1, patches, channels]``."""

    def caption_logits(self, memory: Any, chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``.

        Its text→image attention is recorded as ``[1, heads, texts * T, patches]`` for each layer.
        """

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces (without start and end) spell, one token a piece."""


@runtime_checkable
class AnswerModel(FusionModel, Protocol):
    """A model that answers questions from a closed list.

    Below ``answer_threshold`` the likeliest answer is too unlikely to be given.
    """

    answers: tuple[str, ...]
    answer_threshold: float

    def answer_logits(self, features: Tensor, questions: Sequence[str]) -> Tensor:
        """Calibrated logits ``[questions, answers]`` about one photo, ``features [1, patches, channels]``.

        Its text→image attention is recorded as ``[1, heads, questions * T, patches]`` for each layer, where T
        counts the special tokens too.
        """
