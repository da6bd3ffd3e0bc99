"""Captions and answers on a page, each with its lens."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from vtviz.attribution.base import Relevance
from vtviz.inputs import MAX_CHARACTERS, ImageInput, framed
from vtviz.render.lens.view import LensView
from vtviz.tasks.answer import Answer
from vtviz.tasks.caption import Caption
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.inputs import QUESTION, current_sample
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import say
from vtviz.ui.frame.scores import Score
from vtviz.ui.show.lens import lens
from vtviz.ui.show.verdict import show_truncation

TASK = "task"
TASKS = ("caption", "answer")
DOUBTFUL = 0.5  # match probability below which a caption more likely misdescribes the photo


def open_task(query: Mapping[str, str]) -> None:
    """Takes over the task and the question of a link."""
    if query.get(TASK) in TASKS:
        st.session_state[TASK] = query[TASK]
    if query.get(QUESTION):
        st.session_state[QUESTION] = query[QUESTION][:MAX_CHARACTERS]


def ask_task() -> str:
    """What is wanted: captions or answers."""
    return kept_choice(
        say("describe.task"),
        TASKS,
        TASK,
        TASKS[0],
        st.segmented_control,
        format_func=lambda task: say(f"describe.{task}"),
        label_visibility="collapsed",
        required=True,
    )


def ask_question() -> str:
    """The question about the photo."""
    sample = current_sample()
    questions = sample.questions if sample else ()
    st.session_state.setdefault(QUESTION, questions[0] if questions else "Is there a dog?")
    question = st.text_input(
        say("describe.question"),
        key=QUESTION,
        max_chars=MAX_CHARACTERS,
        help=say("describe.question_help"),
        persist_state="session",
    )
    with st.container(horizontal=True, gap="small"):
        for index, offered in enumerate(questions):
            key, icon = f"question-{index}", ":material/help:"
            st.button(offered, key=key, type="tertiary", icon=icon, on_click=_ask, args=(offered,))
    return question


def _ask(question: str) -> None:
    st.session_state[QUESTION] = question


def show_captions(captions: list[Caption], image: ImageInput, alt: str) -> None:
    """The captions to choose from, and the lens of the chosen one."""
    index = st.radio(
        say("describe.captions"),
        range(len(captions)),
        format_func=lambda number: f"{captions[number].text} · {_score(captions[number]).text}",
        help=say("describe.captions_help"),
        key=f"captions-{image.sha256}",
    )
    chosen = captions[index]
    if chosen.score_kind == "probability" and chosen.score < DOUBTFUL:
        st.warning(say("describe.doubtful", score=_score(chosen).text), icon=":material/help:")
    relevance = Relevance(chosen.probabilities, chosen.maps, chosen.maps.mean(axis=0), signed=False)
    name = f"caption-{image.sha256[:16]}-{index}-{chosen.text}"
    label, method = "describe.probability", "describe.caption_map"
    view = LensView(name, framed(image, chosen.frame), chosen.tokens, relevance, score_label=label, method=method)
    lens(view, alt, "caption")


def _score(caption: Caption) -> Score:
    return Score(caption.score, caption.score_kind)


def show_answer(answer: Answer, image: ImageInput, alt: str) -> None:
    """The answer, the candidates with their probabilities, and where the question looked."""
    left, right = st.columns([1, 1.6], vertical_alignment="center")
    with left:
        shown = answer.text or say("describe.cannot_tell")
        st.metric(say("describe.answer_title"), shown, help=say("describe.answer_help"))
        if answer.unknown:
            words = ", ".join(f"“{answer.question.words[index].text}”" for index in answer.unknown)
            st.warning(say("describe.unknown", words=words), icon=":material/help:")
        elif answer.text is None:
            st.info(say("describe.unsure", threshold=f"{answer.threshold:.0%}"), icon=":material/help:")
        show_truncation(answer.question)
    with right:
        show_chart(_candidates(answer), "candidates", right=30)
    name = f"answer-{image.sha256[:16]}-{answer.question.text}"
    unknown, method = answer.unknown, "describe.answer_map"
    lens(LensView(name, image, answer.question, answer.relevance, unknown=unknown, method=method), alt, "answer")


def _candidates(answer: Answer) -> go.Figure:
    names = [name for name, _ in answer.candidates]
    values = [probability for _, probability in answer.candidates]
    bars = go.Bar(
        x=values, y=names, orientation="h", text=[f"{v:.0%}" for v in values], textposition="auto", cliponaxis=False
    )
    chart = go.Figure(bars).update_layout(height=200, yaxis_autorange="reversed", xaxis_tickformat=".0%")
    chart.update_yaxes(type="category")
    return chart.add_vline(answer.threshold, line_dash="dot")
