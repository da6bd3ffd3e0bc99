"""What some models offer beside a score: vectors of single tokens and patches, an image tower of their own, and photos
that can be kept for search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from vtviz.models.base import EncodedText, FusionModel


@runtime_checkable
class TokenLevelModel(FusionModel, Protocol):
    """A model that compares single pieces and patches, which are unit vectors of one space."""

    def word_vectors(self, text: EncodedText) -> Tensor:
        """One vector for each token of the text, special tokens included, ``[n, T, width]``."""

    def patch_vectors(self, features: Tensor) -> Tensor:
        """One vector for each patch, ``[batch, patches, width]``."""

    def surgery_vectors(self, features: Tensor) -> Tensor:
        """The same with value–value attention in place of query–key attention, and no feed-forward after it, ``[batch,
        patches, width]`` (Li et al., "CLIP Surgery", 2023)."""


@runtime_checkable
class DualEncoder(FusionModel, Protocol):
    """A model whose image tower attends too, and ends in one vector."""

    def image_readout(self, features: Tensor) -> Tensor:
        """How much the photo's vector reads each position of the recorded image axis, ``[batch, image_offset +
        patches]``; each row sums to 1."""

    def layer_similarities(self, features: Tensor, text: EncodedText) -> tuple[Tensor, list[Tensor]]:
        """The cosine of photo and text, ``[batch]``, and for each layer of the image tower what it would be if the
        tower ended there and read the mean of all tokens (Bousselham et al., "LeGrad", ICCV 2025)."""


@runtime_checkable
class SearchModel(FusionModel, Protocol):
    """A model whose photos can be kept for search: a vector each to find them by, and parts to compare them with.

    ``compared`` names the parts that ``similarity`` needs; the others are for the match alone. Where ``keeps_match`` is
    False, the match needs the photo itself.
    """

    compared: frozenset[str]
    keeps_match: bool

    def search_vectors(self, indexed: Any) -> Tensor:
        """A unit vector for each text or photo of an index, ``[n, width]``, whose products come near ``similarity``."""

    def photo_parts(self, photos: Any) -> dict[str, Tensor]:
        """What it takes beside the vectors to make the photos of ``index_images`` again, ``[images, …]`` each."""

    def from_parts(self, vectors: Tensor, parts: Mapping[str, Tensor]) -> Any:
        """Photos ready for ``similarity``, and for ``match_indexed`` where all parts are there."""

    def match_indexed(self, texts: Any, photos: Any) -> Tensor:
        """The match ``[n]`` of text i of an index, or of its only text, with photo i of one."""
