"""Two explanations side by side on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import orjson
import streamlit as st

from vtviz.engine.comparison import Comparison, compare, comparison_dict
from vtviz.engine.explanation import Explanation
from vtviz.engine.requests.things import ComparePatches
from vtviz.render.lens.settings import LensSettings
from vtviz.ui.ask.links import note_wrong
from vtviz.ui.ask.models import current_device
from vtviz.ui.ask.selection import selected
from vtviz.ui.compare.change import SIDES
from vtviz.ui.compare.pack import Alike, pair_data
from vtviz.ui.frame.components import asset, component
from vtviz.ui.frame.scores import Score
from vtviz.ui.frame.waiting import ask
from vtviz.ui.show.pin import moment_of, offer_pin
from vtviz.ui.show.verdict import show_truncation, told

PAIR = "pair"


def open_pair(query: Mapping[str, str]) -> None:
    """Takes over the pinned pair of a link, for whatever its sides turn out to be."""
    if re.fullmatch(r"\d{1,4}", query.get(PAIR, ""), re.ASCII):
        st.session_state[PAIR] = (None, int(query[PAIR]))
    elif PAIR in query:
        note_wrong(PAIR)


def show_score(explanation: Explanation, other: Explanation | None = None) -> None:
    """The score of a side and what it means, with the change from another side's score where that is of its kind."""
    score = Score.of(explanation)
    change = None if other is None else score.change_from(Score.of(other))
    icon, sentence = told(explanation)
    st.metric(score.name, score.text, change, help=score.meaning, width="content")
    st.markdown(f"{icon} {sentence}", width="content")
    show_truncation(explanation.tokens)


def show_pair(a: Explanation, b: Explanation) -> int:
    """Both maps, their difference and the figures of every pair of words; returns the pinned pair."""
    comparison = compare(a, b)
    pinned = _show_maps(comparison, f"{a.fingerprint}-{b.fingerprint}")
    return pinned


def _show_maps(comparison: Comparison, name: str) -> int:
    """The maps in the browser; returns the pair that is pinned there, or in a link, or else the first that differs."""
    pairs = range(len(comparison.pairs))
    of, pinned = st.session_state.get(PAIR, (name, comparison.changed))
    if of not in (None, name) or pinned not in pairs:
        pinned = comparison.changed
    wanted = (st.session_state.get("pair-maps") or {}).get("alike") is True
    alike = _alike(comparison) if wanted else None
    result = component(
        "pair", asset("lens", "scripts/soft.js") + asset("lens", "scripts/paint.js") + asset("pair", "pair.js")
    )(
        key="pair-maps",
        data=pair_data(comparison, name, pinned, alike),
        default={"pinned": None, "alike": None},
        on_pinned_change=lambda: None,
        on_alike_change=lambda: None,
    )
    answer = result.get("pinned") or {}
    if answer.get("name") == name and answer.get("pair") in pairs:
        pinned = answer["pair"]
    st.session_state[PAIR] = (name, pinned)
    return pinned


def _alike(comparison: Comparison) -> Alike | None:
    """How like the patches of both photos are to each other; None where two models saw them."""
    a, b = comparison.sides
    if a.model != b.model:
        return None

    def cosines(one: Explanation, other: Explanation) -> np.ndarray:
        return ask(ComparePatches(one.image, other.image, one.model, current_device())).cosines

    across = cosines(a, b)
    return {"00": cosines(a, a), "01": across, "10": across.T, "11": cosines(b, b)}


def offer_pins(a: Explanation, b: Explanation, pair: int) -> None:
    """Both sides as moments of a story, one after the other, each with the word of the pinned pair."""
    places = compare(a, b).pairs[pair].places
    moments = []
    for side, explanation, place in zip(SIDES, (a, b), places, strict=True):
        settings = LensSettings(words=() if place is None else (place,))
        chosen = selected(side)
        moments.append((moment_of(chosen, explanation.image.sha256, settings), chosen.photo))
    offer_pin(*moments)


def offer_comparison(a: Explanation, b: Explanation) -> None:
    """Everything that the comparison says, as a file."""
    st.download_button(
        "comparison.json",
        lambda: orjson.dumps(comparison_dict(compare(a, b))),
        "comparison.json",
        "application/json",
        icon=":material/data_object:",
        on_click="ignore",
    )
