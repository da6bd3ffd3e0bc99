"""Why a photo was found: where the words of the query look in it, or what it shares with the query's photo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from vtviz.engine.requests.explain import Explain
from vtviz.engine.requests.tasks.recommend import FindShared
from vtviz.inputs import ImageInput, framed
from vtviz.tasks.names import written
from vtviz.tasks.search.found import Found, Hit
from vtviz.tasks.search.query import Query
from vtviz.tasks.search.store import Store
from vtviz.ui.ask.inputs import clear_upload
from vtviz.ui.ask.models import current_device
from vtviz.ui.ask.photos import uploads
from vtviz.ui.ask.rows import SAMPLES
from vtviz.ui.ask.selection import Selection, select_all, text_language
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.resources import samples
from vtviz.ui.frame.shell import go_to
from vtviz.ui.frame.waiting import ask
from vtviz.ui.search.query import QueryPhoto, query_photo, search_with
from vtviz.ui.search.wall import choose_hit, score_text
from vtviz.ui.show.verdict import told
from vtviz.ui.show.word_maps import NamedMap, maps_of_words, show_maps, show_photo
from vtviz.vocabulary import everyday_nouns
from vtviz.watch import Progress

SHARED = 4  # names


def show_why(store: Store, model: str, hit: Hit, query: Query, found: Found) -> None:
    """A hit, its maps, and where to go on with it.

    Raises:
        InputError, ModelError: as the engine does.
    """
    name = hit.photo.rpartition("/")[2]
    day = datetime.fromtimestamp(hit.taken, UTC).strftime("%Y-%m-%d")
    st.markdown(f"**{plain(name)}** · {score_text(hit, found.score_kind)}")
    text = next((term.text for term in query.terms if term.text and term.weight > 0), "")
    image = store.read_photo(hit.photo)
    if text:
        _show_words(image, text, model, name)
    else:
        text = _show_shared(store, image, query, model, name)
    st.caption(plain(f"{hit.photo} · {hit.width} × {hit.height} · {day}"))
    _offer_ways(store, model, hit, text, found)
    if hit.also:
        with st.expander(say("search.also_these", count=len(hit.also)), icon=":material/filter_none:"):
            st.markdown("\n".join(f"- {plain(path)}" for path in hit.also))


def _show_words(image: ImageInput, text: str, model: str, name: str) -> None:
    """Where each word of the text looks, and what the model makes of all of it."""
    explanation = ask(Explain(image, text, model, device=current_device()))
    maps = maps_of_words(explanation.tokens, explanation.relevance)
    show_maps(framed(image, explanation.frame), maps, f"why-{explanation.fingerprint}", name)
    icon, sentence = told(explanation)
    st.markdown(f"{icon} {sentence}")


def _show_shared(store: Store, image: ImageInput, query: Query, model: str, name: str) -> str:
    """What the photo shares with that of the query; returns a text that says the most certain of it."""
    term = next(term for term in query.terms if term.path or term.image)
    other = term.image or store.read_photo(term.path)
    names = shared_names(model)
    shared = ask(FindShared((other, image), names, model, current_device()), looking)[:SHARED]
    if not shared:
        show_photo(image, name)
        return ""
    st.caption(say("search.both_show"))
    maps = [NamedMap(f"{item.name} {item.match:.0%}", item.maps[1]) for item in shared]
    show_maps(image, maps, f"shared-{image.sha256[:16]}-{other.sha256[:16]}-{model}", name)
    return written(shared[0].name)


def shared_names(model: str) -> tuple[str, ...]:
    """Names of things, in a language that the model reads."""
    nouns = everyday_nouns()
    return tuple(nouns.values() if text_language(model) == "zh" else nouns)


def looking(now: Progress, seconds: str) -> tuple[float, str]:
    """What is said while names are compared."""
    return now.share, say("explore.looking", seconds=seconds)


def _offer_ways(store: Store, model: str, hit: Hit, text: str, found: Found) -> None:
    """To Explore, to Compare, and to photos like this one."""
    with st.container(key="others", horizontal=True, gap="xsmall"):
        if st.button(say("search.explore"), icon=":material/search:", key="search-explore"):
            select_all(Selection(_photo_id(store, hit.photo), text, model))
            clear_upload("")
            go_to("explore")
        if st.button(say("search.compare"), icon=":material/compare:", key="search-compare", disabled=not text):
            _compare(store, model, hit, text, found)
        st.button(
            say("search.like_this"),
            icon=":material/image_search:",
            key="search-like-this",
            on_click=_search_with,
            args=(hit.photo,),
        )


def _search_with(photo: str) -> None:
    search_with(QueryPhoto(photo, inside=True))
    choose_hit(None)


def _compare(store: Store, model: str, hit: Hit, text: str, found: Found) -> None:
    """The photo beside that of the query, or else beside the best other one, with the same text."""
    photo = query_photo()
    if photo is not None:
        first = _photo_id(store, photo.name) if photo.inside else photo.name
    else:
        best = next((other.photo for other in found.hits if other.photo != hit.photo), hit.photo)
        first = _photo_id(store, best)
    one = Selection(first, text, model)
    select_all(one, "a")
    select_all(replace(one, photo=_photo_id(store, hit.photo)), "b")
    go_to("compare")


def _photo_id(store: Store, path: str) -> str:
    """A photo of the store as other pages name it. Raises InputError where it is gone."""
    if store.about.photos == str(SAMPLES.resolve()):
        known = {sample.file: name for name, sample in samples().items()}
        if path in known:
            return known[path]
    return uploads().keep(path.rpartition("/")[2], store.photos.read(path))
