"""The bars of what a page waits for, with an engine that fails halfway."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from vtviz.engine.local import LocalEngine
from vtviz.engine.requests.faithfulness import MeasureFaithfulness
from vtviz.engine.requests.heads import MeasureHeads
from vtviz.engine.requests.metrics import MeasureMetric
from vtviz.engine.turns import WAITING, Busy
from vtviz.models.base import ModelError
from vtviz.paths import ASSETS
from vtviz.sentences import catalogue
from vtviz.ui.frame import waiting
from vtviz.watch import Progress, Watch

SAY = catalogue("en")
SENTENCE = "The model is gone; try again in a moment."


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[type], list[float]]:
    """Makes requests of a kind fail once a bar was drawn for them; gives the shares that bars were at."""
    ask, progress, shares, drawn = LocalEngine.ask, DeltaGenerator.progress, list[float](), threading.Event()
    monkeypatch.setattr(waiting, "QUICK", 0.0)
    monkeypatch.setattr(waiting, "TICK", 0.01)

    def draw(area: DeltaGenerator, share: float, text: str) -> DeltaGenerator:
        drawn.set()
        return progress(area, share, text)

    def fail(kind: type) -> list[float]:
        def asked(engine: LocalEngine, request: Any, watch: Watch | None = None) -> Any:
            if not isinstance(request, kind):
                return ask(engine, request, watch)
            assert watch is not None
            watch.enter("halfway", 2, done=1)
            drawn.clear()
            assert drawn.wait(20)
            shares.append(watch.now.share)
            raise ModelError(SENTENCE)

        monkeypatch.setattr(DeltaGenerator, "progress", draw)
        monkeypatch.setattr(LocalEngine, "ask", asked)
        return shares

    return fail


@pytest.mark.parametrize(
    ("kind", "button"),
    [
        (MeasureFaithfulness, SAY["faithfulness.measure"]),
        (MeasureMetric, SAY["measures.run"]),
        (MeasureHeads, "measure-heads"),
    ],
)
def test_no_bar_stays_behind_an_error(failing: Callable[[type], list[float]], kind: type, button: str) -> None:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    app.session_state["more-metrics-open"] = app.session_state["heads-open"] = True
    app.run()
    shares = failing(kind)
    next(each for each in app.button if button == (each.key or each.label)).click().run()
    assert shares == [0.5] and not app.exception
    assert [error.value for error in app.error] == [SENTENCE.replace(";", "\\;").replace(".", "\\.")]
    assert not app.get("progress")


def test_a_full_queue_is_asked_again_and_the_place_in_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ask, progress, told, refused = LocalEngine.ask, DeltaGenerator.progress, list[str](), [0]
    event = threading.Event()
    monkeypatch.setattr(waiting, "QUICK", 0.0)
    monkeypatch.setattr(waiting, "TICK", 0.01)
    monkeypatch.setattr(waiting, "RETRY", 0.1)

    def draw(area: DeltaGenerator, share: float, text: str) -> DeltaGenerator:
        told.append(text)
        if "ahead of you: 3" in text:
            event.set()
        return progress(area, share, text)

    def asked(engine: LocalEngine, request: Any, watch: Watch | None = None) -> Any:
        assert watch is not None and watch.who
        refused[0] += 1
        if refused[0] <= 2:
            raise Busy(SENTENCE)
        watch.tell(Progress(WAITING, total=3, seconds_left=7.0))
        assert event.wait(20)
        return ask(engine, request, watch)

    monkeypatch.setattr(DeltaGenerator, "progress", draw)
    monkeypatch.setattr(LocalEngine, "ask", asked)
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120).run()
    assert not app.exception and not app.error and app.metric
    assert any("tried again by itself" in text for text in told) and event.is_set()
