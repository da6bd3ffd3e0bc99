"""The engine with the shipped model."""

import json
import threading

import numpy as np
import pytest
import torch

from vtviz.attribution.registry import methods
from vtviz.engine import local, turns
from vtviz.engine.explain import STAGES
from vtviz.engine.explanation import Request
from vtviz.engine.export import to_json
from vtviz.engine.local import LocalEngine
from vtviz.engine.turns import Busy
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import ModelError, Target
from vtviz.models.registry import load_model
from vtviz.models.vtviz_base.model import VtvizBase

TEXT = "A brown cat with green eyes"


def test_the_explanation_holds_the_answer_and_the_attention_both_ways(engine: LocalEngine, cat: ImageInput) -> None:
    stages: list[str] = []
    answer = engine.explain(Request(cat, TEXT), stages.append)
    assert stages == list(STAGES) and set(answer.timings_ms) == {*STAGES, "total"}
    assert answer.is_match and answer.score > 0.8
    pieces, (rows, columns) = len(answer.tokens.pieces), answer.grid
    assert answer.relevance.maps.shape == (pieces, rows, columns)
    to_image, to_text = (answer.record.of_kind(kind)[0].weights.numpy() for kind in ("text→image", "image→text"))
    read, patches = pieces + 2, rows * columns  # the pieces between [CLS] and [SEP]
    assert to_image.shape == (8, read, patches) and to_text.shape == (8, patches, read)
    np.testing.assert_allclose(to_image.sum(axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(to_text.sum(axis=-1), 1.0, atol=1e-5)


def test_the_default_map_is_the_recorded_attention_of_the_default_layer(engine: LocalEngine, cat: ImageInput) -> None:
    answer = engine.explain(Request(cat, TEXT, method="raw_attention"))
    weights = answer.record.of_kind("text→image")[answer.layer].weights[:, 1:-1]  # without [CLS] and [SEP]
    attention = weights.mean(dim=0).reshape(-1, *answer.grid).numpy()
    expected = attention / attention.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(answer.relevance.maps, expected, atol=1e-6)


def test_a_target_that_the_default_method_lacks_gets_another_method(engine: LocalEngine, cat: ImageInput) -> None:
    answer = engine.explain(Request(cat, TEXT, target=Target("similarity")))
    method = methods()[answer.method]
    assert answer.method != load_model("vtviz-base").default_method
    assert not method.perturbs and method.supports(load_model("vtviz-base").abilities, "similarity") is None


def test_the_score_is_that_of_the_model_run_alone(engine: LocalEngine, cat: ImageInput) -> None:
    model = load_model("vtviz-base")
    with torch.inference_mode():
        alone = float(model.match_logits(model.encode_image(cat), [TEXT]).sigmoid())
    for method in ("raw_attention", "attention_gradcam"):
        assert engine.explain(Request(cat, TEXT, method=method)).score == pytest.approx(alone, abs=1e-5)


def test_a_text_that_does_not_describe_the_photo_scores_low(engine: LocalEngine, cat: ImageInput) -> None:
    answer = engine.explain(Request(cat, "A man rides a bicycle down a street"))
    assert answer.score < 0.2 and not answer.is_match


def test_a_photo_is_encoded_once_and_an_equal_request_is_not_run_again(
    cat: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = LocalEngine("cpu")
    model = load_model("vtviz-base")
    calls: list[str] = []
    encode, match = model.encode_image, model.score
    monkeypatch.setattr(model, "encode_image", lambda image: (calls.append("image"), encode(image))[1])
    monkeypatch.setattr(model, "score", lambda *given: (calls.append("match"), match(*given))[1])
    monkeypatch.setattr(local, "load_model", lambda name, device: model)
    first = engine.explain(Request(cat, "a cat"))
    engine.explain(Request(cat, "a dog"))
    assert engine.explain(Request(cat, "a cat")) is first
    assert calls == ["image", "match", "match"]
    engine.close()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"layer": 9}, InputError, "layer 9: layer numbers start at 0"),
        ({"head": 99}, InputError, "no head 99"),
        ({"method": "magic"}, InputError, "no method called magic"),
        ({"model": "nothing"}, ModelError, "no model called nothing"),
        ({"text": " … "}, InputError, "no words"),
    ],
)
def test_bad_requests_are_refused_and_the_engine_goes_on(
    engine: LocalEngine, cat: ImageInput, change: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        engine.explain(Request(**{"image": cat, "text": TEXT, **change}))
    assert engine.explain(Request(cat, TEXT)).is_match


def test_a_full_queue_refuses(cat: ImageInput, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "QUEUE", 1)
    engine, entered, leave = LocalEngine("cpu"), threading.Event(), threading.Event()

    def wait(stage: str) -> None:
        entered.set()
        leave.wait(20)

    waiting = threading.Thread(target=engine.explain, args=(Request(cat, "a cat"), wait))
    waiting.start()
    assert entered.wait(20)
    with pytest.raises(Busy):
        engine.explain(Request(cat, "a dog"))
    leave.set()
    waiting.join()
    assert engine.explain(Request(cat, "a dog")).tokens.text == "a dog"
    engine.close()


def test_a_device_that_is_not_there_is_refused() -> None:
    for name in ("cuda:77", "quantum", "meta"):
        with pytest.raises(InputError):
            LocalEngine(name)


@pytest.mark.parametrize("method", ["raw_attention", "maskclip"])
def test_the_file_follows_the_contract(method: str, engine: LocalEngine, cat: ImageInput) -> None:
    answer = engine.explain(Request(cat, TEXT, method=method))
    file = json.loads(to_json(answer))
    keys = "schema model weights_sha256 method score image tokens grid maps timings_ms device versions"
    assert set(keys.split()) <= set(file)
    assert file["image"] == {"sha256": cat.sha256, "width": cat.width, "height": cat.height}
    assert len(file["maps"]) == len(file["tokens"]) and np.shape(file["maps"])[1:] == tuple(file["grid"])
    assert np.min(file["maps"]) >= 0.0 and np.max(file["maps"]) <= 1.0
    if file["signed"]:
        assert np.min(file["signed_maps"]) < 0
        np.testing.assert_array_equal(np.clip(file["signed_maps"], 0, 1), file["maps"])
    for token in file["tokens"]:
        assert TEXT[token["start"] : token["end"]] == token["text"]


@pytest.mark.parametrize("target", [Target(), Target("similarity"), Target("caption", 1)])
def test_a_photo_is_encoded_once_whatever_is_explained(
    tiny_engine: LocalEngine, tiny: VtvizBase, photo: ImageInput, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, encode = list[int](), tiny.encode_pixels
    monkeypatch.setattr(tiny, "encode_pixels", lambda pixels: (seen.append(len(pixels)), encode(pixels))[1])
    tiny_engine.explain(Request(photo, "a dog runs", "tiny", "relevancy", target=target))
    assert seen == [1]
