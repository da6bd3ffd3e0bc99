"""Hostile links: any link opens a usable page, with a notice of what it could not use."""

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from vtviz.models.base import ModelError
from vtviz.paths import ASSETS
from vtviz.render.lens.settings import LensSettings
from vtviz.ui.ask.own_models import check_own_model
from vtviz.ui.ask.selection import first_selection, from_query

HOSTILE = {
    "model": [
        "open_clip:auto@~nosuchuser/x",
        "open_clip:auto@/dev/zero",
        "open_clip:auto@/proc/self/mem",
        "open_clip:auto@\0",
        "open_clip:auto@" + "a/" * 900,
        "open_clip:hf-hub:../..",
        "open_clip:hf-hub:a/b\\..\\c",
        "open_clip:ViT-B-32/openai?fit=%00",
        "open_clip:" + "[" * 1900,
        "vtviz-base@/etc",
        "no-such-model",
    ],
    "photo": ["0" * 63, "../coffee", "\0"],
    "text": ["", "\u200b", "x" * 2001, "…"],
    "target": ["nothing", "caption" * 400],
    "layer": ["9" * 5000, "-1", "٣", "1e9"],
    "seed": ["99999999999999999999"],
    "method": ["__class__"],
}
CASES = [(name, value) for name, values in HOSTILE.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_what_a_link_says_wrongly_is_named(name: str, value: str) -> None:
    start = first_selection()
    chosen, wrong = from_query({name: value}, start)
    assert wrong == [name] and chosen.model == start.model and chosen.photo == start.photo


@pytest.mark.parametrize(
    "config",
    ["[]", "3", "null", "[" * 100_000, "{", "\xff", '{"model_cfg": 5}', '{"model_cfg": null}', '{"model_cfg": []}'],
)
def test_an_odd_configuration_in_a_link_is_named(tmp_path: Path, config: str) -> None:
    (tmp_path / "open_clip_config.json").write_bytes(config.encode("latin-1"))
    (tmp_path / "model.safetensors").write_bytes(b"")
    name = f"open_clip:auto@{tmp_path}"
    assert from_query({"model": name}, first_selection())[1] == ["model"]


@pytest.mark.parametrize("value", ["9" * 30, str(2**64), "1" + "0" * 4000, "-1", "1e5", "nan", "²"])
@pytest.mark.parametrize("name", ["patch", "layer", "head", "words"])
def test_a_setting_of_the_lens_beyond_every_number_is_left_out(name: str, value: str) -> None:
    assert LensSettings.from_dict({name: value}) == LensSettings()
    assert LensSettings.unread({name: value, "opacity": "50"}) == [name]


def test_a_page_with_a_hostile_link_is_whole_and_says_what_it_left_out() -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    wrong = {"model": "open_clip:auto@~nosuchuser/x", "lens.patch": str(2**70), "lens.<b>": "1", "layer": "9" * 99}
    for name, value in wrong.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    (notice,) = [warning.value for warning in app.warning]
    assert all(name in notice for name in ("model", "layer", "patch")) and "<b>" not in notice
    assert app.text_input and any(button.key.startswith("sample-") for button in app.button if button.key)
    app.run()
    assert not app.exception and not app.error  # nothing of it was kept


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the server one at an address."""

    def serve(address: str | None, folder: Path | None = None) -> None:
        monkeypatch.setattr(st, "get_option", lambda name: address)
        monkeypatch.delenv("VTVIZ_MODELS", raising=False)
        if folder is not None:
            monkeypatch.setenv("VTVIZ_MODELS", str(folder))

    return serve


@pytest.mark.parametrize("address", ["0.0.0.0", None, "", "192.168.0.7"])
def test_people_elsewhere_open_no_files_and_learn_nothing_of_them(
    served: Any, tmp_path: Path, address: str | None
) -> None:
    served(address)
    (tmp_path / "here.safetensors").write_bytes(b"")
    told = set()
    for path in (tmp_path / "here.safetensors", tmp_path / "none.safetensors", tmp_path, "~/x", "\0"):
        for name in (f"open_clip:ViT-B-32@{path}", f"vtviz-base@{path}", f"open_clip:auto@{path}?fit=crop"):
            with pytest.raises(ModelError) as caught:
                check_own_model(name)
            told.add(str(caught.value))
    assert len(told) == 1 and str(tmp_path) not in told.pop()
    check_own_model("vtviz-base")
    check_own_model("open_clip:ViT-B-32/openai")


def test_only_the_folder_of_the_server_is_open(served: Any, tmp_path: Path) -> None:
    models, other = tmp_path / "models", tmp_path / "models-not"
    for folder in (models, other):
        folder.mkdir()
    (models / "out").symlink_to(other)
    (models / "loop").symlink_to(models / "loop")
    for address in ("0.0.0.0", "127.0.0.1"):
        served(address, models)
        check_own_model(f"open_clip:auto@{models / 'a'}")
        for path in (other, models / ".." / "models-not", models / "out" / "x", "/", "models/a"):
            with pytest.raises(ModelError):
                check_own_model(f"open_clip:auto@{path}")


def test_people_of_this_machine_open_their_own_files(served: Any, tmp_path: Path) -> None:
    for address in ("127.0.0.1", "localhost", "::1"):
        served(address)
        check_own_model(f"open_clip:ViT-B-32@{tmp_path}")
