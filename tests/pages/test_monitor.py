"""The Monitor page without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.faithfulness import MeasureFaithfulness
from vtviz.inputs import ImageInput
from vtviz.paths import ASSETS
from vtviz.ui import monitor


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    engine = LocalEngine("cpu")
    monkeypatch.setattr(monitor, "shared_engine", lambda: engine)
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "monitor.py"), default_timeout=120).run()
    app.session_state["engine"] = engine
    return app


def test_an_empty_monitor_says_what_to_do(app: AppTest) -> None:
    assert not app.exception and "Nothing here yet" in app.info[0].value and len(app.metric) == 6


def test_every_explanation_appears(app: AppTest, cat: ImageInput) -> None:
    engine = app.session_state["engine"]
    made = engine.ask(Explain(cat, "a cat", method="raw_attention"))
    engine.ask(MeasureFaithfulness(made.attribution))
    app.run()
    assert not app.exception and not app.info and len(app.get("plotly_chart")) == 4
    assert app.metric[0].value == "1" and len(app.dataframe[0].value) == 1
