"""What every model offers to the rooms above."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from vtviz.chinese import Language
from vtviz.errors import UserError
from vtviz.inputs import Frame, ImageInput, Tokens
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, Recording
from vtviz.models.verdict import Bounds


class ModelError(UserError, RuntimeError):
    """A model that cannot be loaded, or whose answer is not a number."""


TargetKind = Literal["match", "similarity", "caption", "answer"]
ScoreKind = Literal["probability", "similarity", "likelihood"]


@dataclass(frozen=True)
class Abilities:
    """What a model can do, as far as attribution methods need to know before it is loaded.

    ``kinds`` holds, for each target, the kinds of attention that run and are recorded when it is scored. ``compares``
    says that the model is a TokenLevelModel. ``reads_patches`` says that the keys of text→image attention are the
    patches themselves. ``talks`` says that it is a TalkingModel.
    """

    kinds: Mapping[TargetKind, frozenset[Kind]]
    compares: bool
    reads_patches: bool = True
    talks: bool = False


@dataclass(frozen=True)
class ModelInfo:
    """A model that can be asked for by name.

    ``licence`` covers its weights; ``available`` says they are here, and ``size_mb`` is their download where they are
    not; ``memory_mb`` is about what it needs to run, where that is known; ``notice`` must be shown wherever the model
    is used. ``languages`` are those of the texts that it reads, and of the captions if it writes any.
    """

    name: str
    label: str
    description: str
    licence: str
    available: bool
    abilities: Abilities
    size_mb: int | None = None
    notice: str = ""
    languages: tuple[Language, ...] = ("en",)
    memory_mb: int | None = None


@dataclass(frozen=True)
class Target:
    """The one number that an attribution explains.

    That is the match (a logit, a cosine or a log-probability, as ``score_kind`` of the model says), the contrastive
    similarity, the log-probability of the caption piece at ``place`` (the text is the caption; -1 is its last piece),
    or the logit of the answer at ``place`` in the model's list (the text is the question), less that of the answer at
    ``against`` where there is one.
    """

    kind: TargetKind = "match"
    place: int = 0
    against: int | None = None


MATCH = Target()


@dataclass(frozen=True)
class EncodedText:
    """Texts as the model's text side reads them, special tokens included: ``ids [n, T]``, and ``mask [n, T]``, which is
    True for a real token."""

    ids: Tensor
    mask: Tensor


def as_score(value: Tensor, kind: ScoreKind) -> Tensor:
    """The match as it is shown: a logit as a probability, a mean log-probability as the geometric mean of
    probabilities, a cosine as it is."""
    if kind == "similarity":
        return value
    return value.sigmoid() if kind == "probability" else value.exp()


class FusionModel(Protocol):
    """A loaded model: photo and text in, a number out, its attention open to the recorder.

    ``score_kind`` says what its match is: a logit of a probability, the cosine of two vectors, or the mean
    log-probability of the text's pieces (see ``as_score``). ``threshold`` is the score from which a text counts as
    describing the photo, and ``bounds`` those beyond which a verdict is given, or None where none was calibrated.
    ``notices`` are for the person. ``default_method`` and
    ``default_layer`` (a text→image layer, from 0) give the best maps by measurement on dev. ``text_offset`` special
    tokens stand before the first piece on every recorded text axis, and ``image_offset`` before the first patch on
    every recorded image axis. ``pad_id`` is the id that stands for nothing.
    Where ``attention_in_pixels`` is True the image tower attends too, so a recorded pass starts from the pixels.
    """

    name: str
    weights_sha256: str
    score_kind: ScoreKind
    threshold: float | None
    bounds: Bounds | None
    notices: tuple[str, ...]
    text_offset: int
    image_offset: int
    attention_in_pixels: bool
    default_method: str
    default_layer: int
    abilities: Abilities
    pad_id: int

    @property
    def device(self) -> torch.device:
        """Where the model runs."""

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""

    def frame(self, image: ImageInput) -> Frame:
        """The part of the photo that the grid of patches covers."""

    def tokenize(self, text: str) -> Tokens:
        """The pieces of a text, without special tokens. Raises InputError where there is nothing to read."""

    def pixels(self, image: ImageInput) -> Tensor:
        """What the model sees of a photo, ``[1, 3, height, width]``, normalised."""

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """Features ``[batch, patches, channels]`` of ``pixels [batch, 3, height, width]``, on the autograd graph."""

    def encode_image(self, image: ImageInput) -> Tensor:
        """What the model keeps of a photo, ``[1, patches, channels]``; it does not depend on the text."""

    def encode_texts(self, texts: Sequence[str]) -> EncodedText:
        """Texts for ``score``. Raises InputError where one holds nothing to read."""

    def keep_pieces(self, text: EncodedText, kept: Tensor) -> EncodedText:
        """One text (``ids [1, T]``) with only those pieces that ``kept [n, pieces]`` has True, as n texts.

        Special tokens stay, and what is left moves together, as if the rest had never been written.
        """

    def embedding(self, target: Target) -> nn.Module:
        """The module that turns the ids of a text into vectors ``[n, T, width]`` when a target is scored."""

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """How much the target depends on each position of the recorded text axis, ``[n, T]``; each row sums to 1."""

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The target ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i, with its gradients.

        A single photo or text is taken for all. Raises ValueError for a target that the model does not have, InputError
        for a caption piece that it cannot write or an answer that is not in its list.
        """

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """The match ``[batch]`` of photo i (``features [batch, patches, channels]``) with text i; see
        ``score_kind``."""

    def index_images(self, features: Tensor) -> Any:
        """Photos ready for ``similarity``; rows are taken with ``[]``."""

    def index_texts(self, texts: Sequence[str]) -> Any:
        """Texts ready for ``similarity``."""

    def similarity(self, texts: Any, images: Any) -> Tensor:
        """Contrastive similarity ``[texts, images]``."""

    def unknown_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """The indices of words that are rare in the model's training texts; empty if that is not known."""

    def record(self, kinds: Collection[Kind], change: Change | None = None) -> AbstractContextManager[Recording]:
        """Records the model's attention of these kinds inside the ``with``, in this thread.

        ``change`` gets the name and the weights ``[batch, heads, queries, keys]`` of every layer that runs, recorded or
        not, and returns others of the same shape, with which the model goes on and which are recorded; None leaves the
        layer as it is. Rows are what it returns: nothing makes them sum to 1. A layer that is neither recorded nor
        changed answers as it does without a recorder, to the last bit.
        """


@runtime_checkable
class CaptionModel(FusionModel, Protocol):
    """A model that writes captions piece by piece; a piece is a number below the size of its logits.

    ``caption_starts`` holds the piece that every caption of a language begins with, ``caption_end`` is the one after
    it; ``caption_length`` is the most it can hold.
    """

    caption_starts: Mapping[Language, int]
    caption_end: int
    caption_length: int

    def caption_memory(self, features: Tensor) -> Any:
        """What every step reads of one photo, ``[1, patches, channels]``."""

    def caption_logits(self, memory: Any, chosen: Tensor) -> Tensor:
        """Logits ``[texts, T, pieces]`` of the piece after each of ``chosen [texts, T]``.

        Its text→image attention is recorded as ``[1, heads, texts * T, patches]`` for each layer.
        """

    def caption_following(self, memory: Any, chosen: Tensor) -> Tensor:
        """Logits ``[texts, pieces]`` of the piece after the whole of each of ``chosen [texts, T]``, without gradients.

        ``memory`` may keep what was computed for texts that the next call goes on with.
        """

    def caption_tokens(self, chosen: Sequence[int]) -> Tokens:
        """The text that pieces (without start and end) spell, one token per piece."""


@dataclass(frozen=True)
class Turn:
    """What a person asked a model about a photo, and what it replied."""

    prompt: str
    reply: str


@runtime_checkable
class TalkingModel(CaptionModel, Protocol):
    """A model that replies to any prompt about a photo."""

    def replying(self, prompt: str, earlier: Sequence[Turn] = ()) -> CaptionModel:
        """The model whose captions are replies to a prompt, after what was said earlier.

        Raises:
            InputError: if the prompt holds nothing to read, or the conversation is too long for the model.
        """


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


@runtime_checkable
class ShapedModel(Protocol):
    """A model whose grid of patches may follow the shape of a photo.

    As it is loaded, it takes all photos at one grid, so that they can be compared in a batch.
    """

    def for_photo(self, image: ImageInput) -> FusionModel:
        """The model with the grid that suits a photo; itself where it has that already."""


def for_photo(model: FusionModel, image: ImageInput) -> FusionModel:
    """A model with the grid that suits a photo, where its grid may follow one."""
    return model.for_photo(image) if isinstance(model, ShapedModel) else model


class Family(Protocol):
    """A kind of model that loads in the same way."""

    def infos(self) -> list[ModelInfo]:
        """The models of this family that can be asked for."""

    def load(self, name: str, device: torch.device) -> FusionModel | None:
        """The model, or None where the name belongs to another family. Raises ModelError where it cannot be loaded."""
