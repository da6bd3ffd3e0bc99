"""Changing one word of a text."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from vtviz.inputs import MAX_CHARACTERS, split_words
from vtviz.ui.ask.exchange import alternatives, change_word
from vtviz.ui.frame.language import plain, say

OFFERED = 7  # of the words that could stand there


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
        others = alternatives(words[index].text)[:OFFERED]
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
