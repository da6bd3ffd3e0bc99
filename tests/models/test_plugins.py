"""The door for models of other packages, with the example that the documentation shows."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
import torch

import vtviz.models
from tests.models.changes import check_changes
from vtviz.attribution.options import Options
from vtviz.attribution.registry import methods
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.models import plugins
from vtviz.models.base import MATCH, ModelError
from vtviz.models.registry import load_model, model_info, model_infos
from vtviz.models.simple import SimpleModel
from vtviz.paths import ASSETS


@pytest.fixture
def example() -> ModuleType:
    path = ASSETS.parent / "examples" / "own_model.py"
    spec = importlib.util.spec_from_file_location("own_model", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def registered(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(plugins, "_registered", [])
    vtviz.models.register(example)  # type: ignore[arg-type]
    vtviz.models.register(example)  # type: ignore[arg-type]
    yield example


def test_a_registered_network_is_listed_loaded_and_explained(registered: ModuleType, cat: ImageInput) -> None:
    assert [info.name for info in model_infos()].count("own") == 1
    about = model_info("own")
    assert about is not None and about.available
    engine = LocalEngine("cpu")
    try:
        for name, method in methods().items():
            if method.cost in ("1F", "1F + 1B") and method.supports(about.abilities, "match") is None:
                explanation = engine.ask(Explain(cat, "a cat on grass", "own", name))
                assert explanation.relevance.maps.shape == (4, 14, 14) and explanation.is_match is None
        found = engine.ask(Explain(cat, "a cat on grass", "own", "raw_attention", Options(layer=0, head=3)))
        first, second = (layer.weights for layer in found.record.of_kind("text→image")[:2])
        assert second.shape == (4, 4, 196)
        np.testing.assert_allclose(first.sum(dim=-1), 1.0, atol=1e-5)
    finally:
        engine.close()


def test_a_batch_agrees_with_single_answers(registered: ModuleType, cat: ImageInput) -> None:
    model = load_model("own")
    features = model.encode_image(cat)
    together = model.match_logits(features.expand(2, -1, -1), ["a cat", "a dog on grass"])
    alone = torch.cat([model.match_logits(features, [text]) for text in ("a cat", "a dog on grass")])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    similarity = model.similarity(model.index_texts(["a cat", "a dog on grass"]), model.index_images(features))
    torch.testing.assert_close(similarity[:, 0], alone, atol=1e-6, rtol=0)


@torch.no_grad()
def test_its_attention_can_be_changed(registered: ModuleType, cat: ImageInput) -> None:
    model = load_model("own")
    assert isinstance(model, SimpleModel)
    features, texts = model.encode_image(cat), model.encode_texts(["a cat", "a dog on grass"])
    layer = model.network.get_submodule("cross.1")
    check_changes(lambda: model.score(features, texts, MATCH), model.record, layer, "cross.1")


def test_an_entry_point_is_found_and_a_broken_one_skipped(example: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        def __init__(self, name: str) -> None:
            self.name = name

        def load(self) -> ModuleType:
            if self.name == "broken":
                raise ImportError("no such thing")
            return example

    points = [Point("broken"), Point("own")]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points if group == "vtviz.models" else [])
    plugins._installed.cache_clear()
    try:
        assert load_model("own").name == "own"
    finally:
        monkeypatch.undo()
        plugins._installed.cache_clear()
    with pytest.raises(ModelError, match="no model called own"):
        load_model("own")


def test_the_example_is_short() -> None:
    assert len((ASSETS.parent / "examples" / "own_model.py").read_text().splitlines()) <= 90
