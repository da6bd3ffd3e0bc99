"""What is searched for: a text, a photo or a part of one, and more texts that are wanted or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from vtviz.image_files.formats import SUFFIXES
from vtviz.inputs import MAX_BYTES, MAX_CHARACTERS, Frame, ImageInput, InputError
from vtviz.tasks.search.entry import Filters
from vtviz.tasks.search.query import Query, Term, part_of
from vtviz.tasks.search.store import Store, open_store
from vtviz.ui.ask.photos import photo_name, photo_of, uploads
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.show.word_maps import show_photo

TEXT, PHOTO, UPLOAD, BOX, MORE = "search-text", "search-photo", "search-upload", "search-box", "search-more"
MOST = 5  # more texts
WHOLE = (0, 100)  # per cent
FILTERS = "search-filter"
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)


@dataclass(frozen=True)
class QueryPhoto:
    """A photo that is searched with: its path in the searched folder, or one that was uploaded, by its hash."""

    name: str
    inside: bool

    @property
    def shown(self) -> str:
        """What it is called."""
        return self.name.rpartition("/")[2] if self.inside else photo_name(self.name)

    def image(self, store: Store) -> ImageInput | None:
        """The photo; None where an upload is no longer here. Raises InputError where it cannot be read."""
        return store.read_photo(self.name) if self.inside else photo_of(self.name)


def ask_query(store: Store, first: str) -> tuple[Query | None, Filters]:
    """The query, None where there is nothing to search for, and which photos are wanted.

    Args:
        store: where to look.
        first: the text to begin with.
    """
    st.session_state.setdefault(TEXT, first)
    with st.container(key="sentence-search"):
        text = st.text_input(
            say("search.text"),
            key=TEXT,
            max_chars=MAX_CHARACTERS,
            placeholder=say("search.text_place"),
            label_visibility="collapsed",
            persist_state="session",
        ).strip()
    with st.container(key="actions", horizontal=True, gap="xsmall"):
        photo = _ask_photo(store)
        more = _ask_more()
        filters = _ask_filters(store)
    terms = [*([Term(text=text)] if text else []), *([photo] if photo else []), *more]
    return (Query(tuple(terms)) if terms else None), filters


def search_with(photo: QueryPhoto) -> None:
    """Searches with a photo in place of the text."""
    st.session_state[PHOTO] = photo
    st.session_state[TEXT] = ""
    _clear_box()


def query_photo() -> QueryPhoto | None:
    """The photo that is searched with, if any."""
    photo: QueryPhoto | None = st.session_state.get(PHOTO)
    return photo


def _ask_photo(store: Store) -> Term | None:
    """A photo, whole or a part of it."""
    photo = query_photo()
    title = plain(photo.shown) if photo else say("search.photo")
    with st.popover(title, icon=":material/image_search:", wrap=False, key="search-photo-open"):
        key = f"{UPLOAD}-{st.session_state.get(UPLOAD, 0)}"
        st.file_uploader(
            say("search.photo_upload"),
            type=list(SUFFIXES),
            key=key,
            max_upload_size=MAX_BYTES // 2**20,
            on_change=_take,
            args=(key,),
        )
        if photo is None:
            st.caption(say("search.photo_help"))
            return None
        try:
            image = photo.image(store)
        except InputError as error:
            st.error(plain(say_error(error)), icon=":material/error:")
            image = None
        if image is None:
            st.button(say("search.photo_remove"), icon=":material/close:", on_click=_drop, key="search-photo-drop")
            return None
        box = _ask_box()
        part = part_of(image, box) if box else image
        show_photo(part, photo.shown)
        st.button(say("search.photo_remove"), icon=":material/close:", on_click=_drop, key="search-photo-drop")
    if box is None and photo.inside:
        return Term(path=photo.name)
    return Term(image=part)


def _ask_box() -> Frame | None:
    """The part of the photo that counts; None for all of it."""
    sides = [
        st.slider(say(f"search.{name}"), *WHOLE, WHOLE, format="%d %%", key=f"{BOX}-{name}", persist_state="session")
        for name in ("across", "down")
    ]
    (left, right), (top, bottom) = sides
    if left == right or top == bottom:
        st.caption(f":orange[:material/warning:] {say('search.empty_box')}")
        return None
    if (left, right) == (top, bottom) == WHOLE:
        return None
    return left / 100, top / 100, right / 100, bottom / 100


def _take(key: str) -> None:
    file = st.session_state[key]
    if file is not None:
        search_with(QueryPhoto(uploads().keep(file.name, file.getvalue()), inside=False))


def _drop() -> None:
    st.session_state.pop(PHOTO, None)
    st.session_state[UPLOAD] = st.session_state.get(UPLOAD, 0) + 1
    _clear_box()


def _clear_box() -> None:
    for name in ("across", "down"):
        st.session_state[f"{BOX}-{name}"] = WHOLE


def _ask_more() -> list[Term]:
    """More texts with their weights; negative ones are not wanted."""
    texts = [st.session_state.get(f"{MORE}-{index}", "").strip() for index in range(MOST)]
    given = sum(map(bool, texts))
    title = say("search.more_count", count=given) if given else say("search.more")
    terms = []
    with st.popover(title, icon=":material/exposure:", wrap=False, key="search-more-open"):
        st.caption(say("search.more_help"))
        last = max((index for index, text in enumerate(texts) if text), default=-1)
        for index in range(min(last + 2, MOST)):
            left, right = st.columns([3, 1.2], vertical_alignment="bottom")
            text = left.text_input(
                say("search.more_text", number=index + 1),
                key=f"{MORE}-{index}",
                max_chars=MAX_CHARACTERS,
                persist_state="session",
            ).strip()
            weight = right.number_input(
                say("search.weight"),
                -3.0,
                3.0,
                1.0,
                0.5,
                format="%.1f",
                key=f"{MORE}-weight-{index}",
                persist_state="session",
            )
            if text and weight:
                terms.append(Term(text=text, weight=float(weight)))
    return terms


def _ask_filters(store: Store) -> Filters:
    """Folder, days and size."""
    folders, earliest, latest = _facts(store.address, store.revision)
    names = ("folder", "since", "until", "smallest", "largest")
    key = f"{FILTERS}-{Path(store.address).parent.name}"  # another folder has filters of its own
    if st.session_state.get(f"{key}-folder", "") not in ("", *folders):
        st.session_state[f"{key}-folder"] = ""  # it is gone since
    active = sum(bool(st.session_state.get(f"{key}-{name}")) for name in names)
    title = say("search.filters_count", count=active) if active else say("search.filters")
    with st.popover(title, icon=":material/filter_alt:", wrap=False, key="search-filter-open"):
        folder = st.selectbox(
            say("search.filter_folder"),
            ["", *folders],
            format_func=lambda name: name or say("search.all_folders"),
            key=f"{key}-folder",
            persist_state="session",
        )
        left, right = st.columns(2)
        since = _ask_day(left, "since", key)
        until = _ask_day(right, "until", key)
        smallest = _ask_pixels(left, "smallest", key)
        largest = _ask_pixels(right, "largest", key)
        st.caption(say("search.filters_help", earliest=earliest, latest=latest))
    return Filters(
        folder,
        _seconds(since),
        None if until is None else _seconds(until + timedelta(days=1)),
        smallest,
        largest,
    )


def _ask_day(column: DeltaGenerator, name: str, key: str) -> date | None:
    return column.date_input(
        say(f"search.{name}"),
        value=None,
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        key=f"{key}-{name}",
        format="YYYY-MM-DD",
        persist_state="session",
    )


def _ask_pixels(column: DeltaGenerator, name: str, key: str) -> int | None:
    return column.number_input(
        say(f"search.{name}"),
        min_value=1,
        value=None,
        step=100,
        placeholder="px",
        key=f"{key}-{name}",
        persist_state="session",
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _facts(address: str, revision: str) -> tuple[Sequence[str], date, date]:
    """The folders of a store, and the days of its oldest and newest photo."""
    folders, taken = set[str](), list[float]()
    for entry in open_store(address).vectors.entries():
        folders.update(entry.folders)
        taken.append(entry.taken)
    ends = (min(taken, default=0.0), max(taken, default=0.0))
    earliest, latest = (datetime.fromtimestamp(max(end, 0.0), UTC).date() for end in ends)
    return sorted(folders), earliest, latest


def _seconds(day: date | None) -> float | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
