"""The measures on the Explore page."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from vtviz.engine import measures as engine_measures
from vtviz.engine.faithfulness import Faithfulness
from vtviz.engine.turns import Busy
from vtviz.metrics.registry import find_metric
from vtviz.paths import ASSETS
from vtviz.ui.show import faithfulness, measures


def shown(app: AppTest) -> list[str]:
    return [each.value for each in app.markdown if ":small[:gray[" in each.value]


def test_measures_go_on_where_they_were_left_and_take_over_the_quick_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [find_metric(name) for name in ("text_share", "insertion", "deletion", "coverage")]
    whole, taken = engine_measures.measure, list[list[str]]()
    curve = np.linspace(0, 1, 3)
    curves = Faithfulness(curve, curve, np.stack([curve]), np.stack([curve]))
    monkeypatch.setattr(faithfulness, "quick_faithfulness", lambda *given: curves)
    for module in (engine_measures, measures):
        monkeypatch.setattr(module, "measures_of", lambda explanation: wanted)

    def busy(engine: Any, explanation: Any, fill: Any, known: Any) -> Iterator[engine_measures.Measured]:
        taken.append(list(known))
        yield next(whole(engine, explanation, fill, known))
        raise Busy("The queue is full; try again in a moment.")

    monkeypatch.setattr(measures, "measure", busy)
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    app.session_state["measures-open"] = True
    app.run()
    assert not app.session_state["measures"]  # looking keeps nothing, so it drives nothing out
    run = next(place for place, each in enumerate(app.button) if each.label == "Measure all")
    app.button[run].click().run()
    assert not app.exception and "queue" in app.error[0].value and not shown(app)

    def rest(engine: Any, explanation: Any, fill: Any, known: Any) -> Iterator[engine_measures.Measured]:
        taken.append(list(known))
        return whole(engine, explanation, fill, known)

    monkeypatch.setattr(measures, "measure", rest)
    quick = next(place for place, each in enumerate(app.button) if each.label == "Measure")
    app.button[quick].click().run()
    run = next(place for place, each in enumerate(app.button) if each.label == "Measure all")
    app.button[run].click().run()
    assert not app.exception and not app.error and len(shown(app)) == 3
    assert taken == [[], ["text_share", "insertion", "deletion"]]
    assert "Measure all" not in [each.label for each in app.button]
