"""Captions and answers on a page, each with its lens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from vtviz.attribution.base import Relevance
from vtviz.attribution.options import Options
from vtviz.attribution.targets import WrittenTarget
from vtviz.chinese import Language
from vtviz.inputs import MAX_CHARACTERS, ImageInput, check_text, framed
from vtviz.models.base import MATCH
from vtviz.models.registry import DEFAULT_MODEL, model_info
from vtviz.render.lens.about import About
from vtviz.render.lens.settings import LensSettings
from vtviz.render.lens.view import LensView
from vtviz.sentences import LANGUAGES
from vtviz.stories.moment import Moment
from vtviz.tasks.answer import Answer, in_language
from vtviz.tasks.caption import Caption
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.inputs import QUESTION, current_sample
from vtviz.ui.ask.links import note_wrong
from vtviz.ui.ask.selection import select, selected, text_language
from vtviz.ui.ask.things import find_things, sentence
from vtviz.ui.describe.asked import remember_question, show_asked
from vtviz.ui.frame.charts import show_chart
from vtviz.ui.frame.language import current_language, plain, say
from vtviz.ui.frame.scores import Score
from vtviz.ui.frame.screen import BELOW, Screen
from vtviz.ui.frame.shell import go_to
from vtviz.ui.show.downloads import offer_page
from vtviz.ui.show.lens import lens, lens_panels
from vtviz.ui.show.pin import offer_pin
from vtviz.ui.show.verdict import show_truncation

TASK = "task"
TASKS = ("answer", "caption", "talk", "folder")
KEY = "described"
THINGS = 5  # of those that a photo may show
DOUBTFUL = 0.5  # match probability below which a caption more likely misdescribes the photo


def open_task(query: Mapping[str, str]) -> None:
    """Takes over the task and the question of a link."""
    if query.get(TASK) in TASKS:
        st.session_state[TASK] = query[TASK]
    elif TASK in query:
        note_wrong(TASK)
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
    language = text_language()
    questions = sample.questions_in(language) if sample else ()
    first = questions[0] if questions else say(f"describe.first_question_{language}")
    st.session_state.setdefault(QUESTION, first)
    with st.container(key="sentence"):
        return st.text_input(
            say("describe.question"),
            key=QUESTION,
            max_chars=MAX_CHARACTERS,
            required=True,
            placeholder=say(f"describe.question_help_{language}"),
            persist_state="session",
            label_visibility="collapsed",
        )


def offer_questions() -> None:
    """The questions that come with a packaged photo."""
    sample = current_sample()
    with st.container(key="offers", horizontal=True, gap="xsmall"):
        for index, offered in enumerate(sample.questions_in(text_language()) if sample else ()):
            st.button(offered, key=f"question-{index}", type="tertiary", on_click=_ask, args=(offered,))


def _ask(question: str) -> None:
    st.session_state[QUESTION] = question


def ask_caption_language(model: str) -> Language:
    """The language of the captions, where the model writes in several."""
    info = model_info(model)
    languages = info.languages if info is not None else ("en",)
    if len(languages) < 2:
        return languages[0]
    return kept_choice(
        say("describe.language"),
        languages,
        f"caption-language-{current_language()}",  # another language of the interface begins with its own
        text_language(model),
        st.segmented_control,
        format_func=LANGUAGES.__getitem__,
        label_visibility="collapsed",
        required=True,
    )


def show_captions(captions: list[Caption], image: ImageInput, alt: str, areas: Screen, model: str) -> None:
    """The captions to choose from, and the lens of the chosen one. Where none fits the photo, what it may show."""
    with areas.side:
        index = st.radio(
            say("describe.captions"),
            range(len(captions)),
            format_func=lambda number: f"{plain(captions[number].text)} · {_score(captions[number]).text}",
            help=say("describe.captions_help"),
            key=f"captions-{image.sha256}-{captions[0].text}",
        )
        clean = st.toggle(
            say("describe.talk_clean"),
            key="clean-caption",
            help=say("describe.talk_clean_help"),
            persist_state="session",
        )
    chosen = captions[index].without_interference() if clean else captions[index]
    with areas.answer:
        if not captions[0].is_sure:
            _offer_things(image, model)
        else:
            if chosen.score_kind == "probability" and chosen.score < DOUBTFUL:
                st.markdown(f":orange[:material/help:] {say('describe.doubtful', score=_score(chosen).text)}")
            _offer_explore(chosen.text)
    relevance = Relevance(chosen.probabilities, chosen.maps, chosen.maps.mean(axis=0), signed=False)
    name = f"caption-{image.sha256[:16]}-{index}-{clean}-{chosen.text}"
    label, method = "describe.probability", "describe.caption_map"
    seen = framed(image, chosen.frame)
    view = LensView(name, seen, chosen.tokens, relevance, score_label=label, method=method)
    told = Moment(image.sha256, chosen.text, model)
    _show_lens(view, alt, areas, About(f"{_score(chosen).name} {_score(chosen).text}", model), told)


def _show_lens(view: LensView, alt: str, areas: Screen, about: About, told: Moment) -> None:
    with areas.stage:
        _in_fragment(view, alt, about, told)
    with areas.side:
        lens_panels(KEY)


@st.fragment
def _in_fragment(view: LensView, alt: str, about: About, told: Moment) -> None:
    """A pin runs this alone again. ``told`` is what a story tells of it."""
    pinned = lens(view, alt, KEY, panels=False, below=BELOW, about=about)
    with st.container(key="actions", horizontal=True, gap="xsmall"):
        offer_page(view, alt, pinned, about, "described")
        words = LensSettings(words=pinned.words)
        offer_pin((replace(told, settings=words), selected().photo))


def _offer_things(image: ImageInput, model: str) -> None:
    """Everyday things that the photo may show; a click on one goes to Explore with it."""
    st.markdown(f":orange[:material/help:] {say('describe.cannot_say')}")
    with st.container(key="things", horizontal=True, gap="xsmall"):
        for name in find_things(image, model).names[:THINGS]:
            if st.button(name, key=f"thing-{name}"):
                select(text=sentence(name), model=model, target=MATCH.kind, method=None, options=Options())
                go_to("explore")


def _offer_explore(text: str, target: str = MATCH.kind) -> None:
    """Takes a text over to Explore, where everything about it can be seen."""
    if st.button(say("describe.explain"), icon=":material/search:", type="tertiary", key="explain"):
        select(text=text, target=target, method=None, options=Options())
        go_to("explore")


def _score(caption: Caption) -> Score:
    return Score(caption.score, caption.score_kind)


def show_answer(answer: Answer, image: ImageInput, alt: str, areas: Screen, asked: str) -> None:
    """The answer, the candidates with their probabilities, where the question looked, and what to ask next; ``asked``
    is the question as it was written."""
    remember_question(answer.question.text, answer, _said(answer.text or ""))
    with areas.answer, st.container(key="verdict", horizontal=True, vertical_alignment="center"):
        shown = _said(answer.text) if answer.text else say("describe.cannot_tell")
        st.metric(say("describe.answer_title"), shown, help=say("describe.answer_help"), width="content")
        if answer.unknown:
            words = ", ".join(f"“{plain(answer.question.words[index].text)}”" for index in answer.unknown)
            st.markdown(f":orange[:material/help:] {say('describe.unknown', words=words)}")
        elif answer.text is None:
            st.markdown(f":gray[:material/help:] {say('describe.unsure', threshold=f'{answer.threshold:.0%}')}")
        if answer.text is not None:
            _offer_explore(answer.question.text, str(WrittenTarget("answer", answer.text)))
        show_truncation(answer.question)
        if answer.question.text != check_text(asked):
            st.markdown(say("describe.read_as", question=plain(answer.question.text)))
    with areas.side:
        show_chart(_candidates(answer), "candidates", right=30)
        show_asked(answer.question.text)
    name = f"answer-{image.sha256[:16]}-{answer.question.text}"
    unknown, method = answer.unknown, "describe.answer_map"
    view = LensView(name, image, answer.question, answer.relevance, unknown=unknown, method=method)
    told = f"{say('describe.answer_title')}: {_said(answer.text) if answer.text else say('describe.cannot_tell')}"
    target = str(WrittenTarget("answer", answer.text)) if answer.text else MATCH.kind
    pinned = Moment(image.sha256, answer.question.text, DEFAULT_MODEL, target=target)
    _show_lens(view, alt, areas, About(told, DEFAULT_MODEL), pinned)


def _said(answer: str) -> str:
    return in_language(answer, "zh" if current_language() == "zh" else "en")


def _candidates(answer: Answer) -> go.Figure:
    names = [_said(name) for name, _ in answer.candidates]
    values = [probability for _, probability in answer.candidates]
    bars = go.Bar(
        x=values, y=names, orientation="h", text=[f"{v:.0%}" for v in values], textposition="auto", cliponaxis=False
    )
    chart = go.Figure(bars).update_layout(height=150, yaxis_autorange="reversed", xaxis_tickformat=".0%")
    chart.update_yaxes(type="category")
    return chart.add_vline(answer.threshold, line_dash="dot")
