"""Methods, metrics and targets by name."""

import pytest
import streamlit as st

from vtviz.sentences import catalogue
from vtviz.ui.frame.names import method_name, metric_about, metric_name, target_name


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    chosen: str = request.param
    monkeypatch.setattr(st, "session_state", {"lang": chosen})
    return chosen


def test_names_are_in_the_chosen_language(language: str) -> None:
    sentences = catalogue(language)
    assert method_name("rise") == sentences["method.rise"]
    assert metric_name("insertion") == sentences["audit.metric.insertion"]
    assert metric_about("insertion") == sentences["audit.metric.insertion.about"]
    assert target_name("answer:yes: two") == f"{sentences['pick.target_answer']} yes: two"


def test_what_the_catalogue_lacks_keeps_its_own_label(language: str) -> None:
    """As in the report of an audit by a plug-in that is not installed here."""
    assert method_name("somebodys", "Somebody's method") == "Somebody's method"
    assert metric_name("somebodys", "Somebody's metric") == "Somebody's metric"
