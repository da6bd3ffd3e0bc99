"""vtviz-recurrent as a model: its words, preprocessing and weights around the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vtviz.inputs import ImageInput
from vtviz.models.base import Abilities, EncodedText, Target
from vtviz.models.recurrent.network import PAD, Encoded, RecurrentNetwork
from vtviz.models.recurrent.vocabulary import Words
from vtviz.models.simple import SimpleModel
from vtviz.models.verdict import Bounds
from vtviz.models.vtviz_base.backbone import to_pixels

NAME = "vtviz-recurrent"
ABILITIES = Abilities({"match": frozenset({"text→image"}), "similarity": frozenset()}, compares=False)


class VtvizRecurrent(SimpleModel):
    """The textbook's network, ready for photos and texts; its parameters take no gradients."""

    name = NAME
    network: RecurrentNetwork
    abilities = ABILITIES
    pad_id = PAD

    def __init__(
        self,
        network: RecurrentNetwork,
        words: Words,
        weights_sha256: str,
        threshold: float | None = None,
        bounds: Sequence[float] | None = None,
        default_method: str = "raw_attention",
        default_layer: int = 0,
    ) -> None:
        self.network = network.eval().requires_grad_(False)
        self.words, self.vocabulary = network.words, words
        self.grid = (network.config.side, network.config.side)
        self.weights_sha256 = weights_sha256
        self.threshold = threshold
        self.bounds = None if bounds is None else Bounds(*bounds)
        self.default_method, self.default_layer = default_method, default_layer

    @property
    def device(self) -> torch.device:
        return self.network.calibration.device

    def read(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The ids of a text's words and marks, and the characters ``[start, end)`` of each."""
        return self.vocabulary.read(text)

    def pixels(self, image: ImageInput) -> Tensor:
        """The whole frame, squashed to a square, ``[1, 3, size, size]`` in -1..1."""
        return to_pixels(image.to_pil(), self.network.config.image_size)[None].to(self.device)

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """Features ``[batch, patches, channels]``, on the autograd graph."""
        return self.network.patches(pixels)

    def match(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """Calibrated match logit ``[n]`` of photo i with text i."""
        return self.network.match(self.network.read_text(ids, mask), self.network.read_image(features).states)

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        """The match or the similarity ``[batch]``. Raises ValueError for another target."""
        if target.kind != "similarity":
            return super().score(features, text, target)
        count = max(len(features), len(text.ids))
        image = self.network.read_image(features.clone().expand(count, -1, -1))
        words = self.network.read_text(text.ids.expand(count, -1), text.mask.expand(count, -1))
        return self.network.paired_similarity(words, image)

    @torch.inference_mode()
    def index_images(self, features: Tensor) -> Encoded:  # type: ignore[override]
        """Photos, ``features [images, patches, channels]``, ready for ``similarity``."""
        return self.network.read_image(features)

    @torch.inference_mode()
    def index_texts(self, texts: Sequence[str]) -> Encoded:  # type: ignore[override]
        """Texts ready for ``similarity``."""
        text = self.encode_texts(texts)
        return self.network.read_text(text.ids, text.mask)

    @torch.inference_mode()
    def similarity(self, texts: Any, images: Any) -> Tensor:
        """Contrastive similarity ``[texts, images]``."""
        return self.network.similarity(texts, images)

    def unknown_words(self, words: Sequence[str]) -> tuple[int, ...]:
        """The indices of words that are not in the vocabulary."""
        return tuple(index for index, word in enumerate(words) if not self.vocabulary.knows(word))
