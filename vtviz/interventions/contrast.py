"""Why one text rather than another."""

from __future__ import annotations

import numpy as np

from vtviz.attribution.base import Details, Method, Relevance
from vtviz.attribution.maps import scaled
from vtviz.attribution.state import State
from vtviz.inputs import InputError, Tokens
from vtviz.render.words import aligned_words


def check_contrast(method: Method) -> None:
    """Refuses a method that finds the same whatever is explained. Raises InputError where it is one."""
    if not method.uses_target:
        raise InputError(
            "{method} does not depend on the answer, so it cannot say why one text fits better than another; choose "
            "another method.",
            method=method.label,
        )


def contrast(first: State, second: State) -> Relevance:
    """What speaks for one text rather than another: the relevance for the first less that for the second.

    Both texts are about one photo. Where a method is linear in the target, as are all that change the input and those
    that multiply gradients with it, this is what it finds for the difference of both targets. Words that correspond
    (see ``aligned_words``) are one: each piece has its own relevance less its share of that of its counterpart. A text
    against itself has 0 everywhere.
    """
    one, other = _in_units(first.relevance), _in_units(second.relevance)
    tokens, maps = one.tokens.copy(), one.maps.copy()
    texts = [[word.text for word in state.tokens.words] for state in (first, second)]
    for place, counterpart in aligned_words(*texts):
        if place is None or counterpart is None:
            continue
        own, theirs = _members(first.tokens, place), _members(second.tokens, counterpart)
        alike = len(own) == len(theirs)
        tokens[own] -= other.tokens[theirs] if alike else other.tokens[theirs].sum() / len(own)
        maps[own] -= other.maps[theirs] if alike else other.maps[theirs].mean(axis=0)
    image = one.image - other.image
    if one.maps_of == "text":
        maps = np.broadcast_to(image, maps.shape)
    peaks = np.append(np.abs(maps).max(axis=(1, 2)), np.abs(image).max())
    details = Details(value=first.value - second.value)
    return Relevance(tokens, scaled(maps), scaled(image), True, one.maps_of, details, peaks)


def _in_units(relevance: Relevance) -> Relevance:
    """The same, with maps in the method's own units."""
    if relevance.units is None:
        raise ValueError("this relevance does not tell its units")
    maps, image = relevance.maps * relevance.units[:-1, None, None], relevance.image * relevance.units[-1]
    return Relevance(relevance.tokens, maps, image, relevance.signed, relevance.maps_of)


def _members(tokens: Tokens, word: int) -> list[int]:
    return [piece for piece, owner in enumerate(tokens.word_of) if owner == word]
