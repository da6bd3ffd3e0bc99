"""Photos of open_clip's models as they are kept for search."""

from collections.abc import Callable

import pytest
import torch

from vtviz.inputs import ImageInput
from vtviz.models.encoders import SearchModel
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder

TEXTS = ["a dog", "a red boat on the water"]
Loaded = Callable[[str], OpenClipDualEncoder]


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-timm", "tiny-coca"])
@torch.no_grad()
def test_the_vectors_of_a_dual_encoder_say_all(loaded: Loaded, photo: ImageInput, name: str) -> None:
    model = loaded(name)
    assert isinstance(model, SearchModel)
    features = model.encode_image(photo)
    photos, texts = model.index_images(features), model.index_texts(TEXTS)
    assert model.photo_parts(photos) == {} and model.keeps_match == (name != "tiny-coca")
    vectors = model.search_vectors(photos)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(1))
    again = model.from_parts(vectors, {})
    torch.testing.assert_close(model.search_vectors(texts) @ vectors.T, model.similarity(texts, photos))
    if model.keeps_match:
        logits = model.match_logits(features.expand(2, -1, -1), TEXTS)
        torch.testing.assert_close(model.match_indexed(texts, again.expand(2, -1)), logits, atol=1e-4, rtol=1e-4)
