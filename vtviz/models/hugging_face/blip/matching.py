"""BLIP for matching: a head on the class token of a text encoder that attends to the photo, and a cosine without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.models.base import EncodedText, Target
from vtviz.models.hugging_face.blip.shared import BlipModel


class BlipMatcher(BlipModel):
    """``BlipForImageTextRetrieval``: the match is the difference of its ITM head's two logits, whose sigmoid is the
    head's probability; the similarity is the ITC cosine."""

    compared = frozenset[str]()  # a photo's vector says all
    keeps_match = False  # the match needs the photo itself

    def run(self, pixels: Tensor, text: EncodedText, target: Target) -> Tensor:
        with self._precision():
            if target.kind == "similarity":
                return (self._image_vectors(pixels) * self._text_vectors(text)).sum(dim=-1)
            states = self.read(text, self.photo(pixels, len(text.ids)))
            logits: Tensor = self.network.itm_head(states[:, 0]).float()
            return logits[:, 1] - logits[:, 0]

    @torch.inference_mode()
    def index_images(self, features: Tensor) -> Tensor:
        """Unit vectors ``[images, channels]`` of photos."""
        return torch.cat([self._image_vectors(self._pixels(batch)) for batch in features.split(16)])

    @torch.inference_mode()
    def index_texts(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors ``[texts, channels]``."""
        return self._text_vectors(self.encode_texts(texts))

    @torch.inference_mode()
    def similarity(self, texts: Tensor, images: Tensor) -> Tensor:
        """Cosines ``[texts, images]``."""
        return texts @ images.T

    def search_vectors(self, indexed: Tensor) -> Tensor:
        """The unit vectors of texts or photos, ``[n, channels]``."""
        return indexed

    def photo_parts(self, photos: Tensor) -> dict[str, Tensor]:
        """None beside the vectors."""
        return {}

    def from_parts(self, vectors: Tensor, parts: Mapping[str, Tensor]) -> Tensor:
        """The unit vectors of photos."""
        return vectors

    def match_indexed(self, texts: Tensor, photos: Tensor) -> Tensor:
        """Not there: the match needs the photo itself (``keeps_match``)."""
        raise NotImplementedError

    def _image_vectors(self, pixels: Tensor) -> Tensor:
        states = self.network.vision_model(pixel_values=pixels).last_hidden_state
        return F.normalize(self.network.vision_proj(states[:, 0]).float(), dim=-1)

    def _text_vectors(self, text: EncodedText) -> Tensor:
        return F.normalize(self.network.text_proj(self.read(text, None)[:, 0]).float(), dim=-1)
