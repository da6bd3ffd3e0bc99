"""Reported faults of models: NaN answers, hooks that stay, damaged files, numbers of numpy."""

import copy
import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest
import torch

from vtviz.attribution.base import complete
from vtviz.attribution.case import Case
from vtviz.attribution.options import Options
from vtviz.attribution.registry import find_method
from vtviz.audit.rows.row import measure_row
from vtviz.audit.settings import Settings
from vtviz.engine import local
from vtviz.engine.export import to_json
from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.captions_and_answers import AnswerQuestion, WriteCaptions
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.manifests.read import Row
from vtviz.models.base import ModelError
from vtviz.models.vtviz_base.family import FOLDER, load_folder
from vtviz.models.vtviz_base.model import VtvizBase
from vtviz.watch import Watch


@pytest.fixture
def broken(tiny: VtvizBase) -> VtvizBase:
    """The small network with a weight that is NaN, as after an overflow in float16."""
    twin = copy.copy(tiny)
    twin.network = copy.deepcopy(tiny.network)
    with torch.no_grad():
        twin.network.text_tower.words.weight.fill_(float("nan"))
        next(twin.network.caption.parameters()).fill_(float("nan"))  # type: ignore[union-attr]
    return twin


@pytest.mark.parametrize("kind", ["explain", "answer"])
def test_a_model_that_answers_nan_gives_no_verdict(
    broken: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: broken)
    engine = LocalEngine("cpu")
    request = Explain(photo, "a dog", "tiny") if kind == "explain" else AnswerQuestion(photo, "a dog", "tiny")
    try:
        with pytest.raises(ModelError, match="weights may be damaged"):
            engine.ask(request)
    finally:
        engine.close()


def test_a_caption_whose_match_is_nan_is_not_shown(
    broken: VtvizBase, photo: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "load_model", lambda name, device: broken)
    engine = LocalEngine("cpu")
    try:
        with pytest.raises(ModelError, match="not a number"):
            engine.ask(WriteCaptions(photo, "tiny"))
    finally:
        engine.close()


def test_a_row_whose_score_is_nan_fails_with_the_reason(broken: VtvizBase, photo: ImageInput) -> None:
    settings = Settings(("tiny",), ("raw_attention",))
    with pytest.raises(ModelError, match="not a number"):
        features = broken.encode_image(photo)
        measure_row(broken, "tiny", Row(1, Path("0.png"), "a dog"), photo, features, settings, Watch())


def test_nothing_is_left_in_the_network_after_a_failure(tiny: VtvizBase, photo: ImageInput) -> None:
    before = Case(tiny, photo, ["a dog"]).forward(False).values
    weights = {name: each.clone() for name, each in tiny.network.state_dict().items()}
    with pytest.raises(RuntimeError, match="in the middle"), tiny.record({"text→image"}):
        raise RuntimeError("in the middle")
    with tiny.record({"text→image"}) as recording:
        tiny.match_logits(tiny.encode_image(photo), ["a dog"])
    assert recording.layers
    assert torch.equal(Case(tiny, photo, ["a dog"]).forward(False).values, before)
    assert all(torch.equal(each, weights[name]) for name, each in tiny.network.state_dict().items())
    assert not tiny.network.training


def test_options_of_numpy_become_numbers(tiny_engine: LocalEngine, photo: ImageInput) -> None:
    options = Options(samples=np.int64(20), seed=np.int32(1))  # type: ignore[arg-type]
    assert all(type(each) is int for each in (complete(find_method("rise"), options).samples, 20))
    made = tiny_engine.ask(Explain(photo, "a dog", "tiny", "rise", options))
    assert orjson.loads(to_json(made))["options"]["samples"] == 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied = tmp_path_factory.mktemp("own") / "model"
    shutil.copytree(FOLDER, copied)
    return copied


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b""),
        ("model.safetensors", b"\xff" * 64),  # a header of 2^64 bytes
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
        ("config.json", b'{"network": {'),
        ("config.json", b"\xe9\xe8"),
        ("vocabulary.json", b"[]"),
        ("vocabulary.json", b"\xe9\xe8"),
        ("tokenizer.json", b""),
        ("tokenizer.json", b"<!doctype html>"),
        ("tokenizer.json", b"[]"),
    ],
)
def test_a_damaged_file_of_a_model_gets_one_sentence(folder: Path, name: str, content: bytes) -> None:
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(content)
    try:
        with pytest.raises(ModelError, match="model are damaged"):
            load_folder(folder)
    finally:
        (folder / name).write_bytes(whole)
