"""A photo without a sentence yet: what may be in it, each with its map, to begin from."""

from __future__ import annotations

import numpy as np
import streamlit as st

from vtviz.attribution.base import Relevance
from vtviz.engine.requests.things import FindThings, Things
from vtviz.inputs import ImageInput, Tokens, Word, framed
from vtviz.render.lens.view import LensView
from vtviz.ui.ask.models import current_device, need_model
from vtviz.ui.ask.selection import select, selected
from vtviz.ui.frame.language import current_language, say
from vtviz.ui.frame.screen import BELOW
from vtviz.ui.frame.waiting import ask
from vtviz.ui.show.lens import lens, picked_word
from vtviz.vocabulary import everyday_nouns
from vtviz.watch import Progress

KEY = "things"


def show_things(image: ImageInput, alt: str) -> None:
    """The photo with the words that fit it; a click on one writes it as the sentence."""
    need_model(selected().model)
    request = FindThings(image, tuple(everyday_nouns()), selected().model, current_device())
    things = ask(request, _looking)
    picked = picked_word(KEY)
    if picked is not None and picked < len(things.names):
        select(text=say("explore.begin", name=things.names[picked]))
        st.rerun()
    lens(_view(image, things), alt, KEY, below=BELOW, picks=True)


def _looking(now: Progress, seconds: str) -> tuple[float, str]:
    return now.share, say("explore.looking", seconds=seconds)


def _view(image: ImageInput, things: Things) -> LensView:
    tokens = _tokens([_label(name) for name in things.names])
    maps = things.maps.astype(np.float32)
    relevance = Relevance(np.zeros(len(maps), np.float32), maps, np.zeros(maps.shape[1:], np.float32), signed=True)
    name = f"things-{image.sha256[:16]}-{tokens.text}"
    return LensView(name, framed(image, things.frame), tokens, relevance, method="method.maskclip")


def _label(name: str) -> str:
    """A name as it is shown: with its translation where the interface is in Chinese."""
    return f"{everyday_nouns()[name]} {name}" if current_language() == "zh" else name


def _tokens(names: list[str]) -> Tokens:
    """Names as the words of a text, a piece each."""
    starts, text = [], ""
    for name in names:
        text += ", " if text else ""
        starts.append(len(text))
        text += name
    spans = tuple((start, start + len(name)) for start, name in zip(starts, names, strict=True))
    words = tuple(Word(name, *span) for name, span in zip(names, spans, strict=True))
    return Tokens(text, tuple(names), spans, words, tuple(range(len(names))))
