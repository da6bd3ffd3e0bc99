"""The photos that fit a query, and how the fusion model's second look changes their order while people watch."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from vtviz.engine.jobs.indexes import model_of
from vtviz.engine.requests.tasks.search import MatchPhotos, SearchPhotos
from vtviz.jobs.history import OPEN, Entry
from vtviz.tasks.search.entry import Filters
from vtviz.tasks.search.find import RERANKED
from vtviz.tasks.search.found import Found, reranked
from vtviz.tasks.search.query import Query
from vtviz.tasks.search.store import NoStore, Store, open_store
from vtviz.ui.ask.models import current_device, need_model
from vtviz.ui.ask.selection import text_language
from vtviz.ui.frame.language import plain, say
from vtviz.ui.frame.resources import index_jobs
from vtviz.ui.frame.results import session_results
from vtviz.ui.frame.screen import WIDE
from vtviz.ui.frame.waiting import ask
from vtviz.ui.search.address import VIEW
from vtviz.ui.search.folders import MODEL, follow
from vtviz.ui.search.query import ask_query
from vtviz.ui.search.wall import begin_wall, chosen_hit, show_wall
from vtviz.ui.search.why import show_why
from vtviz.ui.show.model_notes import is_foreign, model_label, reader_of, show_foreign
from vtviz.watch import Progress

FOUND = "search-found"
FIRST, BLOCK = 8, 14  # photos of the second look: the first ones are soon on screen


def store_of(entry: Entry) -> Store | None:
    """The store of a folder; None until its first photos are there. Raises InputError where it is damaged."""
    try:
        return open_store(index_jobs().address(entry.id))
    except NoStore:
        return None


def show_search(entry: Entry) -> None:
    """A query, the wall of what it finds, and why.

    Raises:
        InputError, ModelError: as the engine does.
    """
    if entry.state in OPEN:
        follow(entry.id)
    store = store_of(entry)
    if store is None:
        if entry.state not in OPEN:
            st.info(say("search.no_store"), icon=":material/photo_library:")
        return
    query, filters = ask_query(store, say(f"search.first_{text_language(model_of(entry))}"))
    if query is None:
        st.info(say("search.nothing_asked"), icon=":material/search:")
        return
    need_model(model_of(entry))
    wall, side = st.columns(WIDE, gap="medium")
    with wall:
        found = _search(store, model_of(entry), query, filters)
    hit = chosen_hit(found)
    if hit is not None:
        with side, st.container(key="why"):
            show_why(store, model_of(entry), hit, query, found)


def _search(store: Store, model: str, query: Query, filters: Filters) -> Found:
    """The hits, drawn again whenever the model has looked at more of them."""
    device, sentence = current_device(), query.sentence
    wanted = RERANKED if sentence else 2 * RERANKED
    request = SearchPhotos(store.address, query, wanted, filters, model, device, store.revision)
    kept, notes, area = session_results(FOUND), st.empty(), st.empty()
    is_new, turn = request.key not in kept, 0
    found: Found = ask(request, _searching) if is_new else kept[request.key]
    if is_new:
        begin_wall()
    while sentence and (left := [hit.photo for hit in found.hits if hit.match is None]):
        with area.container():
            show_wall(store, found, turn)
        block, turn = tuple(left[: BLOCK if turn else FIRST]), turn + 1
        look = MatchPhotos(store.address, sentence, block, model, device, store.revision)
        found = reranked(found, ask(look, _looking(len(found.hits) - len(left), len(found.hits))))
    kept[request.key] = found
    with notes.container():
        _say(found, model, query)
    with area.container():
        show_wall(store, found)
    return found


def _say(found: Found, model: str, query: Query) -> None:
    """What is to be said of the results as a whole: nothing is left out silently."""
    if not found.hits:
        st.info(say("search.none_left"), icon=":material/filter_alt_off:")
        return
    foreign = next((term.text for term in query.terms if is_foreign(model, term.text)), "")
    if foreign:
        show_foreign(model, foreign)
        if st.button(say("search.other_model"), icon=":material/translate:", key="search-other-model"):
            st.session_state[VIEW] = "folders"
            st.session_state[MODEL] = reader_of(foreign) or model
            st.rerun()
    if found.unknown:
        words = ", ".join(f"“{plain(word)}”" for word in found.unknown)
        st.warning(say("search.unknown", words=words), icon=":material/help:")
    if found.outcome == "nothing":
        st.warning(f"**{say('search.nothing')}** {say('search.nothing_about')}", icon=":material/search_off:")
    elif found.outcome == "not sure":
        st.info(say("search.unsure"), icon=":material/help:")
    looked = sum(hit.match is not None for hit in found.hits)
    shown = say("search.looked", looked=looked) if looked else say(_order(query))
    st.caption(say("search.among", count=found.searched, model=plain(model_label(model))) + " " + shown)


def _order(query: Query) -> str:
    return "search.by_sum" if len(query.terms) > 1 else "search.by_similarity"


def _searching(now: Progress, seconds: str) -> tuple[float, str]:
    return now.share, say("search.searching", seconds=seconds)


def _looking(done: int, total: int) -> Callable[[Progress, str], tuple[float, str]]:
    return lambda now, seconds: (done / max(total, 1), say("search.looking", done=done, total=total))
