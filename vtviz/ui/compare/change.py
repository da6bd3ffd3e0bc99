"""The two sides of Compare, and what one changed word does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from vtviz.inputs import MAX_CHARACTERS, split_words
from vtviz.render.words import aligned_words
from vtviz.ui.ask.selection import is_selected, select_all, selected
from vtviz.ui.compare.words import alternatives, change_some_word, change_word
from vtviz.ui.frame.language import plain, say

SIDES = ("a", "b")


def start_sides() -> None:
    """Before anything is chosen: what Explore shows, and the same with one word changed."""
    if not is_selected("a"):
        select_all(selected(), "a")
    if not is_selected("b"):
        select_all(replace(selected("a"), text=change_some_word(selected("a").text)), "b")


def ask_change_of_b() -> None:
    """Click a word of side A and choose another: side B becomes side A with that word changed."""
    chosen = selected("a")
    changed = _changed_word(chosen.text, selected("b").text)
    ask_changed_word(chosen.text, changed, lambda text: select_all(replace(chosen, text=text), "b"))


def ask_changed_word(text: str, first: int | None, on_change: Callable[[str], None]) -> None:
    """Click a word of a text and choose another; ``on_change`` gets the new text.

    Args:
        text: whose words there are to change.
        first: the index of the word to begin with, if any.
        on_change: takes the text with the word changed.
    """
    words = split_words(text)

    def change(index: int, new: str) -> None:
        on_change(change_word(text, index, new))

    with st.container(key="change", horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown(f"**{say('compare.change')}**", help=say("compare.change_help"), width="content")
        index = st.pills(
            say("compare.word"),
            range(len(words)),
            format_func=lambda number: plain(words[number].text),
            key=f"change-{text}",
            label_visibility="collapsed",
            width="content",
            default=first,
        )
        if index is None:
            return
        others = alternatives(words[index].text)
        with st.container(key="others", horizontal=True, gap="xsmall", vertical_alignment="center", width="content"):
            for other in others:
                st.button(other, key=f"other-{other}", on_click=change, args=(index, other))
            st.button(
                say("compare.leave_out"), "other-", icon=":material/backspace:", on_click=change, args=(index, "")
            )
            key = f"own-{text}-{index}"
            st.text_input(
                say("compare.own_word", word=words[index].text),
                key=key,
                max_chars=MAX_CHARACTERS,
                placeholder=say("compare.own_word_place"),
                label_visibility="collapsed",
                width=260,
                on_change=lambda: change(index, st.session_state[key]) if st.session_state[key].strip() else None,
            )


def _changed_word(text: str, other: str) -> int | None:
    """The index of the first word of a text that the other text lacks or has another word for."""
    words, others = ([word.text for word in split_words(sentence)] for sentence in (text, other))
    pairs = aligned_words(words, others)
    return next((a for a, b in pairs if a is not None and (b is None or words[a] != others[b])), None)


def swap_sides() -> None:
    """A becomes B and B becomes A."""
    a, b = selected("a"), selected("b")
    select_all(b, "a")
    select_all(a, "b")
