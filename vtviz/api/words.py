"""Words of a text as programs name them."""

from __future__ import annotations

from collections.abc import Sequence

from vtviz.inputs import InputError


def place_of(word: int | str, words: Sequence[str]) -> int:
    """The place of a word, which may be given as it is written.

    Raises:
        InputError: if the text has no such word.
    """
    known = [item.lower() for item in words]
    places = range(-len(known), len(known))
    if isinstance(word, str) and word.lower() in known:
        return known.index(word.lower())
    if isinstance(word, str) or word not in places:
        raise InputError("The text has no word {word}; its words are: {known}.", word=word, known=" ".join(known))
    return word
