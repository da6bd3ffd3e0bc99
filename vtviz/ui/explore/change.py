"""Changing one word of the sentence, and how far the score moves from text to text."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.ui.ask.changed_word import ask_changed_word
from vtviz.ui.ask.selection import select, selected
from vtviz.ui.frame.scores import Score

LAST = "last-score"


@dataclass(frozen=True)
class Told:
    """The score last shown: of which photo and model, for which text, and how far it was from the one before."""

    about: tuple[str, str]
    text: str
    score: Score
    change: str | None


def ask_change() -> None:
    """A word to change, and what to put in its place."""
    ask_changed_word(selected().text, None, _write)


def score_change(explanation: Explanation) -> str | None:
    """How far the score is from that of the text shown before on the same photo; None where there was none."""
    about, text, score = (explanation.image.sha256, explanation.model), explanation.tokens.text, Score.of(explanation)
    last: Told | None = st.session_state.get(LAST)
    if last is not None and (last.about, last.text) == (about, text):
        return last.change
    change = score.change_from(last.score) if last is not None and last.about == about else None
    st.session_state[LAST] = Told(about, text, score, change)
    return change


def _write(text: str) -> None:
    select(text=text)
