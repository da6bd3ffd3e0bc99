"""The recurrent network against a computation by hand, and vtviz-recurrent around it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.conftest import RECURRENT_WORDS
from vtviz.inputs import ImageInput, InputError
from vtviz.mechanism.plan import draw_plan
from vtviz.models.base import MATCH, FusionModel, ModelError, Target
from vtviz.models.recurrent.family import load_folder
from vtviz.models.recurrent.model import VtvizRecurrent
from vtviz.models.recurrent.network import UNKNOWN, RecurrentNetwork, pooled_patches
from vtviz.models.recurrent.vocabulary import Words, count_words
from vtviz.models.recurrent.weights import save_model
from vtviz.models.registry import load_model, model_info

TEXTS = ["a red dog runs", "a cat"]


def array(values: Tensor) -> np.ndarray:
    return values.detach().double().numpy()


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def gelu(x: np.ndarray) -> np.ndarray:
    erf = np.vectorize(__import__("math").erf)
    return x * 0.5 * (1.0 + erf(x / np.sqrt(2.0)))


def norm(x: np.ndarray, layer: torch.nn.LayerNorm) -> np.ndarray:
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + layer.eps)
    return x * array(layer.weight) + array(layer.bias)


def linear(x: np.ndarray, layer: torch.nn.Linear) -> np.ndarray:
    return x @ array(layer.weight).T + array(layer.bias)


def read(x: np.ndarray, network: RecurrentNetwork, side: str) -> np.ndarray:
    """The states of an LSTM over ``x [n, width]``, step by step."""
    reader = getattr(network, f"{side}_reader")
    lstm, width = reader.lstm, x.shape[1]
    hidden, cell, states = np.zeros(width), np.zeros(width), []
    for step in x:
        gates = array(lstm.weight_ih_l0) @ step + array(lstm.bias_ih_l0)
        gates += array(lstm.weight_hh_l0) @ hidden + array(lstm.bias_hh_l0)
        into, forget, new, out = np.split(gates, 4)
        cell = sigmoid(forget) * cell + sigmoid(into) * np.tanh(new)
        hidden = sigmoid(out) * np.tanh(cell)
        states.append(hidden)
    return norm(x + np.array(states), reader.norm)


def by_hand(network: RecurrentNetwork, ids: list[int], features: np.ndarray) -> tuple[float, np.ndarray]:
    """The match logit, and the attention ``[heads, words, patches]``."""
    text = read(linear(array(network.words.weight)[ids], network.text_in), network, "text")
    inner = gelu(linear(norm(features, network.image_in[0]), network.image_in[1]))
    image = read(linear(inner, network.image_in[3]) + array(network.image_positions), network, "image")
    attention = network.attention
    heads, width = attention.heads, text.shape[1]
    size, mixed, weights = width // heads, [], []
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        query, key, value = (
            linear(x, layer)[:, own]
            for x, layer in ((text, attention.query), (image, attention.key), (image, attention.value))
        )
        scores = np.exp(query @ key.T / np.sqrt(size))
        weights.append(scores / scores.sum(axis=1, keepdims=True))
        mixed.append(weights[-1] @ value)
    attended = linear(np.concatenate(mixed, axis=1), attention.output)
    fused = gelu(linear(np.concatenate([text, attended, text * attended], axis=1), network.fusion[0]))
    pooled = np.concatenate([fused.mean(axis=0), fused.max(axis=0)])
    logit = linear(gelu(linear(pooled, network.match_head[0])), network.match_head[2])
    return float(logit[0]), np.array(weights)


def test_match_and_attention_are_those_computed_by_hand(tiny_recurrent: VtvizRecurrent, photo: ImageInput) -> None:
    features = tiny_recurrent.encode_image(photo)
    with torch.no_grad(), tiny_recurrent.record({"text→image"}) as recording:
        found = tiny_recurrent.match_logits(features.expand(2, -1, -1), TEXTS)
    (weights,) = recording.of_kind("text→image")
    for index, text in enumerate(TEXTS):
        ids = tiny_recurrent.read(text)[0]
        logit, expected = by_hand(tiny_recurrent.network, ids, array(features[0]))
        assert float(found[index]) == pytest.approx(logit, abs=1e-4)  # the second text is padded in the batch
        np.testing.assert_allclose(array(weights[index])[:, : len(ids)], expected, atol=1e-5)


def test_recording_changes_nothing_and_lets_attention_be_changed(
    tiny_recurrent: VtvizRecurrent, photo: ImageInput
) -> None:
    features = tiny_recurrent.encode_image(photo)
    with torch.no_grad():
        plain = tiny_recurrent.match_logits(features, TEXTS[:1])
        with tiny_recurrent.record({"text→image"}):
            recorded = tiny_recurrent.match_logits(features, TEXTS[:1])
        even = torch.full((1, 2, 4, 16), 1 / 16)
        with tiny_recurrent.record((), change=lambda name, weights: even):
            changed = tiny_recurrent.match_logits(features, TEXTS[:1])
    torch.testing.assert_close(recorded, plain, atol=1e-6, rtol=1e-5)
    assert abs(float(changed - plain)) > 1e-7


def test_gradients_reach_attention_words_and_patches(tiny_recurrent: VtvizRecurrent, photo: ImageInput) -> None:
    pixels = tiny_recurrent.pixels(photo).requires_grad_()
    with tiny_recurrent.record({"text→image"}) as recording:
        value = tiny_recurrent.score(
            tiny_recurrent.encode_pixels(pixels), tiny_recurrent.encode_texts(TEXTS[:1]), MATCH
        )
    gradients = torch.autograd.grad(value.sum(), [pixels, recording.of_kind("text→image")[0]])
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


def test_words_are_tokens_at_their_places(tiny_recurrent: VtvizRecurrent) -> None:
    tokens = tiny_recurrent.tokenize(" A Red dog, zebra!")
    assert tokens.pieces == ("A", "Red", "dog", ",", "zebra", "!") and tokens.word_of == (0, 1, 2, 3, 4, 5)
    assert [tokens.text[a:b] for a, b in tokens.spans] == list(tokens.pieces)
    ids = tiny_recurrent.encode_texts(["A Red dog, zebra!"]).ids[0].tolist()
    assert ids == [2, 3, 4, UNKNOWN, UNKNOWN, UNKNOWN]
    assert tiny_recurrent.unknown_words(["A", "zebra", ",", "7"]) == (1, 3)
    with pytest.raises(InputError):
        tiny_recurrent.tokenize("…")


def test_words_are_counted_and_the_rare_ones_left_out() -> None:
    assert count_words(["A dog, a DOG", "a cat"], 2) == {"a": 3, "dog": 2}
    assert len(Words({"a": 3, "dog": 2})) == 4


def test_similarity_of_all_pairs_is_that_of_each(tiny_recurrent: VtvizRecurrent, photo: ImageInput) -> None:
    features = torch.cat([tiny_recurrent.encode_image(photo), tiny_recurrent.encode_image(photo).flip(1)])
    every = tiny_recurrent.similarity(tiny_recurrent.index_texts(TEXTS), tiny_recurrent.index_images(features))
    assert every.shape == (2, 2)
    with torch.no_grad():
        for row, text in enumerate(TEXTS):
            one = tiny_recurrent.score(features, tiny_recurrent.encode_texts([text]), Target("similarity"))
            torch.testing.assert_close(every[row], one, atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="caption"):
        tiny_recurrent.score(features, tiny_recurrent.encode_texts(TEXTS), Target("caption"))


def test_neighbouring_patches_are_pooled() -> None:
    grid = torch.arange(16.0).reshape(1, 16, 1)
    assert pooled_patches(grid, 2)[0, :, 0].tolist() == [2.5, 4.5, 10.5, 12.5]
    torch.testing.assert_close(pooled_patches(grid, 1), grid)


def test_a_folder_gives_the_same_answers_and_does_not_hold_the_image_features(
    tiny_recurrent: VtvizRecurrent, photo: ImageInput, tmp_path: Path
) -> None:
    save_model(tiny_recurrent.network, Words(RECURRENT_WORDS), tmp_path, threshold=0.4, bounds=[0.2, 0.7])
    loaded = load_model(f"vtviz-recurrent@{tmp_path}")
    assert isinstance(loaded, VtvizRecurrent) and loaded.threshold == 0.4 and loaded.bounds is not None
    as_model: FusionModel = loaded
    assert as_model.grid == (4, 4) and len(as_model.weights_sha256) == 64
    assert (tmp_path / "model.safetensors").stat().st_size < 60_000
    features = tiny_recurrent.encode_image(photo)
    with torch.no_grad():
        here, there = (model.match_logits(features, TEXTS[:1]) for model in (tiny_recurrent, loaded))
    torch.testing.assert_close(here, there, atol=2e-3, rtol=2e-2)  # weights are kept in half precision
    shipped = load_model("vtviz-base").network.backbone.state_dict()  # type: ignore[attr-defined]
    for name, value in loaded.network.backbone.state_dict().items():
        torch.testing.assert_close(value, shipped[name], atol=0, rtol=0)
    info = model_info(f"vtviz-recurrent@{tmp_path}")
    assert info is not None and info.available and info.name.endswith(str(tmp_path))


def test_a_folder_that_does_not_belong_together_is_refused(tiny_recurrent: VtvizRecurrent, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"lacks model\.safetensors, config\.json, vocabulary\.json"):
        load_folder(tmp_path)
    save_model(tiny_recurrent.network, Words(RECURRENT_WORDS), tmp_path, backbone_sha256="0" * 64)
    with pytest.raises(ModelError, match="do not belong together"):
        load_folder(tmp_path)
    save_model(tiny_recurrent.network, Words({"a": 1}), tmp_path)
    with pytest.raises(ModelError, match="do not belong together"):
        load_folder(tmp_path)
    described = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**described, "network": {**described["network"], "width": 8}}))
    with pytest.raises(ModelError, match="do not belong together"):
        load_folder(tmp_path)


def test_its_plan_shows_both_sides_and_where_they_meet(tiny_recurrent: VtvizRecurrent, photo: ImageInput) -> None:
    pooled = RecurrentNetwork(replace(tiny_recurrent.network.config, image_size=128, pool=2))
    model = VtvizRecurrent(pooled, tiny_recurrent.vocabulary, "0" * 64)
    plan = draw_plan(model, photo, model.encode_texts(TEXTS[:1]))
    lanes = {block.name: block.lane for block in plan.blocks}
    assert lanes["backbone"] == lanes["image_reader"] == "image" and lanes["text_reader"] == "text"
    assert lanes["attention"] == "fusion" and lanes["match_head"] == "output" and plan.patches == 16
