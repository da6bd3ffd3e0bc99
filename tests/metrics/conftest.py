"""A linear model whose true importances are known, and the small network of the attribution tests."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from vtviz.inputs import ImageInput, Tokens, group_pieces, split_words
from vtviz.models.base import Abilities, EncodedText, Target

GRID, SIDE = (2, 3), 8
PATCH_WEIGHTS = np.array([5.0, -1.0, 2.0, 0.5, 3.0, 0.0])
WORD_WEIGHTS = {"a": 0.5, "red": 2.0, "bus": 4.0, "runs": -1.0}


class Linear:
    """score = Σ weight · mean of the patch + Σ weight of the words; pixels are 1 everywhere."""

    abilities = Abilities({"similarity": frozenset()}, False)
    grid, pad_id, text_offset, image_offset, attention_in_pixels = GRID, 0, 0, 0, False
    words = ("", *WORD_WEIGHTS)

    def tokenize(self, text: str) -> Tokens:
        found = split_words(text)
        return group_pieces(text, [word.text for word in found], [(word.start, word.end) for word in found])

    def encode_texts(self, texts: Sequence[str]) -> EncodedText:
        ids = torch.tensor([[self.words.index(piece) for piece in self.tokenize(text).pieces] for text in texts])
        return EncodedText(ids, ids > 0)

    def keep_pieces(self, text: EncodedText, kept: Tensor) -> EncodedText:
        return EncodedText(text.ids * kept, kept & text.mask)

    def pixels(self, image: ImageInput) -> Tensor:
        return torch.ones(1, 3, GRID[0] * SIDE, GRID[1] * SIDE)

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(pixels.mean(dim=1, keepdim=True), SIDE).flatten(1)[..., None]

    def score(self, features: Tensor, text: EncodedText, target: Target) -> Tensor:
        words = torch.tensor([0.0, *WORD_WEIGHTS.values()])[text.ids].sum(dim=1)
        return features[..., 0] @ torch.from_numpy(PATCH_WEIGHTS).float() + words


@pytest.fixture
def linear() -> Linear:
    return Linear()
