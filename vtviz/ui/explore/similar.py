"""The sentence beside similar ones that say something else."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.similar_sentences import RankSimilar, Similar
from vtviz.models.base import MATCH
from vtviz.ui.ask.models import FRESH, current_device
from vtviz.ui.ask.selection import select, select_all, selected
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.scores import Score
from vtviz.ui.frame.shell import go_to
from vtviz.ui.frame.waiting import ask
from vtviz.ui.show.model_notes import is_foreign, model_label, reader_of
from vtviz.watch import Progress

SHOWN = 5  # the nearest of the similar sentences


def offer_similar(explanation: Explanation) -> None:
    """On request, how many similar sentences fit the photo less well, and the nearest ones to compare with."""
    if selected().target != MATCH.kind:
        return
    opened = st.popover(
        say("similar.title"), icon=":material/leaderboard:", key="similar", on_change="rerun", type="tertiary"
    )
    if not opened.open:
        return
    with opened:
        text, model = explanation.tokens.text, explanation.model
        ranked = ask(RankSimilar(explanation.image, text, model, device=current_device()), _comparing)
        if not ranked.similar:
            st.markdown(say("similar.none"))
            return
        st.markdown(say("similar.better", better=ranked.better_than, count=len(ranked.similar)))
        st.caption(say("similar.about"))
        for index, similar in enumerate(ranked.similar[:SHOWN]):
            _offer(similar, index, Score(similar.score, explanation.score_kind, explanation.threshold is not None))


def offer_reader(explanation: Explanation) -> None:
    """Where the model does not read the language of the sentence: one that does."""
    text = explanation.tokens.text
    reader = reader_of(text)
    if reader is None or not is_foreign(explanation.model, text):
        return
    label = say("model.use_reader", name=plain(model_label(reader)))
    if st.button(label, key="use-reader", icon=":material/translate:", type="tertiary"):
        select("", **FRESH, model=reader)
        st.rerun()


def _offer(similar: Similar, index: int, score: Score) -> None:
    label = f"{plain(similar.text)} · {score.text}"
    if st.button(
        label, key=f"similar-{index}", type="tertiary", icon=":material/compare:", help=say("similar.compare")
    ):
        select_all(selected(), "a")
        select_all(replace(selected(), text=similar.text), "b")
        go_to("compare")


def _comparing(now: Progress, seconds: str) -> tuple[float, str]:
    return now.share, say("similar.comparing", seconds=seconds)
