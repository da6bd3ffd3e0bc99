"""The engine with the shipped model."""

import json
import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch

from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.engine import local, turns
from vtviz.engine.engine import Engine
from vtviz.engine.export import to_json
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import STAGES, Explain
from vtviz.engine.requests.model import LoadModel
from vtviz.engine.turns import Busy
from vtviz.inputs import ImageInput, InputError
from vtviz.models.base import ModelError, Target
from vtviz.models.registry import load_model
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Progress, Watch

TEXT = "A brown cat with green eyes"


def test_the_explanation_holds_the_answer_and_the_attention_both_ways(engine: Engine, cat: ImageInput) -> None:
    stages: list[str] = []
    answer = engine.ask(Explain(cat, TEXT), Watch(lambda now: stages.append(now.stage)))
    assert stages == list(STAGES) and set(answer.timings_ms) == {*STAGES, "total"}
    assert answer.is_match and answer.score > 0.8
    pieces, (rows, columns) = len(answer.tokens.pieces), answer.grid
    assert answer.relevance.maps.shape == (pieces, rows, columns)
    to_image, to_text = (answer.record.of_kind(kind)[0].weights.numpy() for kind in ("text→image", "image→text"))
    read, patches = pieces + 2, rows * columns  # the pieces between [CLS] and [SEP]
    assert to_image.shape == (8, read, patches) and to_text.shape == (8, patches, read)
    np.testing.assert_allclose(to_image.sum(axis=-1), 1.0, atol=1e-5)
    np.testing.assert_allclose(to_text.sum(axis=-1), 1.0, atol=1e-5)


def test_the_default_map_is_the_recorded_attention_of_the_default_layer(engine: Engine, cat: ImageInput) -> None:
    answer = engine.ask(Explain(cat, TEXT, method="raw_attention"))
    weights = answer.record.of_kind("text→image")[answer.layer].weights[:, 1:-1]  # without [CLS] and [SEP]
    attention = weights.mean(dim=0).reshape(-1, *answer.grid).numpy()
    expected = attention / attention.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(answer.relevance.maps, expected, atol=1e-6)


def test_a_target_that_the_default_method_lacks_gets_another_method(engine: Engine, cat: ImageInput) -> None:
    answer = engine.ask(Explain(cat, TEXT, target=Target("similarity")))
    method = methods()[answer.method]
    assert answer.method != load_model("vtviz-base").default_method
    assert not method.perturbs and method.supports(load_model("vtviz-base").abilities, "similarity") is None


def test_the_score_is_that_of_the_model_run_alone(engine: Engine, cat: ImageInput) -> None:
    model = load_model("vtviz-base")
    with torch.inference_mode():
        alone = float(model.match_logits(model.encode_image(cat), [TEXT]).sigmoid())
    for method in ("raw_attention", "attention_gradcam"):
        assert engine.ask(Explain(cat, TEXT, method=method)).score == pytest.approx(alone, abs=1e-5)


def test_a_text_that_does_not_describe_the_photo_scores_low(engine: Engine, cat: ImageInput) -> None:
    answer = engine.ask(Explain(cat, "A man rides a bicycle down a street"))
    assert answer.score < 0.2 and not answer.is_match


def test_a_photo_is_encoded_once_and_an_equal_request_is_not_run_again(
    make_engine: Callable[[], Engine], cat: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, model = make_engine(), load_model("vtviz-base")
    calls: list[str] = []
    encode, match = model.encode_image, model.score
    monkeypatch.setattr(model, "encode_image", lambda image: (calls.append("image"), encode(image))[1])
    monkeypatch.setattr(model, "score", lambda *given: (calls.append("match"), match(*given))[1])
    monkeypatch.setattr(local, "load_model", lambda name, device: model)
    first = engine.ask(Explain(cat, "a cat"))
    engine.ask(Explain(cat, "a dog"))
    assert engine.ask(Explain(cat, "a cat")).timings_ms == first.timings_ms
    assert calls == ["image", "match", "match"]


def test_quick_answers_do_not_push_a_slow_one_out(tiny_engine: Engine, photo: ImageInput) -> None:
    slow = Explain(photo, "a dog", "tiny", "occlusion", Options(window=2))
    tiny_engine.ask(slow)
    for number in range(local.KEPT_ANSWERS):
        tiny_engine.ask(Explain(photo, f"{number} dogs", "tiny"))
    assert tiny_engine.is_ready(slow)


def test_freed_memory_goes_back_now_and_then(
    tiny_engine: Engine, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    trims = list[bool]()
    monkeypatch.setattr(local, "trim_heap", lambda: trims.append(True))
    tiny_engine.ask(Explain(photo, "a dog sits", "tiny"))
    seldom = len(trims)
    monkeypatch.setattr(local, "TRIM_EVERY", 0.0)
    tiny_engine.ask(Explain(photo, "a cat sits", "tiny"))
    assert seldom <= 1 and len(trims) == seldom + 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"options": Options(layer=9)}, InputError, "layer 9: "),
        ({"options": Options(head=99)}, InputError, "no head 99"),
        ({"method": "magic"}, InputError, "no method called magic"),
        ({"model": "nothing"}, ModelError, "no model called nothing"),
        ({"text": " … "}, InputError, "no words"),
    ],
)
def test_bad_requests_are_refused_and_the_engine_goes_on(
    engine: Engine, cat: ImageInput, change: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        engine.ask(Explain(**{"image": cat, "text": TEXT, **change}))
    assert engine.ask(Explain(cat, TEXT)).is_match


def test_a_full_queue_refuses_all_but_parts_of_longer_work(
    make_engine: Callable[[], Engine], cat: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "QUEUE", 1)
    engine, entered, leave = make_engine(), threading.Event(), threading.Event()

    def wait(now: Progress) -> None:
        entered.set()
        leave.wait(20)

    waiting = threading.Thread(target=engine.ask, args=(Explain(cat, "a cat"), Watch(wait)))
    waiting.start()
    assert entered.wait(20)
    with pytest.raises(Busy):
        engine.ask(Explain(cat, "a dog"))
    part = threading.Thread(target=engine.ask, args=(LoadModel("vtviz-base"),))
    part.start()
    leave.set()
    waiting.join()
    part.join()
    assert engine.ask(Explain(cat, "a dog")).tokens.text == "a dog"


def test_a_device_that_is_not_there_is_refused() -> None:
    for name in ("cuda:77", "quantum", "meta"):
        with pytest.raises(InputError):
            LocalEngine(name)


@pytest.mark.parametrize("method", ["raw_attention", "maskclip"])
def test_the_file_follows_the_contract(method: str, engine: Engine, cat: ImageInput) -> None:
    answer = engine.ask(Explain(cat, TEXT, method=method))
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
    tiny_engine: Engine, tiny: VtvizBase, photo: ImageInput, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, encode = list[int](), tiny.encode_pixels
    monkeypatch.setattr(tiny, "encode_pixels", lambda pixels: (seen.append(len(pixels)), encode(pixels))[1])
    tiny_engine.ask(Explain(photo, "a dog runs", "tiny", "relevancy", target=target))
    assert seen == [1]
