"""Models on the Explore page without a browser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from streamlit.testing.v1 import AppTest

from tests.models.hugging_face.conftest import MADE
from vtviz.models.open_clip.loading import hub
from vtviz.models.open_clip.registers import repair, sinks
from vtviz.paths import ASSETS
from vtviz.ui.ask.selection import first_selection


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=300).run()


def test_a_model_of_ones_own_is_shown_as_what_it_is(app: AppTest, own: str) -> None:
    app.selectbox(key="pick-model-en").select("own").run()
    assert not app.exception and not app.metric and any("Enter a model name" in each.value for each in app.info)
    app.text_input(key="pick-own").set_value(own).run()
    assert not app.exception and not app.error, app.error
    assert app.metric[0].label == "Similarity" and "%" not in app.metric[0].value
    said = " ".join(each.value for each in [*app.info, *app.markdown])
    assert "no calibrated threshold" in said and "dual encoder" in said
    methods = app.selectbox(key="pick-method-en").options
    assert not any("Raw attention" in each for each in methods)
    app.selectbox(key="pick-fit-en").select("crop").run()
    assert not app.exception and not app.error and app.session_state["selection"].model == f"{own}?fit=crop"


def test_sink_patches_are_compared_with_a_register(own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (sinks, repair):
        monkeypatch.setattr(place, "HIGH", 1.0)
    monkeypatch.setattr(sinks, "EVERYWHERE", 0.5)
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=300)
    app.session_state["selection"] = replace(first_selection(), model=own)
    app.session_state["sinks-open"] = True
    app.run().button(key="measure-sinks").click().run()
    assert not app.exception and any("patches are sinks" in each.value for each in app.markdown)
    app.button(key="compare-sinks").click().run()
    assert not app.exception and not app.error
    assert [len(app.table[0].value), *app.table[0].value.columns] == [5, "", "as it is", "with a register"]
    app.button(key="use-register").click().run()
    assert not app.exception and not app.error
    assert app.session_state["selection"].model == f"{own}?registers=1"


def test_each_word_of_a_dual_encoder_can_be_explained_on_its_own(own: str) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=300)
    app.query_params.update({"text": "a cup of coffee", "model": own, "method": "grad_eclip"})
    app.run()
    for button in [each for each in app.button if each.label == "Open file"]:  # not where it is open already
        button.click().run()
    shared, alone = "every word shows the same one", "explains that word as a text of its own"
    assert not app.exception and any(shared in each.value for each in app.caption)
    app.toggle(key="pick-alone-en").set_value(True).run()
    assert not app.exception and not app.error and not app.warning
    assert any(alone in each.value for each in app.caption) and "1" in app.query_params["alone"]
    app.selectbox(key="pick-method-en").select("rollout").run()
    assert not app.exception and not app.session_state["selection"].alone
    assert "pick-alone-en" not in [each.key for each in app.toggle]


def test_a_file_that_is_not_there_is_a_sentence_and_another_model_can_be_picked(app: AppTest, tmp_path: Path) -> None:
    app.selectbox(key="pick-model-en").select("own").run()
    app.text_input(key="pick-own").set_value(f"open_clip:ViT-B-32@{tmp_path / 'none.pt'}").run()
    assert not app.exception and "no file" in app.error[0].value
    app.selectbox(key="pick-model-en").select("vtviz-base").run()
    assert not app.exception and not app.error and app.metric[0].value.endswith("%")


def test_nothing_is_downloaded_before_the_person_agrees(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def unreachable() -> None:
        asked.append("network")
        raise OSError("no route")

    monkeypatch.setattr(hub, "get_session", unreachable)
    monkeypatch.setattr(hub, "try_to_load_from_cache", lambda repository, name: None)
    app.selectbox(key="pick-model-en").select("open_clip:ViT-B-32/openai").run()
    assert not app.exception and not asked
    assert any("605 MB" in each.value and "MIT" in each.value for each in app.info)
    next(each for each in app.button if each.label == "Download and run").click().run()
    assert not app.exception and asked == ["network"] and "cannot be reached" in app.error[0].value


def test_a_link_opens_no_file_before_the_person_agrees(own: str, tmp_path: Path) -> None:
    copy = tmp_path / "other.safetensors"
    copy.write_bytes(Path(own.partition("@")[2]).read_bytes())
    name = f"open_clip:page-clip@{copy}?fit=crop"
    app = AppTest.from_file(str(ASSETS.parent / "app.py"), default_timeout=300)
    app.query_params.update({"photo": "coffee", "model": name})
    app.run()
    assert not app.exception and not app.warning and not app.metric
    assert any("other.safetensors" in each.value.replace("\\", "") for each in app.info)
    next(each for each in app.button if each.label == "Open file").click().run()
    assert not app.exception and app.metric[0].label == "Similarity"


def test_what_a_model_needs_is_said_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = MADE["blip-match"](tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["vocab_size"] = 3_000_000
    (folder / "config.json").write_text(json.dumps(config))
    said = {}
    for free in (10**10, 0):
        monkeypatch.setattr(psutil, "virtual_memory", lambda free=free: SimpleNamespace(available=free))
        app = AppTest.from_file(str(ASSETS.parent / "app.py"), default_timeout=300)
        app.query_params.update({"photo": "coffee", "model": f"hf:{folder}"})
        app.run()
        assert not app.exception and not app.metric
        said[free] = [each.value for each in [*app.caption, *app.warning]]
    assert any(
        "What it can explain: Match of text and photo · Similarity before fusion" in each for each in said[10**10]
    ), said
    assert any("about 0.2 GB of memory; 10.0 GB are free" in each for each in said[10**10])
    assert any("only 0.0 GB are free: add ?dtype=bfloat16" in each for each in said[0])
