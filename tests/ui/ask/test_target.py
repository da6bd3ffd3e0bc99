"""The picker of what is explained, on the Explore page without a browser."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from vtviz.attribution.options import Options
from vtviz.paths import ASSETS
from vtviz.ui.ask.selection import Selection, first_selection


def opened(**changes: object) -> AppTest:
    app = AppTest.from_file(str(ASSETS.parent / "pages" / "explore.py"), default_timeout=120)
    app.session_state["selection"] = replace(first_selection(), **changes)  # type: ignore[arg-type]
    return app.run()


def chosen(app: AppTest) -> Selection:
    selection: Selection = app.session_state["selection"]
    return selection


def test_the_similarity_gets_a_method_that_is_defined_for_it_and_the_match_comes_back() -> None:
    app = opened()
    app.selectbox(key="pick-target-en").select("similarity").run()
    assert not app.exception and not app.error and not app.warning
    assert chosen(app).target == "similarity" and chosen(app).method == "clip_surgery"
    assert (
        app.query_params["target"] == "similarity"
        and "raw_attention" not in app.selectbox(key="pick-method-en").options
    )
    assert any("explain the similarity" in each.value for each in app.caption)
    app.selectbox(key="pick-target-en").select("match").run()
    assert not app.exception and chosen(app).target == "match" and "target" not in app.query_params


def test_a_word_and_an_answer_can_be_picked() -> None:
    app = opened()
    app.selectbox(key="pick-target-en").select("caption").run()
    assert not app.exception and chosen(app).target == "caption:-1"
    assert app.selectbox(key="pick-piece-en").value == len(chosen(app).text.split()) - 1
    app.selectbox(key="pick-piece-en").select(2).run()
    assert not app.exception and not app.warning and chosen(app).target == "caption:2"
    app.selectbox(key="pick-target-en").select("answer").run()
    kind, _, words = chosen(app).target.partition(":")
    assert not app.exception and not app.warning and kind == "answer" and words
    other = app.selectbox(key="pick-answer-en").options[1].partition(" · ")[0]
    app.selectbox(key="pick-answer-en").select(other).run()
    assert not app.exception and not app.warning and chosen(app).target == f"answer:{other}"


def test_a_target_that_the_model_lacks_gives_way_with_a_reason() -> None:
    app = opened(target="answer:theodolite")
    assert not app.exception and not app.error and chosen(app).target == "match"
    assert "does not know the answer" in app.warning[0].value


@pytest.mark.parametrize("target", ["similarity", "caption:1"])
def test_a_slow_method_of_another_target_is_offered(target: str) -> None:
    app = opened(target=target, method="occlusion", options=Options(window=10))
    assert not app.exception and not app.error and not app.warning
    assert any("Occlusion" in each.label for each in app.button) and chosen(app).target == target
