"""The two sides of Compare, and what one changed word does."""

from __future__ import annotations

import streamlit as st

from vtviz.inputs import MAX_CHARACTERS, split_words
from vtviz.render.words import aligned_words
from vtviz.ui.ask.selection import is_selected, select, selected
from vtviz.ui.compare.words import alternatives, change_some_word, change_word
from vtviz.ui.frame.language import plain, say

SIDES = ("a", "b")


def start_sides() -> None:
    """Before anything is chosen: what Explore shows, and the same with one word changed."""
    if not is_selected("a"):
        select("a", **vars(selected()))
    if not is_selected("b"):
        select("b", **{**vars(selected("a")), "text": change_some_word(selected("a").text)})


def ask_changed_word() -> None:
    """Click a word of side A and choose another: side B becomes side A with that word changed."""
    text = selected("a").text
    words = split_words(text)
    with st.container(border=True):
        st.markdown(f"**{say('compare.change')}**", help=say("compare.change_help"))
        place = st.pills(
            say("compare.word"),
            range(len(words)),
            format_func=lambda index: plain(words[index].text),
            key=f"change-{text}",
            label_visibility="collapsed",
            default=_changed_place(text, selected("b").text),
        )
        if place is None:
            return
        others = alternatives(words[place].text)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for other in others:
                st.button(other, key=f"other-{other}", on_click=_change, args=(place, other))
            st.button(
                say("compare.leave_out"), "other-", icon=":material/backspace:", on_click=_change, args=(place, "")
            )
            key = f"own-{text}-{place}"
            st.text_input(
                say("compare.own_word", word=words[place].text),
                key=key,
                max_chars=MAX_CHARACTERS,
                placeholder=say("compare.own_word_place"),
                label_visibility="collapsed",
                width=260,
                on_change=lambda: _change(place, st.session_state[key]) if st.session_state[key].strip() else None,
            )


def _changed_place(text: str, other: str) -> int | None:
    """The first word of a text that the other text does not have in its place."""
    words = split_words(text)
    pairs = aligned_words([word.text for word in words], [word.text for word in split_words(other)])
    theirs = split_words(other)
    return next((a for a, b in pairs if a is not None and (b is None or words[a].text != theirs[b].text)), None)


def _change(place: int, new: str) -> None:
    chosen = selected("a")
    select("b", **{**vars(chosen), "text": change_word(chosen.text, place, new)})


def swap_sides() -> None:
    """A becomes B and B becomes A."""
    a, b = selected("a"), selected("b")
    select("a", **vars(b))
    select("b", **vars(a))
