"""The answer, what was measured on the way to it, and the files to keep."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.inputs import Tokens
from vtviz.ui.frame.language import plain, say


def verdict(explanation: Explanation) -> tuple[bool, str, str]:
    """Whether the answer is a sure match, the icon of the verdict, and its sentence."""
    if explanation.threshold is None:
        return False, ":material/balance:", say("model.uncalibrated")
    limit = f"{explanation.threshold:.0%}"
    if explanation.unknown:
        unknown = dict.fromkeys(explanation.tokens.words[place].text for place in explanation.unknown)
        words = ", ".join(f"“{plain(word)}”" for word in unknown)
        return False, ":material/help:", say("answer.unknown", words=words)
    if explanation.is_match:
        return True, ":material/check_circle:", say("answer.match", threshold=limit)
    return False, ":material/cancel:", say("answer.mismatch", threshold=limit)


def score_shown(explanation: Explanation) -> tuple[str, str, str]:
    """What the score is called, its value, and what it means."""
    kind = explanation.score_kind
    if kind == "probability":
        digits = 0 if explanation.threshold is not None else 2
        return say("answer.score"), f"{explanation.score:.{digits}%}", say("answer.score_help")
    return say(f"model.score_{kind}"), f"{explanation.score:.3f}", say(f"model.score_{kind}_help")


def show_verdict(explanation: Explanation) -> None:
    """The match score, and what it means."""
    score, meaning = st.columns([1, 4], vertical_alignment="center")
    label, value, about = score_shown(explanation)
    score.metric(label, value, help=about)
    sure, icon, sentence = verdict(explanation)
    called = meaning.info if explanation.is_match is None else meaning.warning
    (meaning.success if sure else called)(sentence, icon=icon)
    show_truncation(explanation.tokens)


def show_truncation(tokens: Tokens) -> None:
    """Where a text is longer than the model reads: how far it reads."""
    if tokens.truncated:
        st.info(say("answer.truncated", count=len(tokens.words)), icon=":material/content_cut:")
