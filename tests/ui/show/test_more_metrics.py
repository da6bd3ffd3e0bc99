"""The metrics on the Explore page."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.faithfulness import MeasureFaithfulness
from vtviz.engine.requests.metrics import MeasureMetric
from vtviz.metrics.registry import find_metric
from vtviz.models.base import ModelError
from vtviz.paths import ASSETS
from vtviz.ui.show import more_metrics


def shown(app: AppTest) -> list[str]:
    return [each.value for each in app.markdown if ":small[:gray[" in each.value]


def press(app: AppTest, label: str) -> None:
    index = next(index for index, button in enumerate(app.button) if button.label == label)
    app.button[index].click().run()


def test_metrics_go_on_where_they_were_left_and_take_over_the_quick_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [find_metric(name) for name in ("text_share", "insertion", "deletion", "coverage")]
    monkeypatch.setattr(more_metrics, "metrics_of", lambda explanation: wanted)
    whole, asked, is_broken = LocalEngine.ask, list[Any](), True

    def ask(engine: LocalEngine, request: Any, watch: Any = None) -> Any:
        if isinstance(request, MeasureMetric):
            if is_broken and request.metric == "insertion":
                raise ModelError("The model is gone; try again in a moment.")
            asked.append(request.metric)
        elif isinstance(request, MeasureFaithfulness):
            asked.append("quick")
        return whole(engine, request, watch)

    monkeypatch.setattr(LocalEngine, "ask", ask)
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    app.session_state["more-metrics-open"] = True
    app.run()
    assert not app.session_state["more-metrics"]  # looking keeps nothing, so it drives nothing out
    press(app, "Compute all")
    assert not app.exception and "model is gone" in app.error[0].value and not shown(app)
    is_broken = False
    press(app, "Measure")
    press(app, "Compute all")
    assert not app.exception and not app.error and len(shown(app)) == 3
    assert asked == ["text_share", "quick", "coverage"]
    assert "Compute all" not in [each.label for each in app.button]
