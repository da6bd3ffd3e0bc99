"""What holds of every kind of model of transformers, against the library's own passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from tests.models.hugging_face.conftest import MADE, PIECES, Make
from tests.models.hugging_face.reference import PIECES_OF, PROMPTS, REFERENCES
from vtviz.attribution.attribute import attribute, attribute_many
from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.attribution.words import sinks
from vtviz.inputs import ImageInput
from vtviz.models.base import MATCH, ModelError, Target, for_photo
from vtviz.models.hugging_face.family import info, load
from vtviz.models.record import KINDS, Kind

PIECES_OF.update({piece: index for index, piece in enumerate(PIECES)})
TEXTS = ["a dog runs on the left", "two cats"]
Loaded = Callable[[str], Any]


def targets(model: Any) -> list[Target]:
    return [Target(kind, 1 if kind in ("caption", "answer") else 0) for kind in model.abilities.kinds]


@pytest.fixture(params=list(MADE))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def model(kind: str, loaded: Loaded) -> Any:
    return loaded(kind)


def test_score_and_attention_are_those_of_the_library(kind: str, model: Any, made: Make, photo: ImageInput) -> None:
    network = getattr(transformers, type(model.network).__name__).from_pretrained(
        made(kind), attn_implementation="eager"
    )
    text, features = model.encode_texts(TEXTS), model.encode_image(photo)
    pixels = model.pixels(photo).expand(2, -1, -1, -1)
    if hasattr(model, "layout"):
        PROMPTS[network.config.model_type] = (model._match.before, model._match.after)
    with torch.no_grad():
        wanted, attentions = REFERENCES[kind](network.eval(), pixels, text)
        torch.testing.assert_close(model.score(features, text, MATCH), wanted, atol=1e-5, rtol=1e-5)
        with model.record(KINDS) as recording:
            model.score(features.expand(2, -1, -1), text, MATCH)
    assert attentions
    for side, layers in attentions.items():
        found = recording.of_kind(side)  # type: ignore[arg-type]
        assert len(found) == len(layers) > 0
        for one, other in zip(found, layers, strict=True):
            each = one.expand_as(other) if len(one) == 1 else one[: len(other)]  # both texts are about one photo
            torch.testing.assert_close(each, other, atol=1e-6, rtol=0)


def test_other_towers_and_language_models_of_llava_are_read(
    loaded: Loaded, made: Make, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded("llava-phi3")
    monkeypatch.setitem(REFERENCES, "llava-phi3", REFERENCES["llava"])
    test_score_and_attention_are_those_of_the_library("llava-phi3", model, made, photo)
    monkeypatch.setattr(model, "_photo", lambda pixels: torch.zeros(1, 15, 16))
    with pytest.raises(ModelError, match="gives 15 tokens of a photo instead of 16"):
        attribute(model, photo, TEXTS[0])


def test_a_recorded_pass_is_the_plain_one_and_gradients_reach_the_weights(model: Any, photo: ImageInput) -> None:
    text, features = model.encode_texts(TEXTS), model.encode_image(photo)
    for target in targets(model):
        plain = model.score(features, text, target)
        with torch.enable_grad(), model.record(KINDS) as recording:
            value = model.score(features, text, target)
        torch.testing.assert_close(value.detach(), plain, atol=1e-5, rtol=1e-5)
        assert {layer.kind for layer in recording.layers} == model.abilities.kinds[target.kind]
        weights = [layer.weights for layer in recording.layers]
        gradients = torch.autograd.grad(value.sum(), weights, allow_unused=True)
        by_kind: dict[Kind, float] = {}
        for layer, gradient in zip(recording.layers, gradients, strict=True):
            size = 0.0 if gradient is None else float(gradient.abs().max())
            by_kind[layer.kind] = max(by_kind.get(layer.kind, 0.0), size)
        assert all(size > 0 for size in by_kind.values()), by_kind


def test_a_short_sliding_window_reaches_over_padding(
    loaded: Loaded, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded("gemma3")
    monkeypatch.setattr(model.network.config.text_config, "sliding_window", 8)
    test_a_batch_is_its_single_texts(model, photo)


def test_a_batch_is_its_single_texts(model: Any, photo: ImageInput) -> None:
    features, other = model.encode_image(photo), model.encode_image(_photo(50, 50, None))
    for target in targets(model):
        together = model.score(torch.cat([features, other]), model.encode_texts(TEXTS), target)
        single = [
            model.score(one, model.encode_texts([text]), target)
            for one, text in zip((features, other), TEXTS, strict=True)
        ]
        torch.testing.assert_close(together, torch.cat(single), atol=1e-5, rtol=1e-5)


def test_changed_attention_changes_the_answer_and_nothing_is_left(model: Any, photo: ImageInput) -> None:
    features, text = model.encode_image(photo), model.encode_texts(TEXTS)
    plain, hooks = model.score(features, text, MATCH), _hooks(model.network)
    with model.record((), lambda name, weights: None):
        assert torch.equal(model.score(features, text, MATCH), plain)
    with model.record((), lambda name, weights: torch.zeros_like(weights)):
        assert not torch.allclose(model.score(features, text, MATCH), plain, atol=1e-4)
    with pytest.raises(ZeroDivisionError), model.record(KINDS, lambda name, weights: 1 / 0):
        model.score(features, text, MATCH)
    assert _hooks(model.network) == hooks
    assert torch.equal(model.score(features, text, MATCH), plain)


@pytest.mark.parametrize("size", [(64, 64), (32, 96), (96, 32)], ids=["square", "wide", "tall"])
@pytest.mark.parametrize("cell", [(0, 0), (1, 3), (3, 1)])
def test_a_bright_square_lights_its_patch(model: Any, size: tuple[int, int], cell: tuple[int, int]) -> None:
    rows, columns = model.grid
    place = (cell[0] * rows // 4, cell[1] * columns // 4)
    dark, bright = (_photo(*size, where) for where in (None, (*place, rows, columns)))
    assert model.frame(bright) == (0.0, 0.0, 1.0, 1.0)
    text, keys = model.encode_texts(["a dog"]), []
    for image in (dark, bright):
        with torch.no_grad(), model.record({"image"}) as recording:
            model.score(model.encode_image(image), text, MATCH)
        keys.append(recording.layers_of("image")[0].key[0].transpose(0, 1).flatten(1))
    moved = (keys[0] - keys[1]).norm(dim=-1)[model.image_offset :]
    assert divmod(int(moved.argmax()), columns) == place


@pytest.mark.parametrize("kind", ["qwen2.5", "qwen3"])
@pytest.mark.parametrize("grid", [(3, 8), (8, 3)], ids=["wide", "tall"])
def test_a_name_chooses_the_grid(kind: str, grid: tuple[int, int], made: Make) -> None:
    model: Any = load(f"hf:{made(kind)}?grid={grid[0]}x{grid[1]}", torch.device("cpu"))
    assert model.grid == grid
    size, text, keys = (grid[0] * 8, grid[1] * 8), model.encode_texts(["a dog"]), []
    for image in (_photo(*size, None), _photo(*size, (2, 1, *grid))):
        with torch.no_grad(), model.record({"image"}) as recording:
            model.score(model.encode_image(image), text, MATCH)
        keys.append(recording.layers_of("image")[0].key[0].transpose(0, 1).flatten(1))
    assert int((keys[0] - keys[1]).norm(dim=-1).argmax()) == 2 * grid[1] + 1


def test_every_method_that_applies_explains(model: Any, photo: ImageInput) -> None:
    ran = []
    for target in targets(model):  # by its default method and layer no map of a word is empty
        maps = attribute(model, photo, TEXTS[0], target).maps[: 2 if target.kind == "caption" else None]
        assert maps.max(axis=(1, 2)).min() > 0
    for method in methods().values():
        for target in targets(model):
            if method.supports(model.abilities, target.kind) is not None or method.perturbs:
                continue
            relevance = attribute(model, photo, TEXTS[0], target, method.name)
            assert np.isfinite(relevance.maps).all() and relevance.maps.shape[1:] == for_photo(model, photo).grid
            assert np.isfinite(relevance.tokens).all()
            ran.append(method.name)
    assert {"rollout", "relevancy", "gradient_input"} <= set(ran)


def test_raw_attention_of_a_decoder_without_its_sinks(
    loaded: Loaded, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, given = loaded("llava"), Options(spread=1)
    plain = attribute(model, photo, TEXTS[0], MATCH, "raw_attention")
    np.testing.assert_array_equal(attribute(model, photo, TEXTS[0], MATCH, "raw_attention", given).maps, plain.maps)
    monkeypatch.setattr(sinks, "SHARE", 1.2)  # of a network without large ones
    clean = attribute(model, photo, TEXTS[0], MATCH, "raw_attention", given).maps
    gone = (clean == 0).all(axis=0)
    assert 0 < gone.sum() < 8
    ratio = clean[:, ~gone] / plain.maps[:, ~gone]
    np.testing.assert_allclose(ratio, ratio[:, :1] + 0 * ratio, rtol=1e-5)


def test_a_patch_that_every_token_attends_to_is_a_sink() -> None:
    rows = torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.0], [0.1, 0.1, 0.7, 0.1, 0.0], [0.0, 0.2, 0.8, 0.0, 0.0]])
    rows = torch.cat([rows, torch.tensor([[0.0, 1.0, 0.0, 0.0, 0.0]])])[None]  # its last token is padding
    real = torch.tensor([True, True, True, False])
    found = sinks.sink_patches([rows], real)
    assert found.tolist() == [False, False, True, False, False]
    wanted = torch.tensor([[1 / 3, 1 / 3, 0, 1 / 3, 0], [0, 1, 0, 0, 0]])
    torch.testing.assert_close(sinks.spread(rows[0, 1:3], found), wanted)


def test_many_texts_are_explained_as_each_alone(model: Any, photo: ImageInput) -> None:
    for method in ("grad_eclip", "legrad", "relevancy"):
        if methods()[method].supports(model.abilities, "match") is None:
            for text, found in zip(TEXTS, attribute_many(model, photo, TEXTS, MATCH, method), strict=True):
                alone = attribute(model, photo, text, MATCH, method)
                np.testing.assert_allclose(found.image, alone.image, atol=1e-5)
                np.testing.assert_allclose(found.tokens, alone.tokens, atol=1e-5)


def test_the_configuration_tells_what_the_model_can(kind: str, model: Any, made: Make) -> None:
    about = info(f"hf:{made(kind)}")
    assert about is not None and about.available
    assert about.abilities == model.abilities


def _photo(height: int, width: int, bright: tuple[int, int, int, int] | None) -> ImageInput:
    pixels = np.zeros((height, width, 3), np.uint8)
    if bright is not None:
        row, column, rows, columns = bright
        high, wide = height // rows, width // columns
        pixels[row * high : (row + 1) * high, column * wide : (column + 1) * wide] = 255
    return ImageInput(pixels, "0" * 64)


def _hooks(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in network.modules())
