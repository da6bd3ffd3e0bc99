"""The wall of photos that were found, each with its score, and whether it is liked."""

from __future__ import annotations

import streamlit as st

from vtviz.errors import UserError
from vtviz.models.base import ScoreKind
from vtviz.tasks.search.found import Found, Hit
from vtviz.tasks.search.store import Store
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.scores import Score
from vtviz.ui.search.taste import judged, toggle

A_ROW, A_PAGE = 3, 12  # cards
CHOSEN, SHOWN = "search-hit", "search-shown"
MARKS = {
    "describes": ":green[:material/check_circle:]",
    "not sure": ":orange[:material/help:]",
    "does not": ":gray[:material/cancel:]",
}
END = "end"  # of the name of the last wall of a run
NAME = 24  # characters of a file's name


def show_wall(store: Store, found: Found, turn: int | None = None) -> None:
    """The first hits, and a button for more. ``turn`` tells apart the walls of one run that are drawn again soon, in
    which nothing can be clicked, lest a click is lost; the last one has none."""
    shown = st.session_state.get(SHOWN, A_PAGE)
    chosen = chosen_hit(found)
    name = END if turn is None else str(turn)
    with st.container(key=f"wall-{name}"):
        for start in range(0, min(shown, len(found.hits)), A_ROW):
            columns = st.columns(A_ROW, gap="small")
            for column, hit in zip(columns, found.hits[start : start + A_ROW], strict=False):
                with column.container(border=True, key=f"card-{name}-{hit.photo}"):
                    _show_card(store, hit, found.score_kind, name, hit == chosen)
        left = len(found.hits) - shown
        if left > 0:
            st.button(
                say("search.show_more", count=min(A_PAGE, left)),
                icon=":material/expand_more:",
                disabled=turn is not None,
                key=f"wall-more-{name}",
                on_click=lambda: st.session_state.update({SHOWN: shown + A_PAGE}),
            )


def chosen_hit(found: Found) -> Hit | None:
    """The photo whose reasons are shown: the one that was clicked, else the first."""
    picked = st.session_state.get(CHOSEN)
    return next((hit for hit in found.hits if hit.photo == picked), found.hits[0] if found.hits else None)


def begin_wall() -> None:
    """A new wall begins with its first photos, and the reasons of the first one."""
    choose_hit(None)
    st.session_state[SHOWN] = A_PAGE


def choose_hit(photo: str | None) -> None:
    """Shows the reasons of this photo; of the first one where None."""
    st.session_state[CHOSEN] = photo


def score_text(hit: Hit, kind: ScoreKind) -> str:
    """The score of a hit, with the model's verdict where there is one."""
    if hit.match is None:
        return say("search.similarity", value=f"{hit.similarity:.2f}")
    score = Score(hit.match, kind, hit.verdict is not None).text
    return f"{MARKS[hit.verdict]} **{score}**" if hit.verdict else f"**{score}**"


def _show_card(store: Store, hit: Hit, kind: ScoreKind, wall: str, is_chosen: bool) -> None:
    name = hit.photo.rpartition("/")[2]
    try:
        st.image(store.thumbnail(hit.sha256), alt=name, width="stretch")
    except UserError:
        st.caption(say("search.no_thumbnail"))
    also = f" · {say('search.also', count=len(hit.also))}" if hit.also else ""
    short = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
    st.markdown(f"{score_text(hit, kind)}  \n:small[{plain(short)}{also}]")
    verdict = judged(store).get(hit.photo)
    with st.container(horizontal=True, gap="xsmall"):
        st.button(
            say("search.why"),
            key=f"why-{wall}-{hit.photo}",
            type="primary" if is_chosen else "secondary",
            disabled=wall != END,
            on_click=choose_hit,
            args=(hit.photo,),
        )
        for side, icon in (("like", "thumb_up"), ("dislike", "thumb_down")):
            st.button(
                "",
                key=f"{side}-{wall}-{hit.photo}",
                icon=f":material/{icon}:",
                type="primary" if verdict == side else "tertiary",
                help=say(f"search.{side}"),
                disabled=wall != END,
                on_click=toggle,
                args=(store, hit.photo, side),
            )
