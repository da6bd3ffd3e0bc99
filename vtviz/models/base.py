"""What every model offers to the rooms above."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

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

    def record(self, kinds: Collection[Kind]) -> AbstractContextManager[Recording]:
        """Records the model's attention inside the ``with``."""
