"""The pairs that the model gets wrong, the surest first, each with a way into Explore."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vtviz.engine.requests.explain import Explain
from vtviz.evaluation.figures.mistakes import MISTAKES, Mistake, mistakes
from vtviz.evaluation.pairs.pair import read_pair_photo
from vtviz.evaluation.runs.evaluation import Evaluation
from vtviz.inputs import framed
from vtviz.jobs.history import Entry
from vtviz.paths import ASSETS
from vtviz.render.overlay import overlay, scaled_photo, to_jpeg
from vtviz.ui.ask.choice import kept_choice
from vtviz.ui.ask.inputs import clear_upload
from vtviz.ui.ask.photos import uploads
from vtviz.ui.ask.selection import Selection, select_all
from vtviz.ui.evaluate.words import score_word
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.resources import samples
from vtviz.ui.frame.results import session_results
from vtviz.ui.frame.shell import go_to
from vtviz.ui.frame.trouble import errors_shown
from vtviz.ui.frame.waiting import ask

A_ROW, A_PAGE = 4, 8  # cards
SIDE = 420  # pixels of a picture's longer side
SHOWN = "evaluate-mistakes-shown"
HEATMAPS = "evaluate-heatmaps"


def show_mistakes(entry: Entry, evaluation: Evaluation, threshold: float) -> None:
    """Cards of wrongly accepted or wrongly rejected pairs."""
    found = {kind: mistakes(evaluation.scored, threshold, kind) for kind in MISTAKES}
    if not any(len(indices) for indices in found.values()):
        st.success(say("evaluate.no_mistakes"), icon=":material/check_circle:")
        return
    fullest = max(MISTAKES, key=lambda kind: len(found[kind]))
    first = MISTAKES[0] if len(found[MISTAKES[0]]) else fullest
    kind: Mistake = kept_choice(
        say("evaluate.mistakes"),
        MISTAKES,
        "evaluate-mistakes",
        first,
        st.segmented_control,
        format_func=lambda name: say(f"evaluate.{name}", count=len(found[name])),
        label_visibility="collapsed",
        required=True,
    )
    st.caption(say(f"evaluate.{kind}_about"))
    if not len(found[kind]):
        st.success(say(f"evaluate.no_{kind}"), icon=":material/check_circle:")
        return
    shown = st.session_state.get(SHOWN, A_PAGE)
    chosen = found[kind][:shown]
    for start in range(0, len(chosen), A_ROW):
        for column, index in zip(st.columns(A_ROW), chosen[start : start + A_ROW], strict=False):
            with column.container(border=True), errors_shown(st.container()):
                _show_card(entry, evaluation, int(index))
    if len(found[kind]) > shown:
        st.button(
            say("evaluate.more_mistakes", count=min(A_PAGE, len(found[kind]) - shown)),
            icon=":material/expand_more:",
            key="evaluate-more",
            on_click=lambda: st.session_state.update({SHOWN: shown + A_PAGE}),
        )


def _show_card(entry: Entry, evaluation: Evaluation, index: int) -> None:
    """A photo, its text, the score, and what can be seen of it."""
    path, text, score = evaluation.paths[index], evaluation.texts[index], float(evaluation.scores[index])
    heatmaps, asked = session_results(HEATMAPS), (entry.id, index)
    st.image(heatmaps.get(asked) or _picture(path, evaluation.hashes[index]), alt=text, width="stretch")
    st.markdown(f"{plain(text)}  \n:small[{score_word(evaluation)} **{score:.3f}**]")
    with st.container(horizontal=True, gap="xsmall"):
        if asked not in heatmaps and st.button(
            say("evaluate.heatmap"), key=f"evaluate-heatmap-{index}", icon=":material/gradient:", type="tertiary"
        ):
            heatmaps[asked] = _heatmap(path, text, evaluation.scorer.model)
            st.rerun(scope="fragment")
        if st.button(
            say("evaluate.explore"), key=f"evaluate-explore-{index}", icon=":material/search:", type="tertiary"
        ):
            _open_in_explore(Path(path), text, evaluation.scorer.model)


@st.cache_resource(max_entries=256, show_spinner=False)
def _picture(path: str, sha256: str) -> bytes:
    """A small picture of a photo. Raises InputError where the photo is gone."""
    return to_jpeg(scaled_photo(read_pair_photo(Path(path)), SIDE))


def _heatmap(path: str, text: str, model: str) -> bytes:
    """The photo under the heatmap of the whole text, by the model's default method."""
    image = read_pair_photo(Path(path))
    explanation = ask(Explain(image, text, model))
    seen = framed(image, explanation.frame)
    return to_jpeg(overlay(seen, explanation.relevance.image.clip(min=0.0), max_side=SIDE))


def _open_in_explore(path: Path, text: str, model: str) -> None:
    """Selects a pair and leaves for Explore. Raises InputError where the photo is gone."""
    known = {ASSETS / "samples" / sample.file: name for name, sample in samples().items()}
    photo = known.get(path) or _kept_upload(path)
    select_all(Selection(photo, text, model))
    clear_upload("")
    go_to("explore")


def _kept_upload(path: Path) -> str:
    """A photo of this machine among what the person uploaded, by its hash."""
    read_pair_photo(path)  # says what is wrong with it
    return uploads().keep(path.name, path.read_bytes())
