"""How far the score moves from text to text."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from vtviz.engine.engine import Engine
from vtviz.engine.requests.explain import Explain
from vtviz.inputs import ImageInput
from vtviz.ui.explore import change
from vtviz.ui.explore.change import score_change


def test_the_change_is_from_the_text_before_on_the_same_photo_and_stays_while_it_is_shown(
    engine: Engine, cat: ImageInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change, "st", SimpleNamespace(session_state={}))
    first, second = (engine.ask(Explain(cat, text)) for text in ("A brown cat", "A brown dog"))
    assert score_change(first) is None
    expected = round(100 * (second.score - first.score))
    told = score_change(second)
    assert told is not None and int(told.split()[0].replace("−", "-")) == pytest.approx(expected, abs=1)
    assert score_change(second) == told
    other = replace(first, image=ImageInput(cat.pixels, "f" * 64))
    assert score_change(other) is None
