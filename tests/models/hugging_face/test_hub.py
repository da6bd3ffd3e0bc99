"""The hub: what is listed, downloaded and refused, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import huggingface_hub
import psutil
import pytest
import torch
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from typer.testing import CliRunner

from vtviz.cli import app
from vtviz.models.base import ModelError
from vtviz.models.hugging_face.family import info, load, search
from vtviz.models.hugging_face.loading import hub

CPU = torch.device("cpu")
CHECK_NETWORK = hub._check_network
FILES = ("model.safetensors", "preprocessor_config.json", "tokenizer.json", "config.json")


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """A hub that lists the files of every repository, or raises what is given."""
    monkeypatch.setattr(hub, "_check_network", lambda name: None)

    def answers(answer: Any) -> None:
        def listed(self: HfApi, repository: str, revision: str | None = None) -> list[str]:
            if isinstance(answer, Exception):
                raise answer
            return list(answer)

        monkeypatch.setattr(HfApi, "list_repo_files", listed)

    return answers


def refused(kind: type[Exception]) -> Exception:
    return kind("no", response=httpx.Response(403, request=httpx.Request("GET", "https://huggingface.co")))


def test_memory_and_files_are_checked_before_a_download(
    folder: Path, online: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    online(FILES[:2] + FILES[3:])
    with pytest.raises(ModelError, match=r"org/name lacks tokenizer\.json"):
        load("hf:org/name", CPU)
    online(FILES)
    monkeypatch.setattr(
        hub, "snapshot_download", lambda name, allow_patterns, **_: (asked.append(allow_patterns), folder)[1]
    )
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=10_000))
    asked: list[list[str]] = []
    with pytest.raises(ModelError, match=r"needs about 0\.0 GB of memory"):
        load("hf:org/name", CPU)
    assert asked == [["config.json"]]


def test_what_a_cache_lacks_of_a_model_is_downloaded(
    folder: Path, tmp_path: Path, online: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part"
    shutil.copytree(folder, part)
    (part / "tokenizer.json").unlink()
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: str(part / "config.json"))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    about = info("hf:org/name")
    assert about is not None and not about.available
    with monkeypatch.context() as offline:
        offline.setattr(hub, "_check_network", CHECK_NETWORK)
        with pytest.raises(ModelError, match=r"org/name is only partly on this machine and lacks tokenizer\.json"):
            load("hf:org/name", CPU)
    online(FILES)
    monkeypatch.setattr(hub, "snapshot_download", lambda *_, **__: folder)
    assert load("hf:org/name", CPU) is not None


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (["config.json", "pytorch_model.bin"], "only as pickle files"),
        (["model.safetensors"], "has no config.json"),
        (refused(GatedRepoError), "requires you to accept its licence"),
        (refused(RepositoryNotFoundError), "There is no public repository org/name"),
        (refused(RevisionNotFoundError), "org/name has no revision v9"),
        (ConnectionError("down"), "huggingface.co cannot be reached"),
        (OSError(28, "No space left on device"), "The disk is full"),
    ],
)
def test_what_the_hub_says_is_told(online: Callable[[Any], None], answer: Any, sentence: str) -> None:
    online(answer)
    for ask in (info, lambda name: load(name, CPU)):
        with pytest.raises(ModelError, match=sentence):
            ask("hf:org/name?revision=v9")


def test_without_a_network_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="org/name is not on this machine, and HF_HUB_OFFLINE blocks the download"):
        load("hf:org/name", CPU)
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "get_session", lambda: SimpleNamespace(head=_down))
    with pytest.raises(ModelError, match=r"org/name is not on this machine, and huggingface.co cannot be reached"):
        load("hf:org/name", CPU)


def test_a_search_lists_what_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    half = SimpleNamespace(parameters={"BF16": 1_000_000_000, "F32": 1_000_000})
    blips, llavas = (
        {"architectures": ["BlipForImageTextRetrieval"]},
        {"architectures": ["LlavaForConditionalGeneration"]},
    )

    def listed(name: str, config: Any, stored: Any = None, files: tuple[str, ...] = FILES) -> SimpleNamespace:
        siblings = [SimpleNamespace(rfilename=file) for file in files]
        return SimpleNamespace(id=f"org/{name}", config=config, safetensors=stored, siblings=siblings)

    found = [
        listed("blip", blips),
        listed("bert", {"architectures": ["BertModel"]}),
        listed("none", None),
        listed("llava", llavas, half),
        listed("awq", llavas | {"quantization_config": {"quant_method": "awq"}}, half),
        listed("pickle", blips, None, ("model.bin", *FILES[1:])),
        listed("no-tokenizer", blips, None, FILES[:2]),
    ]
    monkeypatch.setattr(hub, "_reach", lambda: None)
    monkeypatch.setattr(HfApi, "list_models", lambda self, **asked: found if asked["search"] == "photo" else [])
    blip, llava = search("photo")
    assert (blip.name, blip.available, blip.size_mb, blip.memory_mb) == ("hf:org/blip", False, None, None)
    assert (llava.name, llava.size_mb, llava.memory_mb) == ("hf:org/llava", 2004, 2402)  # 1.2 × 2 bytes each


def test_a_search_without_a_network_still_lists_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "get_session", lambda: SimpleNamespace(head=_down))
    result = CliRunner().invoke(app, ["models", "--search", "siglip"])
    assert result.exit_code == 0 and "open_clip:ViT-B-16-SigLIP/webli" in result.stdout
    assert "The Hugging Face Hub cannot be searched, since huggingface.co cannot be reached" in result.stderr
    assert "cannot be searched" in str(CliRunner().invoke(app, ["models", "--search", "smolvlm"]).exception)


def _down(*args: Any, **kwargs: Any) -> None:
    raise ConnectionError
