"""More like what a person likes: recommendations, what the liked photos share, and a taste profile to keep."""

from __future__ import annotations

import streamlit as st

from vtviz.engine.jobs.indexes import model_of
from vtviz.engine.requests.tasks.recommend import FindShared, RecommendPhotos
from vtviz.inputs import InputError
from vtviz.jobs.history import Entry
from vtviz.tasks.recommend.profile import read_taste, resolved, taste_file, taste_of
from vtviz.tasks.recommend.shared import MOST, Shared, to_share
from vtviz.tasks.search.query import Term
from vtviz.tasks.search.store import Store
from vtviz.ui.ask.models import current_device, need_model
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.screen import WIDE
from vtviz.ui.frame.waiting import ask
from vtviz.ui.search.find import store_of
from vtviz.ui.search.taste import Side, forget, judge, judged, of_side, toggle
from vtviz.ui.search.wall import chosen_hit, show_wall
from vtviz.ui.search.why import looking, shared_names
from vtviz.ui.show.word_maps import NamedMap, show_maps

TOP = 36
A_ROW = 4  # liked photos
PROFILE = "search-profile"
SIDES: tuple[Side, ...] = ("like", "dislike")


def show_likes(entry: Entry) -> None:
    """The liked photos, what they share, and more like them.

    Raises:
        InputError, ModelError: as the engine does.
    """
    store = store_of(entry)
    if store is None:
        st.info(say("search.no_store"), icon=":material/photo_library:")
        return
    here = {near.entry.path for near in store.vectors.get(list(judged(store)))}
    likes, dislikes = ([path for path in of_side(store, side) if path in here] for side in SIDES)
    with st.container(key="actions", horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.markdown(say("search.judged", likes=len(likes), dislikes=len(dislikes)))
        _offer_profile(store, likes, dislikes)
    if len(judged(store)) > len(here):
        st.caption(say("search.gone", count=len(judged(store)) - len(here)))
    if not likes:
        st.info(say("search.no_likes"), icon=":material/thumb_up:")
        return
    model = model_of(entry)
    need_model(model)
    wall, side = st.columns(WIDE, gap="medium")
    liked, disliked = (tuple(Term(path=path) for path in paths) for paths in (likes, dislikes))
    with wall:
        st.caption(say("search.more_like"))
        request = RecommendPhotos(
            store.address, liked, disliked, TOP, model=model, device=current_device(), revision=store.revision
        )
        found = ask(request)
        show_wall(store, found)
    with side, st.container(key="why"):
        images = [to_share(store.read_photo(path)) for path in likes[:MOST]]
        shared = ask(FindShared(tuple(images), shared_names(model), model, current_device()), looking)
        _show_shared(store, likes[:MOST], shared)
        hit = chosen_hit(found)
        if hit is not None and shared:
            st.caption(say("search.in_this", name=plain(hit.photo.rpartition("/")[2])))
            image, names = store.read_photo(hit.photo), tuple(item.name for item in shared)
            own = ask(FindShared((image,), names, model, current_device()), looking)
            maps = [NamedMap(f"{item.name} {item.percent}", item.maps[0]) for item in own]
            show_maps(image, maps, f"liked-{image.sha256[:16]}-{'-'.join(names)}", hit.photo)


def _show_shared(store: Store, likes: list[str], shared: list[Shared]) -> None:
    """The words that match all liked photos, and the photos, with a way to take a like back."""
    if shared:
        words = " · ".join(f"**{plain(item.name)}** {item.percent}" for item in shared)
        st.markdown(f"{say('search.shared', count=len(likes))} {words}", help=say("search.shared_help"))
    for start in range(0, len(likes), A_ROW):
        for column, path in zip(st.columns(A_ROW, gap="small"), likes[start : start + A_ROW], strict=False):
            (near,) = store.get([path])
            column.image(store.thumbnail(near.entry.sha256), alt=path, width="stretch")
            column.button(
                "",
                icon=":material/close:",
                key=f"unlike-{path}",
                help=say("search.unlike"),
                type="tertiary",
                on_click=toggle,
                args=(store, path, "like"),
            )


def _offer_profile(store: Store, likes: list[str], dislikes: list[str]) -> None:
    """The taste as a file, and one from a file."""
    if judged(store):
        st.download_button(
            say("search.save_taste"),
            lambda: taste_file(taste_of(store, likes, dislikes)),
            "taste.json",
            "application/json",
            icon=":material/download:",
            on_click="ignore",
        )
        st.button(say("search.forget"), icon=":material/delete:", type="tertiary", on_click=forget, args=(store,))
    with st.popover(say("search.load_taste"), icon=":material/upload:", wrap=False):
        key = f"{PROFILE}-{st.session_state.get(PROFILE, 0)}"
        file = st.file_uploader(say("search.load_taste"), type=["json"], key=key, label_visibility="collapsed")
        if file is None:
            return
        try:
            more, less, missing = resolved(read_taste(file.getvalue()), store)
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
            return
    judge(store, more, less)
    st.session_state[PROFILE] = st.session_state.get(PROFILE, 0) + 1
    if missing:
        st.toast(say("search.missing", count=len(missing)), icon=":material/image_not_supported:")
    st.rerun()
