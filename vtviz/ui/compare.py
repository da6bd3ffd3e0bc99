"""Two explanations side by side on a page."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import orjson
import streamlit as st

from vtviz.engine.comparison import Comparison, Pair, compare, comparison_dict
from vtviz.engine.explanation import Explanation
from vtviz.inputs import MAX_CHARACTERS, split_words
from vtviz.metrics.agreement import TOP_SHARE
from vtviz.paths import ASSETS
from vtviz.render.colour import colour_map
from vtviz.render.lens.page import part as lens_part
from vtviz.render.overlay import scaled_photo, to_jpeg
from vtviz.render.words import aligned_words
from vtviz.ui.answer import verdict
from vtviz.ui.language import plain, say
from vtviz.ui.photos import photo_name
from vtviz.ui.selection import is_selected, select, selected
from vtviz.ui.words import alternatives, change_some_word, change_word

SIDES = ("a", "b")
PAIR = "pair"
PHOTO_SIDE = 800
DIFFERENCE_COLOURS = "RdBu"  # from red (less, side B) to blue (more, side A)
LABELS = ("hint", "words", "whole", "map", "difference", "difference_about", "alone", "nothing", "share")


def start_sides() -> None:
    """Before anything is chosen: what Explore shows, and the same with one word changed."""
    if not is_selected("a"):
        select("a", **vars(selected()))
    if not is_selected("b"):
        select("b", **{**vars(selected("a")), "text": change_some_word(selected("a").text)})


def open_pair(query: Mapping[str, str]) -> None:
    """Takes over the pinned pair of a link, for whatever its sides turn out to be."""
    if re.fullmatch(r"\d{1,4}", query.get(PAIR, ""), re.ASCII):
        st.session_state[PAIR] = (None, int(query[PAIR]))


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


def show_score(explanation: Explanation, other: Explanation | None = None) -> None:
    """The match score of a side, with the way from the other one's where it is given, and what it means."""
    points = None if other is None else 100 * (explanation.score - other.score)
    score, meaning = st.columns([1, 2.5], vertical_alignment="center")
    score.metric(
        say("answer.score"),
        f"{explanation.score:.0%}",
        None if points is None else say("compare.points", points=f"{points:+.0f}"),
        help=say("answer.score_help"),
    )
    _, icon, sentence = verdict(explanation)
    meaning.markdown(f"{icon} {sentence}")


def show_pair(a: Explanation, b: Explanation) -> int:
    """Both maps, their difference and the figures of every pair of words; returns the pinned pair."""
    comparison = compare(a, b)
    component = st.components.v2.component("vtviz_pair", html=_part("html"), css=_part("css"), js=_script())
    name = f"{a.fingerprint}-{b.fingerprint}"
    of, pinned = st.session_state.get(PAIR, (name, comparison.changed))
    if of not in (None, name) or not 0 <= pinned < len(comparison.pairs):
        pinned = comparison.changed
    result = component(
        key="pair-maps",
        data=pair_data(comparison, name, pinned),
        default={"pinned": None},
        on_pinned_change=lambda: None,
    )
    told = result.get("pinned") or {}
    at = told.get("pair") if told.get("name") == name else None
    chosen = at if isinstance(at, int) and 0 <= at < len(comparison.pairs) else pinned
    st.session_state[PAIR] = (name, chosen)
    about = say("compare.overlap_help", share=f"{TOP_SHARE:.0%}")
    st.caption(
        f"**{say('compare.correlation')}**: {say('compare.correlation_help')}  \n**{say('compare.overlap')}**: {about}"
    )
    if not comparison.same_photo:
        st.info(say("compare.other_photo"), icon=":material/image_not_supported:")
    st.download_button(
        "comparison.json",
        lambda: orjson.dumps(comparison_dict(comparison)),
        "comparison.json",
        "application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )
    return chosen


def pair_data(comparison: Comparison, name: str, pinned: int) -> dict[str, Any]:
    """What the browser needs: photos, words, and the maps of every pair as float32."""
    sides = comparison.sides
    photos = [_photo(side) if index == 0 or not comparison.same_photo else None for index, side in enumerate(sides)]
    figures = ("a", "b", "change_figure", "correlation", "overlap")
    about = {"overlap": say("compare.overlap_help", share=f"{TOP_SHARE:.0%}")}
    heads = [["A", ""], ["B", ""]]
    heads += [[say(f"compare.{each}"), about.get(each) or say(f"compare.{each}_help")] for each in figures]
    return {
        "name": name,
        "pinned": pinned,
        "photos": photos,
        "differs": comparison.same_photo,
        "signed": [side.relevance.signed for side in sides],
        "lut": _text(colour_map()),
        "diverging": _text(colour_map(DIFFERENCE_COLOURS)),
        "sides": [_side(index, side) for index, side in enumerate(sides)],
        "pairs": [_pair(pair, comparison) for pair in comparison.pairs],
        "labels": {
            **{each: say(f"compare.{each}") for each in (*LABELS, "correlation", "overlap")},
            "opacity": say("compare.opacity"),
            "smooth": say("compare.smooth"),
            "heads": heads,
        },
    }


def _side(index: int, explanation: Explanation) -> dict[str, Any]:
    name, photo = "AB"[index], photo_name(selected(SIDES[index]).photo)
    return {
        "name": name,
        "title": f"{name} · {explanation.score:.0%}",
        "alt": say("explore.alt", name=photo),
        "words": [
            {"text": word.text, "unknown": place in explanation.unknown}
            for place, word in enumerate(explanation.tokens.words)
        ],
    }


def _pair(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    a, b = pair.scores
    texts = [
        None if place is None else comparison.sides[index].tokens.words[place].text.lower()
        for index, place in enumerate(pair.places)
    ]
    return {
        "places": pair.places,
        "whole": pair.is_whole,
        "changed": not pair.is_whole and texts[0] != texts[1],
        "maps": [_floats(each) for each in pair.maps],
        "grids": [None if each is None else list(each.shape) for each in pair.maps],
        "difference": _floats(pair.difference),
        "scores": [_figure(a, "{:.3g}"), _figure(b, "{:.3g}")],
        "change": None if a is None or b is None else f"{b - a:+.3g}",
        "correlation": _figure(pair.correlation, "{:.2f}"),
        "overlap": _figure(pair.overlap, "{:.2f}"),
    }


def _figure(value: float | None, form: str) -> str | None:
    return None if value is None else form.format(value)


def _photo(explanation: Explanation) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(to_jpeg(scaled_photo(explanation.image, PHOTO_SIDE))).decode()


def _floats(values: np.ndarray | None) -> str | None:
    return None if values is None else _text(values.astype("<f4"))


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


@cache
def _part(kind: str) -> str:
    return (ASSETS / "pair" / f"pair.{kind}").read_text(encoding="utf-8")


@cache
def _script() -> str:
    return lens_part("paint.js") + _part("js")
