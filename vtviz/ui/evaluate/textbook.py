"""A printed table put to the test: which figures can come from one confusion matrix?"""

from __future__ import annotations

import streamlit as st

from vtviz.evaluation.figures.confusion import Confusion
from vtviz.evaluation.figures.textbook import (
    BOOK,
    EACH,
    FIGURES,
    Printed,
    all_matrices,
    contradictions,
    most_fitting,
    one_matrix,
    reachable,
)
from vtviz.ui.frame.language import say

FITS = ":green[:material/check:]"
FAILS = ":red[:material/close:]"


def show_textbook() -> None:
    """The exercise, closed at first."""
    with st.expander(say("evaluate.book.title"), icon=":material/menu_book:"):
        _exercise()


@st.fragment
def _exercise() -> None:
    every = all_matrices(EACH, EACH)
    st.markdown(say("evaluate.book.story"))
    st.markdown(f"**{say('evaluate.book.try')}**")
    matrix = _ask_matrix(every)
    rows = [
        {
            say("evaluate.figure"): say(f"evaluate.book.{figure.name}"),
            say("evaluate.book.printed"): _shown(figure, figure.value),
            say("evaluate.book.yours"): _shown(figure, float(FIGURES[figure.name](matrix))),
            say("evaluate.book.fits"): FITS if figure.fits(matrix) else FAILS,
            say("evaluate.book.alone"): str(reachable([figure], every)),
        }
        for figure in BOOK
    ]
    st.table(rows, hide_index=True, border="horizontal")
    count = sum(bool(figure.fits(matrix)) for figure in BOOK)
    best, _ = most_fitting(BOOK, every)
    st.markdown(say("evaluate.book.score", count=count, of=len(BOOK), best=best, tables=len(every.tp)))
    st.markdown(f"**{say('evaluate.book.why')}**")
    for group in sorted(contradictions(BOOK, every), key=len)[:4]:
        names = [f"{say(f'evaluate.book.{figure.name}')} {_shown(figure, figure.value)}" for figure in group]
        st.markdown(f"- {FAILS} {say('evaluate.book.and').join(names)}")
    st.caption(say("evaluate.book.lesson"))


def _ask_matrix(every: Confusion) -> Confusion:
    """Counts from the reader; the other count of a category follows, so that both keep their size."""
    _, first = most_fitting(BOOK, every)
    columns = st.columns(4)
    tp = columns[0].number_input(say("evaluate.cell.tp"), 0, EACH, int(first.tp), key="evaluate-book-tp")
    columns[1].number_input(say("evaluate.cell.fn"), value=EACH - tp, disabled=True)
    fp = columns[2].number_input(say("evaluate.cell.fp"), 0, EACH, int(first.fp), key="evaluate-book-fp")
    columns[3].number_input(say("evaluate.cell.tn"), value=EACH - fp, disabled=True)
    return one_matrix(tp, EACH - tp, fp, EACH - fp)


def _shown(figure: Printed, value: float) -> str:
    """A count, a percentage or a figure with two decimals, as the book prints it."""
    if value != value:
        return "–"
    if figure.half == 0:
        return f"{value:.0f}"
    return f"{value:.0%}" if figure.name == "accuracy" else f"{value:.2f}"
