"""The Monitor page without a browser."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from vtviz.engine.jobs.indexes import IndexJobs
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
    assert app.metric[0].value == "1" and list(app.dataframe[0].value["Request"]) == ["faithfulness", "explanation"]


def chart(app: AppTest, name: str) -> dict:
    """The figure under a title of the page."""
    return next(json.loads(each.proto.spec) for each in app.get("plotly_chart") if name in each.proto.id)


def test_a_cosine_has_a_line_an_axis_and_a_column_of_its_own(app: AppTest, cat: ImageInput, own: str) -> None:
    engine = app.session_state["engine"]
    match = engine.ask(Explain(cat, "a cat", method="raw_attention"))
    cosine = engine.ask(Explain(cat, "a cat", own))
    app.run()
    assert not app.exception
    figure = chart(app, "monitor-score")
    lines = {line["name"]: line for line in figure["data"]}
    assert list(lines) == ["Match", "Attention entropy", "Similarity"]
    assert lines["Match"]["y"] == [match.score, None] and lines["Similarity"]["y"] == [None, cosine.score]
    assert lines["Similarity"]["yaxis"] == "y2" and lines["Match"].get("yaxis", "y") == "y"
    assert figure["layout"]["yaxis"]["range"] == [0, 1] and "range" not in figure["layout"]["yaxis2"]
    latest, first = app.dataframe[0].value.to_dict("records")
    assert latest["Similarity"] == cosine.score and first["Match"] == match.score
    assert np.isnan(latest["Match"]) and np.isnan(first["Similarity"])


def test_jobs_on_their_way_are_named(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = IndexJobs(tmp_path, lambda request, watch: None)
    jobs.history.runs_here = lambda number: True
    jobs.history.add("my *photos*", tmp_path, "{}")
    monkeypatch.setitem(monitor.JOBS, "search", (monitor.JOBS["search"][0], lambda: jobs))
    app.run()
    assert not app.exception
    assert [bar.proto.text for bar in app.get("progress")] == ["Search: my \\*photos\\*"]
