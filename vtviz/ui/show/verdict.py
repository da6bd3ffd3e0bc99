"""The model's answer: its score, and what follows from it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vtviz.engine.about import verdict
from vtviz.engine.explanation import Explanation
from vtviz.inputs import Tokens
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.scores import Score

ICONS = {
    "answer.match": ":material/check_circle:",
    "answer.describes": ":material/check_circle:",
    "answer.describes_rest": ":material/check_circle:",
    "answer.mismatch": ":material/cancel:",
    "answer.describes_not": ":material/cancel:",
    "answer.describes_not_rest": ":material/cancel:",
    "answer.english": ":material/translate:",
    "model.uncalibrated": ":material/balance:",
}
SURE = ":material/check_circle:"


def told(explanation: Explanation) -> tuple[str, str]:
    """The icon of the verdict, and its sentence."""
    key, values = verdict(explanation)
    return ICONS.get(key, ":material/help:"), say(key, **{name: plain(value) for name, value in values.items()})


def show_verdict(explanation: Explanation, change: str | None = None) -> DeltaGenerator:
    """The score and what it means, in a line, which is returned; ``change`` is how far it is from the score before."""
    score = Score.of(explanation)
    icon, sentence = told(explanation)
    colour = "green" if icon == SURE else "gray" if explanation.is_match is None else "orange"
    line = st.container(key="verdict", horizontal=True, vertical_alignment="center", gap="small")
    with line:
        st.metric(score.name, score.text, change, help=score.meaning, width="content")
        st.markdown(f":{colour}[{icon}] {sentence}")
    show_truncation(explanation.tokens)
    return line


def show_truncation(tokens: Tokens) -> None:
    """Where a text is longer than the model reads: how far it reads."""
    if tokens.truncated:
        st.info(say("answer.truncated", count=len(tokens.words)), icon=":material/content_cut:")
