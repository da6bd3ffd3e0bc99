"""How any model's photos are kept and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vtviz.inputs import ImageInput, InputError, check_text
from vtviz.models.base import FusionModel
from vtviz.models.encoders import SearchModel
from vtviz.models.finite import need_numbers
from vtviz.tasks.search.kept import in_eight_bits

TOGETHER = 8  # photos in a pass
PASS = 32  # photos of several requests in a pass


@dataclass(frozen=True, eq=False)
class EncodedPhotos:
    """Photos as a store keeps them: unit ``vectors [photos, width]`` to find them by, and ``parts [photos, …]`` to
    compare them with, in eight bits."""

    vectors: np.ndarray
    parts: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Embedded:
    """The unit vectors of photos ``[photos, width]`` and of texts ``[texts, width]`` in one space: their products rank
    photos for a text, and photos for a photo."""

    photos: np.ndarray
    texts: np.ndarray


@dataclass(frozen=True)
class AnyModel:
    """A model without vectors of photos: the mean of a photo's features stands for it among photos, a text is compared
    with every photo, and the features are kept."""

    model: FusionModel
    compared = frozenset({"features"})
    keeps_match = True

    def search_vectors(self, indexed: Tensor) -> Tensor:
        return F.normalize(indexed.float().mean(dim=1), dim=-1)

    def photo_parts(self, photos: Tensor) -> dict[str, Tensor]:
        return {"features": photos}

    def from_parts(self, vectors: Tensor, parts: Mapping[str, Tensor]) -> Tensor:
        return parts["features"]

    def index_images(self, features: Tensor) -> Tensor:
        return features

    def index_texts(self, texts: Sequence[str]) -> list[str]:
        return list(texts)

    def similarity(self, texts: list[str], images: Tensor) -> Tensor:
        return self.model.similarity(self.model.index_texts(texts), self.model.index_images(images))

    def match_indexed(self, texts: list[str], photos: Tensor) -> Tensor:
        return self.model.match_logits(photos, texts * len(photos) if len(texts) == 1 else texts)


Side = SearchModel | AnyModel


def side_of(model: FusionModel) -> Side:
    """How a model keeps and compares photos."""
    return model if isinstance(model, SearchModel) else AnyModel(model)


def encode_photos(model: FusionModel, images: Sequence[ImageInput]) -> EncodedPhotos:
    """Photos as a store keeps them, all in one pass.

    Raises:
        ModelError: if a vector holds something that is not a number.
    """
    side = side_of(model)
    with torch.inference_mode():
        features = model.encode_pixels(torch.cat([model.pixels(image) for image in images]))
        indexed = side.index_images(features)
        vectors = side.search_vectors(indexed).float().cpu()
        need_numbers(vectors)
        return EncodedPhotos(vectors.numpy(), in_eight_bits(side.photo_parts(indexed)))


def embedded(model: FusionModel, photos: Sequence[Tensor], texts: Sequence[str]) -> Embedded:
    """The vectors of photos, by the features ``[1, patches, channels]`` of each, and of texts.

    Raises:
        InputError: if a text holds nothing to read, or the model has no vectors of texts.
        ModelError: if a vector holds something that is not a number.
    """
    side = side_of(model)
    of_texts = text_vectors(side, [check_text(text) for text in texts]) if texts else None
    if texts and of_texts is None:
        raise InputError("This model compares a text with each photo and has no vectors of texts; choose another one.")
    with torch.inference_mode():
        rows = [side.search_vectors(side.index_images(features)).float().cpu().numpy() for features in photos]
    width = rows[0].shape[1] if rows else 0 if of_texts is None else of_texts.shape[1]
    empty = np.zeros((0, width), np.float32)
    found = Embedded(np.concatenate([empty, *rows]), empty if of_texts is None else of_texts)
    need_numbers(found.photos)
    need_numbers(found.texts)
    return found


def joined(encoded: Sequence[EncodedPhotos]) -> EncodedPhotos:
    """The photos of several passes, in their order."""
    parts = {name: np.concatenate([item.parts[name] for item in encoded]) for name in encoded[0].parts}
    return EncodedPhotos(np.concatenate([item.vectors for item in encoded]), parts)


def parted(encoded: EncodedPhotos, counts: Sequence[int]) -> list[EncodedPhotos]:
    """The first so many photos, the next so many, and so on."""
    ends = np.cumsum(counts)[:-1]
    vectors = np.split(encoded.vectors, ends)
    parts = {name: np.split(part, ends) for name, part in encoded.parts.items()}
    return [EncodedPhotos(own, {name: part[i] for name, part in parts.items()}) for i, own in enumerate(vectors)]


def text_vectors(side: Side, texts: Sequence[str]) -> np.ndarray | None:
    """The unit vectors ``[texts, width]`` of texts among those of photos; None where the model has none."""
    if isinstance(side, AnyModel):
        return None
    with torch.inference_mode():
        vectors: np.ndarray = side.search_vectors(side.index_texts(texts)).float().cpu().numpy()
    return vectors


def photos_from(side: Side, model: FusionModel, vectors: np.ndarray, parts: Mapping[str, Tensor]) -> Any:
    """Kept photos ready to be compared, on the model's device."""
    own = {name: part.to(model.device) for name, part in parts.items()}
    return side.from_parts(torch.from_numpy(vectors).to(model.device), own)
