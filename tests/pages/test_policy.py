"""The Policy page without a browser. Checks run on the shipped model, because the example is about what it sees."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from vtviz.engine.jobs.policies import policy_of
from vtviz.files import DATA
from vtviz.paths import ASSETS, PAGES
from vtviz.ui.ask.selection import Selection
from vtviz.ui.frame.resources import policy_jobs

EXAMPLE = (ASSETS / "policies" / "example.yaml").read_text()


@pytest.fixture(autouse=True, scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of this person; the engine stays for all tests."""
    folder = tmp_path_factory.mktemp("data")
    st.cache_resource.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATA, str(folder))
        yield folder


def visit() -> AppTest:
    return AppTest.from_file(str(PAGES / "policy.py"), default_timeout=120)


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.success, *app.warning, *app.error]
    return "\n".join(part.value for part in parts).replace("\\", "")


def log(data: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (data / "policy-log.jsonl").read_text().splitlines()]


def test_the_example_blocks_a_harmless_photo_with_a_harmless_text(data: Path) -> None:
    app = visit().run()
    assert not app.exception and "Block" in app.error[0].value and "pets as food" in app.error[0].value
    assert "Our **dinner** tonight" in words(app) and "the photo matches “a cat”" in words(app).lower()
    assert app.text_area(key="policy-written").value == EXAMPLE
    (line,) = log(data)
    assert (line["rule"], line["action"]) == ("pets as food", "block") and "dinner" not in json.dumps(line)
    app.run()
    assert len(log(data)) == 1  # a decision that is shown again is the same one
    app.text_input(key="policy-text").set_value("").run()
    assert not app.error and "Allow" in app.success[0].value and "needs a text" in words(app)
    assert [row["action"] for row in log(data)] == ["block", "allow"]
    app.button(key="sample-coffee").click().run()
    app.text_input(key="policy-text").set_value("Our dinner tonight").run()
    assert "Allow" in app.success[0].value


def test_a_policy_is_changed_and_a_mistake_names_its_line() -> None:
    app = visit().run()
    app.text_area(key="policy-written").set_value(EXAMPLE.replace("action: block", "action: review")).run()
    assert not app.exception and "Review" in app.warning[0].value
    app.text_area(key="policy-written").set_value(EXAMPLE.replace("threshold: 0.9", "threshold: high", 1)).run()
    assert "Line 12" in app.error[0].value and "number" in app.error[0].value
    app.button(key="policy-example").click().run()
    assert "Block" in app.error[0].value
    upload = next(each for each in app.get("file_uploader") if each.label == "Load a policy")
    upload.upload("own.yaml", EXAMPLE.replace("name: Example", "name: Mine *").encode(), "application/yaml").run()
    assert "**Mine *** · vtviz-base" in words(app)


def test_a_text_that_the_model_does_not_read_is_told(data: Path) -> None:
    app = visit()
    app.session_state["selectionpolicy"] = Selection("kitten", "")
    app.session_state["policy-text"] = "我们今天的晚餐"
    app.session_state["policy-written"] = EXAMPLE.replace("model: vtviz-base", "model: open_clip:ViT-B-32/openai")
    app.run()
    assert not app.exception and any("does not read the language" in each.value for each in app.warning)
    assert any("ownload" in button.label for button in app.button)  # nothing is fetched without asking


def test_rules_are_measured_and_a_threshold_is_suggested() -> None:
    app = visit()
    app.session_state["policy-view"] = "evaluate"
    app.run()
    assert not app.exception and "No evaluations yet" in app.info[0].value
    next(button for button in app.button if button.label == "Start the evaluation").click().run()
    assert not app.exception and not app.error, words(app)
    (entry,) = policy_jobs().history.all()
    for _ in range(6000):
        now = policy_jobs().history.get(entry.id)
        if now is not None and now.state == "done" and policy_jobs().progress(entry.id) is None:
            break
        time.sleep(0.05)
    app.run()
    assert not app.exception and not app.error and "Rows scored: 18" in words(app)
    table = app.dataframe[0].value
    assert list(table["Rule"]) == ["pets as food", "animals for sale", "people"] and table["Ought to fire"][0] == "3"
    assert len(app.get("plotly_chart")) == 2 and "**pets as food**: with a threshold of" in words(app)
    figures = policy_jobs().scored(entry).figures(policy_of(entry), 0.5)
    assert table["Recall"][0] == f"{figures[0].recall:.3f}"


def test_the_page_speaks_chinese() -> None:
    app = visit().run()
    app.selectbox(key="lang").select("zh").run()
    assert not app.exception and "拦截" in words(app) and "看不到什么" in str([tab.label for tab in app.tabs])
