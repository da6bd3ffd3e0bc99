"""The model's answer: its score, and what follows from it."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.inputs import Tokens
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.scores import Score


def verdict(explanation: Explanation) -> tuple[bool, str, str]:
    """Whether the answer is a sure match, the icon of the verdict, and its sentence."""
    if explanation.threshold is None:
        return False, ":material/balance:", say("model.uncalibrated")
    limit = f"{explanation.threshold:.0%}"
    if explanation.unknown:
        unknown = dict.fromkeys(explanation.tokens.words[index].text for index in explanation.unknown)
        words = ", ".join(f"“{plain(word)}”" for word in unknown)
        return False, ":material/help:", say("answer.unknown", words=words)
    if explanation.is_match:
        return True, ":material/check_circle:", say("answer.match", threshold=limit)
    return False, ":material/cancel:", say("answer.mismatch", threshold=limit)


def show_verdict(explanation: Explanation) -> None:
    """The score, and what it means."""
    left, right = st.columns([1, 4], vertical_alignment="center")
    score = Score.of(explanation)
    left.metric(score.name, score.text, help=score.meaning)
    sure, icon, sentence = verdict(explanation)
    unsure_box = right.info if explanation.is_match is None else right.warning
    (right.success if sure else unsure_box)(sentence, icon=icon)
    show_truncation(explanation.tokens)


def show_truncation(tokens: Tokens) -> None:
    """Where a text is longer than the model reads: how far it reads."""
    if tokens.truncated:
        st.info(say("answer.truncated", count=len(tokens.words)), icon=":material/content_cut:")
