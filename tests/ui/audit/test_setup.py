"""Setting an audit up, on a page without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.audit.cost.request import Counted, Passes
from vtviz.sentences import catalogue
from vtviz.ui.audit import cost


def page() -> None:
    from vtviz.ui.audit.setup import set_up

    set_up()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    counted = Counted({"rows": Passes(600, 60), "planted": Passes(30, 3)}, 100.0, 10.0)
    monkeypatch.setattr(cost, "ask", lambda request: counted)
    return AppTest.from_function(page, default_timeout=60).run()


def can_start(app: AppTest) -> bool:
    start = catalogue("en")["audit.start"]
    return not next(button for button in app.button if button.label == start).disabled


def test_the_samples_are_ready_to_be_audited(app: AppTest) -> None:
    assert not app.exception and can_start(app)
    assert app.multiselect(key="audit-methods-en").value == ["raw_attention", "attention_gradcam"]


def test_an_extra_says_its_cost_before_and_after_it_is_chosen(app: AppTest) -> None:
    assert "about 61 s" in app.info[-1].value and "planted" not in app.info[-1].value
    extra = "Additional time: about 3 s · passes over photos: 30, over texts: 3"
    assert any(each.value == extra for each in app.caption)
    app.toggle(key="audit-extra-planted").set_value(True).run()
    assert not app.exception and "about 64 s" in app.info[-1].value and "planted causes" in app.info[-1].value
    assert any(each.value == extra for each in app.caption) and app.number_input[0].value == 20


@pytest.mark.parametrize("name", ["audit-models", "audit-methods-en", "audit-metrics-en"])
def test_an_audit_of_nothing_cannot_be_started(app: AppTest, name: str) -> None:
    app.multiselect(key=name).set_value([]).run()
    assert not app.exception and not app.error and not can_start(app)


def test_a_source_without_rows_cannot_be_started(app: AppTest) -> None:
    for source in ("path", "upload"):
        app.segmented_control(key="audit-source-en").set_value(source).run()
        assert not app.exception and not can_start(app)


def test_what_is_set_outlives_a_change_of_language(app: AppTest) -> None:
    app.multiselect(key="audit-methods-en").set_value(["rise"]).run()
    app.multiselect(key="audit-metrics-en").set_value(["deletion", "insertion"]).run()
    app.selectbox(key="audit-fill-en").select("mean").run()
    app.session_state["lang"] = "zh"
    app.run()
    assert not app.exception
    assert app.multiselect(key="audit-methods-zh").value == ["rise"]
    assert app.multiselect(key="audit-metrics-zh").value == ["deletion", "insertion"]
    assert app.selectbox(key="audit-fill-zh").value == "mean"
