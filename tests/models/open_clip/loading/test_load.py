"""Loading from files and folders, and what a person is told where it cannot be done."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.models.open_clip.conftest import CONFIGS
from vtviz.models.base import ModelError
from vtviz.models.open_clip.family import info, load
from vtviz.models.open_clip.loading import hub
from vtviz.models.open_clip.names import parse
from vtviz.models.registry import load_model

CPU = torch.device("cpu")
Weights = Callable[[str], Path]


def refusal(name: str) -> str:
    with pytest.raises(ModelError) as caught:
        load(name, CPU)
    message = str(caught.value)
    assert "\n" not in message and message.endswith((".", "?"))
    return message


def test_names() -> None:
    assert parse("vtviz-base") is None
    tag = parse("open_clip:ViT-B-32/openai?fit=crop&quickgelu=0")
    assert tag and (tag.architecture, tag.tag, tag.fit, tag.quickgelu) == ("ViT-B-32", "openai", "crop", False)
    path = parse("open_clip:ViT-B-32@/tmp/a b/x.pt")
    assert path and path.path == Path("/tmp/a b/x.pt") and path.fit == "squash" and path.quickgelu is None
    hub_name = parse("open_clip:hf-hub:org/name?norm=half")
    assert hub_name and hub_name.hub == "org/name" and hub_name.norm == "half"


def writes(name: str) -> bool:
    told = info(name)
    assert told is not None
    return "caption" in told.abilities.kinds


def test_who_writes_captions_is_known_before_loading(weights: Weights, tmp_path: Path) -> None:
    for name in ("coca", "clip"):
        shutil.copy(weights("tiny-clip"), tmp_path / f"{name}.safetensors")  # a name says nothing
    assert not writes(f"open_clip:tiny-clip@{tmp_path / 'coca.safetensors'}")
    assert writes(f"open_clip:tiny-coca@{tmp_path / 'clip.safetensors'}")
    (tmp_path / "clip.safetensors").unlink()
    assert not writes(f"open_clip:auto@{tmp_path}")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIGS["tiny-coca"]}))
    assert writes(f"open_clip:auto@{tmp_path}") and writes("open_clip:hf-hub:org/CoCa-L")


@pytest.mark.parametrize(
    "name",
    [
        "open_clip:ViT-B-32",
        "open_clip:ViT-B-32@",
        "open_clip:hf-hub:name",
        "open_clip:ViT-B-32/openai?fit=zoom",
        "open_clip:ViT-B-32/openai?size=3",
        "open_clip:ViT-B-32/openai?quickgelu=maybe",
    ],
)
def test_names_that_cannot_be_understood(name: str) -> None:
    refusal(name)


def test_architectures_and_tags_that_are_not_there() -> None:
    assert "did you mean" in refusal("open_clip:ViT-B32/openai")
    assert "laion2b_s34b_b79k" in refusal("open_clip:ViT-B-32/nothing")
    assert "ViT-B-32" in str(load_error("open_klip:ViT-B-32/openai"))


def load_error(name: str) -> ModelError:
    with pytest.raises(ModelError) as caught:
        load_model(name)
    return caught.value


@pytest.mark.parametrize("kind", ["safetensors", "pt", "wrapped", "folder", "described"])
def test_a_file_or_folder_loads(kind: str, weights: Weights, tmp_path: Path) -> None:
    source = weights("tiny-clip")
    state = load_file(source)
    if kind == "safetensors":
        name = f"open_clip:tiny-clip@{source}"
    elif kind == "pt":
        torch.save(state, tmp_path / "own.pt")
        name = f"open_clip:tiny-clip@{tmp_path / 'own.pt'}"
    elif kind == "wrapped":  # as open_clip's own training saves it
        torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in state.items()}}, tmp_path / "epoch_3.pt")
        name = f"open_clip:tiny-clip@{tmp_path / 'epoch_3.pt'}"
    else:
        shutil.copy(source, tmp_path / "open_clip_model.safetensors")
        name = f"open_clip:tiny-clip@{tmp_path}"
        if kind == "described":
            about = {"model_cfg": CONFIGS["tiny-clip"], "preprocess_cfg": {"mean": [0.1] * 3, "std": [0.2] * 3}}
            (tmp_path / "open_clip_config.json").write_text(json.dumps(about))
            name = f"open_clip:auto@{tmp_path}"
    model = load(name, CPU)
    assert model is not None and len(model.weights_sha256) == 64 and model.name == name
    torch.testing.assert_close(model.network.visual.proj, state["visual.proj"])
    assert not any(each.requires_grad for each in model.network.parameters())
    if kind == "described":
        assert model.preprocessing.mean == (0.1, 0.1, 0.1)


def test_quickgelu_can_be_chosen(weights: Weights) -> None:
    def activation(options: str) -> str:
        model = load(f"open_clip:tiny-clip@{weights('tiny-clip')}{options}", CPU)
        assert model is not None
        return type(model.network.visual.transformer.resblocks[0].mlp.gelu).__name__

    assert activation("") == "GELU" and activation("?quickgelu=1") == "QuickGELU"


def test_a_file_of_another_architecture(weights: Weights) -> None:
    assert "do not fit tiny-clip" in refusal(f"open_clip:tiny-clip@{weights('tiny-coca')}")
    message = refusal(f"open_clip:tiny-own@{weights('tiny-clip')}")
    assert "do not fit tiny-own (−" in message


def test_files_that_hold_no_weights(weights: Weights, tmp_path: Path) -> None:
    def at(file: str) -> str:
        return f"open_clip:tiny-clip@{tmp_path / file}"

    assert "no file" in refusal(at("missing.pt"))
    (tmp_path / "empty.pt").touch()
    assert "is empty" in refusal(at("empty.pt"))
    (tmp_path / "photo.jpg").write_bytes(b"x")
    assert "not a weight file" in refusal(at("photo.jpg"))
    (tmp_path / "text.safetensors").write_text("not tensors at all")
    assert "damaged" in refusal(at("text.safetensors"))
    (tmp_path / "text.pt").write_text("not tensors at all")
    assert "damaged" in refusal(at("text.pt"))
    whole = weights("tiny-clip").read_bytes()
    (tmp_path / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    assert "damaged or incomplete" in refusal(at("half.safetensors"))
    torch.save(load_file(weights("tiny-clip")), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    (tmp_path / "half.pt").write_bytes(whole[: len(whole) // 2])
    assert "damaged or incomplete" in refusal(at("half.pt"))
    torch.save([1, 2], tmp_path / "list.pt")
    assert "no state_dict" in refusal(at("list.pt"))


def test_files_that_could_run_code_are_refused(tmp_path: Path) -> None:
    torch.save({"args": argparse.Namespace(lr=1), "state_dict": {"a": torch.zeros(1)}}, tmp_path / "trained.pt")
    assert "argparse.Namespace" in refusal(f"open_clip:tiny-clip@{tmp_path / 'trained.pt'}")
    torch.jit.script(torch.nn.Linear(1, 1)).save(str(tmp_path / "scripted.pt"))
    assert "TorchScript" in refusal(f"open_clip:tiny-clip@{tmp_path / 'scripted.pt'}")


def test_folders_without_a_choice(weights: Weights, tmp_path: Path) -> None:
    assert "contains no weight file" in refusal(f"open_clip:tiny-clip@{tmp_path}")
    for name in ("a.safetensors", "b.safetensors"):
        shutil.copy(weights("tiny-clip"), tmp_path / name)
    assert "several weight files" in refusal(f"open_clip:tiny-clip@{tmp_path}")
    assert "open_clip_config.json" in refusal(f"open_clip:auto@{tmp_path}")


def test_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda repository, name: None)

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(hub, "get_session", lambda: type("Session", (), {"head": unreachable}))
    message = refusal("open_clip:ViT-B-32/openai")
    assert "not on this machine" in message and "cannot be reached" in message and "ARCH@FILE" in message
    assert "cannot be reached" in refusal("open_clip:hf-hub:org/name")
    about = info("open_clip:ViT-B-32/openai")
    assert about is not None and not about.available and about.licence == "MIT"


def test_a_full_disk_and_a_repository_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda repository, name: None)
    monkeypatch.setattr(hub, "_check_network", lambda repository: None)

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hub, "hf_hub_download", full)
    assert "disk is full" in refusal("open_clip:ViT-B-32/openai")


def test_a_convolutional_tower_is_refused_in_a_sentence(weights: Weights) -> None:
    assert "not a vision transformer" in refusal(f"open_clip:tiny-rn@{weights('tiny-rn')}")


@pytest.mark.parametrize("name", ["RN50/openai", "convnext_base/laion400m_s13b_b51k"])
def test_such_a_tower_is_refused_before_a_download(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda repository, name: None)
    monkeypatch.setattr(hub, "_check_network", lambda repository: pytest.fail("it would be downloaded"))
    assert "vision transformer" in refusal(f"open_clip:{name}")


def test_presets_name_what_open_clip_knows() -> None:
    import open_clip

    from vtviz.models.open_clip.presets import PRESETS

    for each in PRESETS:
        spec = parse(each.name)
        assert spec is not None
        if spec.tag is not None:
            known = open_clip.get_pretrained_cfg(spec.architecture, spec.tag)
            assert known["hf_hub"].strip("/") == each.repository
        else:
            assert spec.hub == each.repository
    assert any("not for diagnosis" in each.notice for each in PRESETS)
