"""What a lens takes from an explanation."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from vtviz.attribution.base import Details
from vtviz.engine.engine import Engine
from vtviz.engine.explanation import Explanation
from vtviz.engine.lens import lens_layer, lens_view, ways_to_look
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.models.base import Abilities, Target, TargetKind
from vtviz.models.record import AttentionLayer, Kind
from vtviz.models.registry import model_info
from vtviz.sentences import catalogue


@pytest.fixture(scope="module")
def explanation(engine: Engine, cat: ImageInput) -> Explanation:
    return engine.ask(Explain(cat, "A cat"))


def test_methods_beside_an_explanation_find_what_they_find_alone(engine: Engine, cat: ImageInput) -> None:
    ways = ways_to_look(abilities())
    assert ways == {"where": "maskclip", "moved": "attention_gradcam"}
    shown = engine.ask(Explain(cat, "A cat", beside=tuple(ways.values())))
    alone = engine.ask(Explain(cat, "A cat"))
    assert shown.fingerprint == alone.fingerprint and shown.score == pytest.approx(alone.score, abs=1e-6)
    np.testing.assert_allclose(shown.relevance.maps, alone.relevance.maps, atol=1e-5)
    for method in ways.values():
        own = engine.ask(Explain(cat, "A cat", method=method)).relevance
        np.testing.assert_allclose(shown.beside[method].maps, own.maps, atol=1e-5)
        np.testing.assert_allclose(shown.beside[method].tokens, own.tokens, atol=1e-5)


@pytest.mark.parametrize(
    ("method", "first", "offered"),
    [
        (None, "where", False),
        ("raw_attention", "attention", False),
        ("attention_gradcam", "moved", False),
        ("rollout", "attribution", True),
    ],
)
def test_the_way_to_look_that_comes_first(
    engine: Engine, cat: ImageInput, method: str | None, first: str, offered: bool
) -> None:
    beside = tuple(ways_to_look(abilities()).values())
    view = lens_view(engine.ask(Explain(cat, "A cat", method=method, beside=beside)), method)
    assert (view.show, view.offered) == (first, offered)
    assert [look.name for look in view.looks] == ["where", "moved"]


def test_another_target_is_no_way_to_look_but_its_own(engine: Engine, cat: ImageInput) -> None:
    beside = tuple(ways_to_look(abilities()).values())
    for target in (Target("similarity"), Target("caption", 1)):
        shown = engine.ask(Explain(cat, "A cat", target=target, beside=beside))
        view = lens_view(shown, shown.method)
        assert view.offered and view.show == "attribution", target


def abilities() -> Abilities:
    info = model_info("vtviz-base")
    assert info is not None
    return info.abilities


def test_cross_attention_is_that_of_the_pieces(explanation: Explanation) -> None:
    view = lens_view(explanation)
    there = [layer.blocks["text_image"] for layer in view.layers if layer.kind == "text→image"]
    back = [layer.blocks["image_text"] for layer in view.layers if layer.kind == "image→text"]
    to_image, to_text = (explanation.record.of_kind(kind) for kind in ("text→image", "image→text"))
    for depth in range(3):
        np.testing.assert_array_equal(there[depth], to_image[depth].weights[:, 1:3])
        np.testing.assert_array_equal(back[depth], to_text[depth].weights[:, :, 1:3])
    assert (view.layer, view.head, view.grid) == (explanation.layer, None, (20, 20))
    assert view.total and 1 / (1 + np.exp(-view.total.value)) == pytest.approx(explanation.score)


@pytest.mark.parametrize(
    ("kind", "side", "block", "corner"),
    [("text", 6, "text_text", (1, 1)), ("image", 7, "image_image", (1, 1)), ("image", 6, "image_image", (0, 0))],
)
def test_special_tokens_are_cut_away(
    explanation: Explanation, kind: Kind, side: int, block: str, corner: tuple[int, int]
) -> None:
    weights = torch.rand(3, side, side)
    small = replace(explanation, grid=(2, 3))
    cut = dict(lens_layer(AttentionLayer("x", kind, weights), small).blocks)
    size = 2 if kind == "text" else 6
    row, column = corner
    expected = weights.numpy()[:, row : row + size, column : column + size]
    np.testing.assert_array_equal(cut[block], expected)  # type: ignore[index]
    if kind == "image":
        first = weights.numpy()[:, :1, 1:] if side == 7 else weights.numpy().mean(axis=1, keepdims=True)
        np.testing.assert_allclose(cut["summary"], first)


def test_a_joined_sequence_is_text_then_patches(explanation: Explanation) -> None:
    weights = torch.rand(2, 10, 10)
    blocks = lens_layer(AttentionLayer("x", "fused", weights), replace(explanation, grid=(2, 3))).blocks
    np.testing.assert_array_equal(blocks["text_image"], weights.numpy()[:, 1:3, 4:])
    np.testing.assert_array_equal(blocks["image_text"], weights.numpy()[:, 4:, 1:3])


def test_a_total_is_that_of_the_target_or_none(explanation: Explanation) -> None:
    for kind in get_args(TargetKind)[1:]:
        other = replace(explanation, target=Target(kind))
        assert lens_view(other).total is None  # the method does not tell it, and the match is another number
        details = Details(value=2.0, baseline=0.5, image_unit=1.0)
        told = lens_view(replace(other, relevance=replace(explanation.relevance, details=details))).total
        assert told is not None and (told.label, told.value, told.baseline) == (f"lens.total_{kind}", 2.0, 0.5)
        assert told.label in catalogue("en") and told.label in catalogue("zh")
