"""Changing one word of the sentence, and how far the score moves."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.ui.ask.changed_word import ask_changed_word
from vtviz.ui.ask.selection import select, selected
from vtviz.ui.frame.scores import Score

BEFORE = "score-before"


def ask_change() -> None:
    """A word to change, and what to put in its place."""
    ask_changed_word(selected().text, None, _write)


def score_change(explanation: Explanation) -> str | None:
    """How far the score is from that before the word was changed; None where none was."""
    score = Score.of(explanation)
    text, before = st.session_state.get(BEFORE, (None, None))
    st.session_state["score-now"] = (explanation.tokens.text, score)
    return score.change_from(before) if before is not None and text == explanation.tokens.text else None


def _write(text: str) -> None:
    _, now = st.session_state.get("score-now", (None, None))
    st.session_state[BEFORE] = (text, now)
    select(text=text)
