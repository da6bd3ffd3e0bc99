"""Photos of vtviz-base as they are kept for search."""

import numpy as np
import torch

from vtviz.inputs import ImageInput
from vtviz.models.encoders import SearchModel
from vtviz.models.vtviz_base.model import VtvizBase


@torch.no_grad()
def test_kept_photos_are_compared_and_matched_as_photos_are(tiny: VtvizBase, photo: ImageInput) -> None:
    assert isinstance(tiny, SearchModel)
    other = ImageInput(np.ascontiguousarray(photo.pixels[::-1]), "1" * 64)
    features = torch.cat([tiny.encode_image(photo), tiny.encode_image(other)])
    texts, photos = tiny.index_texts(["a dog runs"]), tiny.index_images(features)
    vectors, parts = tiny.search_vectors(photos), tiny.photo_parts(photos)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(2))
    compared = tiny.from_parts(vectors, {name: parts[name] for name in tiny.compared})
    torch.testing.assert_close(tiny.similarity(texts, compared), tiny.similarity(texts, photos))
    logits = tiny.match_indexed(texts, tiny.from_parts(vectors, parts))
    torch.testing.assert_close(logits, tiny.match_logits(features, ["a dog runs"] * 2))


@torch.no_grad()
def test_a_vector_is_the_pooled_one_beside_the_mean_of_the_local_ones(tiny: VtvizBase, photo: ImageInput) -> None:
    """Their product against the weighted sum of cosines, written out patch by patch and word by word."""
    texts, photos = tiny.index_texts(["a dog runs"]), tiny.index_images(tiny.encode_image(photo))
    scales = tiny.network.similarity_scale.exp()
    cosines = texts.local[0] @ photos.local[0].T  # [words, patches]
    local = float(texts.importance[0] @ cosines @ photos.importance[0])
    expected = float(scales[2]) * float(texts.pooled[0] @ photos.pooled[0]) + float(scales[0] + scales[1]) * local
    lengths = []
    for side in (texts, photos):
        mean = side.importance[0] @ side.local[0]
        lengths.append(float((scales[2] + (scales[0] + scales[1]) * mean.square().sum()).sqrt()))
    product = float(tiny.search_vectors(texts)[0] @ tiny.search_vectors(photos)[0])
    assert abs(product - expected / (lengths[0] * lengths[1])) < 1e-5
