"""What a plug-in inherits from: a FusionModel out of a network and a few functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from vtviz.inputs import WHOLE_FRAME, Frame, ImageInput, Tokens, check_text, group_pieces
from vtviz.models.base import MATCH, Abilities, EncodedText, ScoreKind, Target
from vtviz.models.record import Kind
from vtviz.models.recorder import Change, Recording, record_attention
from vtviz.models.verdict import Bounds


class SimpleModel(ABC):
    """A model with a match score, whose ``network`` uses ``vtviz.models.attention.Attention`` wherever it is to be
    recorded. Set what differs from the defaults below.

    ``words`` is the module that turns ids ``[n, T]`` into vectors; ``abilities`` names the kinds of attention that run.
    """

    name: str
    network: nn.Module
    words: nn.Module
    grid: tuple[int, int]
    weights_sha256 = ""
    score_kind: ScoreKind = "probability"
    threshold: float | None = None
    bounds: Bounds | None = None
    notices: tuple[str, ...] = ()
    text_offset = 0
    image_offset = 0
    attention_in_pixels = False
    default_method = "attention_gradcam"
    default_layer = 0
    pad_id = 0
    abilities = Abilities({"match": frozenset({"text→image"})}, compares=False)

    @abstractmethod
    def read(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The ids of a text's pieces and the characters ``[start, end)`` of each, without special tokens."""

    @abstractmethod
    def pixels(self, image: ImageInput) -> Tensor:
        """What the model sees of a photo, ``[1, 3, height, width]``."""

    @abstractmethod
    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """Features ``[batch, patches, channels]`` of pixels, on the autograd graph."""

    @abstractmethod
    def match(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """The match ``[n]`` of photo i (``features [n, patches, channels]``) with text i (``ids``, ``mask [n, T]``)."""

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def frame(self, image: ImageInput) -> Frame:
        """The whole photo."""
        return WHOLE_FRAME

    def tokenize(self, text: str) -> Tokens:
        """The pieces of a text. Raises InputError where there is nothing to read."""
        text = check_text(text)
        spans = self.read(text)[1]
        return group_pieces(text, [text[start:end] for start, end in spans], spans)

    @torch.inference_mode()
    def encode_image(self, image: ImageInput) -> Tensor:
        """Features ``[1, patches, channels]`` of a photo."""
        return self.encode_pixels(self.pixels(image))

    def encode_texts(self, texts: Sequence[str]) -> EncodedText:
        """Texts for ``score``. Raises InputError where one holds nothing to read."""
        return self._padded([self.read(check_text(text))[0] for text in texts])

    def keep_pieces(self, text: EncodedText, kept: Tensor) -> EncodedText:
        """One text with only those pieces that ``kept [n, pieces]`` has True, as n texts."""
        ids = text.ids[0][text.mask[0]]
        return self._padded([ids[row].tolist() for row in kept.to(ids.device)])

    def embedding(self, target: Target) -> nn.Module:
        """The module that turns ids into vectors."""
        return self.words

    def readout(self, text: EncodedText, target: Target) -> Tensor:
        """All pieces alike, ``[n, T]``."""
        return text.mask / text.mask.sum(dim=1, keepdim=True).clamp_min(1)

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The match ``[batch]``. Raises ValueError for another target."""
        if target.kind != "match":
            raise ValueError(f"`target` {target.kind} is not match")
        count = max(len(features), len(text.ids))
        features = features.clone() if features.is_inference() else features
        return self.match(features.expand(count, -1, -1), text.ids.expand(count, -1), text.mask.expand(count, -1))

    def match_logits(self, features: Tensor, texts: Sequence[str]) -> Tensor:
        """The match ``[batch]`` of photo i with text i."""
        return self.score(features, self.encode_texts(texts), MATCH)

    def index_images(self, features: Tensor) -> Tensor:
        """Photos for ``similarity``: their features."""
        return features

    def index_texts(self, texts: Sequence[str]) -> EncodedText:
        """Texts for ``similarity``."""
        return self.encode_texts(texts)

    @torch.inference_mode()
    def similarity(self, texts: EncodedText, images: Any) -> Tensor:
        """The match of every text with every photo, ``[texts, images]``."""
        return torch.stack([self.score(photo[None], texts, MATCH) for photo in images], dim=1)

    def unknown_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """None."""
        return ()

    def record(self, kinds: Collection[Kind], change: Change | None = None) -> AbstractContextManager[Recording]:
        """Records the network's attention inside the ``with``, and lets ``change`` replace it."""
        return record_attention(self.network, kinds, change)

    def _padded(self, rows: Sequence[Sequence[int]]) -> EncodedText:
        length = max(1, *(len(row) for row in rows))
        ids = [[*row, *[self.pad_id] * (length - len(row))] for row in rows]
        mask = [[t < len(row) for t in range(length)] for row in rows]
        return EncodedText(torch.tensor(ids, device=self.device), torch.tensor(mask, device=self.device))
