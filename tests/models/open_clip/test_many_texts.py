"""Many texts on one photo: the image tower runs once, and every text is explained as it would be alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from vtviz.attribution.attribute import attribute, attribute_many
from vtviz.attribution.options import Options
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import MATCH, FusionModel, Target
from vtviz.models.open_clip.dual_encoder import OpenClipDualEncoder
from vtviz.watch import Watch

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


class Bench:
    """What an engine has at hand, without keeping anything."""

    def features(self, model: FusionModel, image: ImageInput) -> torch.Tensor:
        return model.encode_image(image)

    def share(self, key: Hashable, make: Callable[[], Any]) -> Any:
        return make()


@pytest.mark.parametrize("method", ["grad_eclip", "legrad", "relevancy"])
def test_each_word_of_a_sentence_has_the_map_of_a_text_of_its_own(
    method: str, loaded: Loaded, photo: ImageInput
) -> None:
    model = loaded("tiny-clip")
    plain = Explain(photo, "a dog, a catfish", model.name, method, Options())
    asked = replace(plain, alone=True)
    assert asked.fingerprint != plain.fingerprint
    whole, found = (each.answer(model, Bench(), Watch()).relevance for each in (plain, asked))
    tokens = model.tokenize(asked.text)
    assert found.maps_of == "word" and whole.maps_of == "text" and found.units is not None
    assert [word.text for word in tokens.words] == ["a", "dog", ",", "a", "catfish"]
    for piece, owner in enumerate(tokens.word_of):
        if owner == 2:  # no text of its own
            assert not found.maps[piece].any() and not found.units[piece]
            continue
        alone = attribute(model, photo, tokens.words[owner].text, MATCH, method)
        assert alone.units is not None
        np.testing.assert_allclose(found.maps[piece], alone.image, atol=1e-5)
        assert found.units[piece] == pytest.approx(alone.units[-1], rel=1e-4)
    np.testing.assert_array_equal(found.image, whole.image)
    np.testing.assert_array_equal(found.tokens, whole.tokens)
    assert np.abs(found.maps[1] - found.image).max() > 1e-3


def test_a_method_without_such_maps_says_so(loaded: Loaded, photo: ImageInput) -> None:
    for name, method in (("tiny-clip", "maskclip"), ("tiny-clip", "rollout"), ("tiny-coca", "relevancy")):
        model = loaded(name)
        with pytest.raises(InputError, match="cannot explain each word on its own for this model"):
            Explain(photo, "a dog", model.name, method, alone=True).answer(model, Bench(), Watch())
