"""A photo without a sentence yet: what may be in it, each with its map, to begin from."""

from __future__ import annotations

import logging

import numpy as np
import streamlit as st

from vtviz.attribution.base import Relevance
from vtviz.engine.requests.captions_and_answers import WriteCaptions
from vtviz.engine.requests.things import Things
from vtviz.errors import UserError
from vtviz.inputs import ImageInput, Tokens, Word, framed
from vtviz.models.registry import model_info
from vtviz.render.lens.view import LensView
from vtviz.tasks.caption import Caption
from vtviz.ui.ask.models import current_device, need_model
from vtviz.ui.ask.selection import select, selected, text_language
from vtviz.ui.ask.things import find_things, sentence
from vtviz.ui.frame.language import current_language, plain, say
from vtviz.ui.frame.scores import Score
from vtviz.ui.frame.screen import BELOW, progress_area
from vtviz.ui.frame.waiting import ask, by_pieces
from vtviz.ui.show.lens import lens, picked_word
from vtviz.vocabulary import everyday_nouns

log = logging.getLogger("vtviz")
KEY = "things"
WRITING, WRITTEN, SOON = "captions-asked", "captions-written", 0.3
RIGHT = 0.5  # match probability from which a caption more likely describes the photo than not


def show_things(image: ImageInput, alt: str) -> None:
    """The photo with the words that fit it; a click on one writes it as the sentence."""
    need_model(selected().model)
    things = find_things(image, selected().model)
    picked = picked_word(KEY)
    if picked is not None and picked < len(things.names):
        select(text=sentence(things.names[picked]))
        st.rerun()
    lens(_view(image, things), alt, KEY, below=BELOW, picks=True)


def offer_captions(image: ImageInput) -> None:
    """Sentences that the model writes itself and finds true of the photo, to begin from. They come when the page stands
    already."""
    chosen = selected()
    info = model_info(chosen.model)
    if info is None or "caption" not in info.abilities.kinds:
        return
    request = WriteCaptions(image, chosen.model, current_device(), text_language(chosen.model))
    written = st.session_state.get(WRITTEN) == request.key
    st.fragment(_offer_captions, run_every=None if written else SOON)(request, written)


def _offer_captions(request: WriteCaptions, written: bool) -> None:
    if not written and st.session_state.get(WRITING) != request.key:
        st.session_state[WRITING] = request.key  # the page does not wait for the next turn
        progress_area().empty()  # so that the next turn may write to it
        return
    try:
        captions = ask(request, by_pieces)
    except UserError as error:  # the photo can be explained without one
        log.info("No caption: %s", error)
        captions = []
    if not written:
        st.session_state[WRITTEN] = request.key
        st.rerun()
    right = [caption for caption in captions if caption.score_kind == "probability" and _is_likely(caption)]
    for index, caption in enumerate(right):
        if not index:
            st.caption(say("explore.caption"))
        score = Score(caption.score, caption.score_kind).text
        text = f"{plain(caption.text)} · {score}"
        key = f"caption-{index}"
        if st.button(text, key=key, type="tertiary", on_click=_write, args=(caption.text,)):
            st.rerun()  # the whole page, not this part alone


def _is_likely(caption: Caption) -> bool:
    return caption.is_sure and caption.score >= RIGHT


def _write(text: str) -> None:
    select(text=text)


def _view(image: ImageInput, things: Things) -> LensView:
    tokens = _tokens([_label(name) for name in things.names])
    maps = things.maps.astype(np.float32)
    relevance = Relevance(np.zeros(len(maps), np.float32), maps, np.zeros(maps.shape[1:], np.float32), signed=True)
    name = f"things-{image.sha256[:16]}-{tokens.text}"
    return LensView(name, framed(image, things.frame), tokens, relevance, method="method.maskclip")


def _label(name: str) -> str:
    """A name as it is shown: with its translation where the interface is in Chinese."""
    meaning = everyday_nouns().get(name) if current_language() == "zh" else None
    return f"{meaning} {name}" if meaning else name


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
