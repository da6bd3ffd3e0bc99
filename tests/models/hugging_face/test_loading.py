"""Names, files, and one clear sentence for whatever stands in the way."""

from __future__ import annotations

import builtins
import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from tests.models.hugging_face.conftest import Make
from vtviz.attribution.registry import methods
from vtviz.cli import app
from vtviz.models.base import ModelError
from vtviz.models.folders import need_open
from vtviz.models.hugging_face.abilities import BLIP_MATCH
from vtviz.models.hugging_face.family import info, load
from vtviz.models.hugging_face.loading import hub, tokenizer
from vtviz.models.hugging_face.loading.estimate import download_mb
from vtviz.models.hugging_face.names import parse, path_of
from vtviz.models.registry import load_model, model_info, opened_path

CPU = torch.device("cpu")
CHECK_NETWORK = hub._check_network
FILES = ("model.safetensors", "preprocessor_config.json", "tokenizer.json", "config.json")


def test_a_name_is_a_repository_or_a_folder(tmp_path: Path) -> None:
    spec = parse("hf:org/name?fit=crop&dtype=bfloat16&revision=main")
    assert spec is not None and spec.repository == "org/name" and spec.folder is None
    assert (spec.fit, spec.dtype, spec.revision) == ("crop", "bfloat16", "main")
    spec = parse(f"hf:{tmp_path}?dtype=float32")
    assert spec is not None and spec.folder == tmp_path and spec.repository is None
    assert parse("open_clip:ViT-B-32/openai") is None
    assert path_of("hf:org/name") == "" and path_of("hf:./org/name") == "./org/name"
    assert opened_path(f"hf:{tmp_path}?fit=crop") == str(tmp_path)
    assert opened_path("open_clip:ViT-B-32@/a/b.pt?fit=crop") == "/a/b.pt" and opened_path("vtviz-base") == ""


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("hf:name", "use hf:ORG/NAME or hf:FOLDER"),
        ("hf:", "use hf:ORG/NAME or hf:FOLDER"),
        ("hf:org/name?fit=wide", "The option fit cannot be wide"),
        ("hf:org/name?dtype=int8", "The option dtype cannot be int8"),
        ("hf:org/name?grid=0x4", "The option grid cannot be 0x4; use ROWSxCOLUMNS, each from 1 to 64"),
        ("hf:org/name?grid=4", "The option grid cannot be 4"),
        ("hf:org/name?quickgelu=1", "There is no option quickgelu"),
        ("hf:/nowhere/at/all", "There is no folder /nowhere/at/all"),
        ("hf:/nowhere/at/all?revision=main", "A folder has no revisions"),
    ],
)
def test_a_name_that_cannot_be_meant_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        load(name, CPU)


def test_the_registry_knows_the_family(made: Make) -> None:
    name = f"hf:{made('blip-match')}"
    about = model_info(name)
    assert about is not None and about.available and set(about.abilities.kinds) == {"match", "similarity"}
    assert load_model(name).name == name


def test_a_server_opens_only_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("VTVIZ_MODELS", str(tmp_path / "own"))
    need_open(f"hf:{tmp_path / 'own'}?fit=crop", local=False)
    need_open("hf:org/name", local=False)
    for name in (f"hf:{tmp_path}", f"hf:{tmp_path}/own/../other", "hf:../other", "hf:~/other", f"hf:{tmp_path}/x@y"):
        with pytest.raises(ModelError, match="This server opens models only from its own folder"):
            need_open(name, local=False)


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("config.json", "has no config.json, so it is not a model of transformers"),
        ("preprocessor_config.json", "lacks preprocessor_config.json"),
        ("tokenizer.json", "lacks tokenizer.json"),
        ("model.safetensors", "has no weights"),
    ],
)
def test_a_missing_file_is_named(folder: Path, missing: str, sentence: str) -> None:
    (folder / missing).unlink()
    for ask in (info, lambda name: load(name, CPU)):
        with pytest.raises(ModelError, match=sentence):
            ask(f"hf:{folder}")


def test_siglip_needs_a_package_only_where_it_has_no_fast_tokenizer(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(made("siglip"), folder)
    about = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(about | {"tokenizer_class": "SiglipTokenizer"}))
    model: Any = load(f"hf:{folder}", CPU)
    tokens = model.tokenize("A red, RED dog!")
    assert [word.text for word in tokens.words] == ["A", "red", "RED", "dog"]  # cleaned as in training
    assert torch.equal(*(model.encode_texts([text]).ids for text in ("A red, RED dog!", "a red red dog")))
    (folder / "tokenizer.json").rename(folder / "spiece.model")
    monkeypatch.setattr(tokenizer, "find_spec", lambda name: None)
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", _no_package)
    with pytest.raises(ModelError, match="mine needs the package sentencepiece; install it: pip install sentencepiece"):
        load(f"hf:{folder}", CPU)


def _no_package(*_: Any, **__: Any) -> None:
    raise ImportError


def test_a_grid_is_for_models_of_any_grid(folder: Path) -> None:
    with pytest.raises(ModelError, match="The input of mine has one grid; leave the option grid out"):
        load(f"hf:{folder}?grid=4x8", CPU)


def test_pickled_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    for ask in (info, lambda name: load(name, CPU)):
        with pytest.raises(ModelError, match="only as pickle files"):
            ask(f"hf:{folder}")


def test_damaged_and_foreign_weights_are_refused(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights = load_file(folder / "model.safetensors")
    save_file(weights | {"foo.bar": torch.zeros(1)}, folder / "model.safetensors", {"format": "pt"})
    log = transformers.utils.logging.get_logger()
    level = log.level
    log.addHandler(caplog.handler)
    assert load(f"hf:{folder}", CPU) is not None  # what is too much does no harm
    left = {name: value for name, value in weights.items() if not name.startswith("itm_head")}
    save_file(left, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"The weights do not fit mine .*itm_head"):
        load(f"hf:{folder}", CPU)
    (folder / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(ModelError, match="damaged or incomplete"):
        load(f"hf:{folder}", CPU)
    log.removeHandler(caplog.handler)
    assert not caplog.records and log.level == level  # no tables around the one sentence


def test_an_unknown_architecture_is_refused_by_its_configuration(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["BertModel"]}))
    for ask in (info, lambda name: load(name, CPU)):
        with pytest.raises(ModelError, match="does not support the architecture BertModel of mine"):
            ask(f"hf:{folder}")
    (folder / "config.json").write_text(json.dumps(config | {"architectures": ["Mine"], "auto_map": {}}))
    with pytest.raises(ModelError, match="mine needs the code in its repository, which vtviz never runs"):
        info(f"hf:{folder}")
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "own_code"}))
    with pytest.raises(ModelError, match="whose model_type is blip, not own_code"):
        load(f"hf:{folder}", CPU)
    packed = config | {"quantization_config": {"quant_method": "awq", "bits": 4}}
    (folder / "config.json").write_text(json.dumps(packed))
    for ask in (info, lambda name: load(name, CPU)):
        with pytest.raises(ModelError, match=r"The weights of mine are quantised \(awq\)"):
            ask(f"hf:{folder}")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json in mine is not valid JSON"):
        info(f"hf:{folder}")


def test_a_photo_that_is_no_square_of_patches_is_refused(made: Make, folder: Path) -> None:
    config = json.loads((made("llava") / "config.json").read_text())
    for tower in ({"model_type": "pixtral"}, {"model_type": "siglip_vision_model"}, {"image_size": [32, 64]}):
        other = config | {"vision_config": config["vision_config"] | tower}
        (folder / "config.json").write_text(json.dumps(other))
        with pytest.raises(ModelError, match="does not give the language model a square grid"):
            info(f"hf:{folder}")


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        ("config.json", {"vision_config": {"patch_size": 0}}, "has 0 as patch_size, which must be a whole number"),
        ("config.json", {"vision_config": {"image_size": "big"}}, "has big as image_size, which must be a whole"),
        ("config.json", {"architectures": None}, "names no architecture"),
        ("config.json", {"image_token_id": 10**6}, r"The image token of mine \(1000000\) is not in its tokenizer"),
        ("preprocessor_config.json", {"image_std": [0, 0, 0]}, r"has \[0, 0, 0\] as image_std"),
        ("preprocessor_config.json", {"image_mean": "x"}, "has x as image_mean; use a number, or one per colour"),
        ("preprocessor_config.json", {"image_mean": 0.5}, ""),  # for all colours, as transformers takes it
    ],
)
def test_a_damaged_setting_is_named(
    file: str, change: dict[str, Any], sentence: str, made: Make, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(made("llava"), folder)
    settings = json.loads((folder / file).read_text())
    for key, value in change.items():
        settings[key] = settings[key] | value if isinstance(value, dict) else value
    (folder / file).write_text(json.dumps(settings))
    with pytest.raises(ModelError, match=sentence) if sentence else nullcontext():
        load(f"hf:{folder}", CPU)


def test_a_model_larger_than_the_free_memory_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10_000))
    with pytest.raises(ModelError, match=r"needs about 0.0 GB of memory, and 0.0 GB are free"):
        load(f"hf:{folder}", CPU)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10**9))
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["vocab_size"] = 100_000_000  # more than the weights hold
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"mine needs about 7.7 GB of memory, and 1.0 GB are free"):
        load(f"hf:{folder}", CPU)


def test_without_transformers_the_message_names_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "transformers":
            raise ModuleNotFoundError("No module named 'transformers'", name="transformers")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError, match="mine needs the package transformers; install it: pip install 'transformers"):
        load(f"hf:{folder}", CPU)


def test_dtype_is_that_of_the_name(folder: Path) -> None:
    model = load(f"hf:{folder}?dtype=bfloat16", CPU)
    assert model is not None
    assert next(model.network.parameters()).dtype == torch.bfloat16  # type: ignore[attr-defined]


def test_the_size_of_a_download_is_known_from_the_configuration(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["vocab_size"] = 1_000_000
    numbers = sum(value.numel() for value in load_file(folder / "model.safetensors").values())
    words = load_file(folder / "model.safetensors")["text_encoder.embeddings.word_embeddings.weight"]
    wanted = (numbers - words.numel() + words.shape[1] * 1_000_000) * 4 / 1e6
    assert download_mb(config) == pytest.approx(wanted, abs=1)
    assert download_mb({"architectures": ["No"], "model_type": "no"}) is None


def test_a_search_tells_what_will_work_and_what_is_needed(folder: Path) -> None:
    result = CliRunner().invoke(app, ["models", "--search", f"hf:{folder}", "--json"])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.output)
    wanted = sum(method.supports(BLIP_MATCH, "match") is None for method in methods().values())
    assert row["targets"] == ["match", "similarity"] and row["methods"] == wanted
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["vocab_size"] = 1_000_000
    (folder / "config.json").write_text(json.dumps(config))
    for dtype, factor in (("", 1.2), ("?dtype=bfloat16", 0.6)):
        about = info(f"hf:{folder}{dtype}")
        assert about is not None and about.size_mb is None
        assert about.memory_mb == pytest.approx(factor * (download_mb(config) or 0), abs=1)
        result = CliRunner().invoke(app, ["models", "--search", f"hf:{folder}{dtype}"])
        assert f"{wanted} methods; about {about.memory_mb} MB of memory" in result.output
