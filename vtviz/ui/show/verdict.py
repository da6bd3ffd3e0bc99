"""The model's answer: its score, and what follows from it."""

from __future__ import annotations

import re

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.inputs import Tokens
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.scores import Score

HAN = re.compile("[\u4e00-\u9fff]")  # Chinese characters


def verdict(explanation: Explanation) -> tuple[bool, str, str]:
    """Whether the answer is a sure match, the icon of the verdict, and its sentence."""
    if explanation.threshold is None:
        return False, ":material/balance:", say("model.uncalibrated")
    limit = f"{explanation.threshold:.0%}"
    if explanation.unknown:
        unknown = dict.fromkeys(explanation.tokens.words[index].text for index in explanation.unknown)
        if any(HAN.search(word) for word in unknown):
            return False, ":material/translate:", say("answer.english")
        words = ", ".join(f"“{plain(word)}”" for word in unknown)
        return False, ":material/help:", say("answer.unknown", words=words)
    if explanation.is_match:
        return True, ":material/check_circle:", say("answer.match", threshold=limit)
    return False, ":material/cancel:", say("answer.mismatch", threshold=limit)


def show_verdict(explanation: Explanation, change: str | None = None) -> None:
    """The score and what it means, in a line; ``change`` is how far it is from the score before."""
    score = Score.of(explanation)
    sure, icon, sentence = verdict(explanation)
    colour = "green" if sure else "gray" if explanation.is_match is None else "orange"
    with st.container(key="verdict", horizontal=True, vertical_alignment="center", gap="small"):
        st.metric(score.name, score.text, change, help=score.meaning, width="content")
        st.markdown(f":{colour}[{icon}] {sentence}")
    show_truncation(explanation.tokens)


def show_truncation(tokens: Tokens) -> None:
    """Where a text is longer than the model reads: how far it reads."""
    if tokens.truncated:
        st.info(say("answer.truncated", count=len(tokens.words)), icon=":material/content_cut:")
