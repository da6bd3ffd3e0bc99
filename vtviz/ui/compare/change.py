"""The two sides of Compare, and what one changed word does."""

from __future__ import annotations

from dataclasses import replace

from vtviz.inputs import split_words
from vtviz.render.words import aligned_words
from vtviz.ui.ask.changed_word import ask_changed_word
from vtviz.ui.ask.exchange import change_some_word
from vtviz.ui.ask.selection import is_selected, select_all, selected

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
