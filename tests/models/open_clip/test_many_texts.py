"""Many texts on one photo: the image tower runs once, and every text is explained as it would be alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute, attribute_many
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, Target
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder

Loaded = Callable[[str], OpenClipDualEncoder]
TEXTS = ["a dog", "a cup of tea on a table", "snow"]
METHODS = ["grad_eclip", "legrad", "relevancy", "rollout"]
NAMES = ["tiny-clip", "tiny-own", "tiny-timm", "tiny-map", "tiny-quick-quickgelu"]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_explained_as_it_would_be_alone(
    name: str, loaded: Loaded, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, sizes = loaded(name), list[int]()
    tokens = model.vision.tokens

    def counted(pixels: torch.Tensor) -> torch.Tensor:
        sizes.append(len(pixels))
        return tokens(pixels)

    for method in METHODS:
        with monkeypatch.context() as patch:
            patch.setattr(model.vision, "tokens", counted)
            together = attribute_many(model, photo, TEXTS, MATCH, method)
        for text, found in zip(TEXTS, together, strict=True):
            alone = attribute(model, photo, text, MATCH, method)
            np.testing.assert_allclose(found.image, alone.image, atol=1e-5)
            np.testing.assert_allclose(found.maps, alone.maps, atol=1e-5)
            np.testing.assert_allclose(found.tokens, alone.tokens, atol=1e-5)
    reads = 1 if model.vision.fixed_readout() is None else 0  # a pooler is asked what it read, by two of the methods
    assert sizes == [1] * (len(METHODS) + 2 * reads)


@pytest.mark.parametrize("target", [Target("match"), Target("similarity"), Target("caption", 0)])
def test_so_are_those_of_coca(target: Target, loaded: Loaded, photo: ImageInput) -> None:
    model = loaded("tiny-coca")
    for method in METHODS:
        for text, found in zip(TEXTS, attribute_many(model, photo, TEXTS, target, method), strict=True):
            alone = attribute(model, photo, text, target, method)
            np.testing.assert_allclose(found.image, alone.image, atol=1e-5)
            np.testing.assert_allclose(found.tokens, alone.tokens, atol=1e-5)


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-own"])
def test_gradients_of_a_score_are_those_of_the_network_itself(name: str, loaded: Loaded, photo: ImageInput) -> None:
    """A tower whose vector reads one token takes a shorter way back, which must lead to the same place."""
    model = loaded(name)
    text, pixels = model.encode_texts([TEXTS[1]]), model.pixels(photo)
    padded, ways = torch.tensor([model.reader.row(model.reader.read(TEXTS[1]).ids)[0]]), []
    for score in (
        lambda features: model.score(features, text, Target("similarity")),
        lambda features: torch.cosine_similarity(
            model.network.encode_image(model._pixels(features)), model.network.encode_text(padded)
        ),
    ):
        features = model.encode_pixels(pixels).requires_grad_()
        value = score(features)
        ways.append((value.detach(), torch.autograd.grad(value.sum(), features)[0]))
    torch.testing.assert_close(ways[0][0], ways[1][0])
    torch.testing.assert_close(ways[0][1], ways[1][1], atol=1e-6, rtol=1e-4)
    assert ways[0][1].abs().max() > 0
