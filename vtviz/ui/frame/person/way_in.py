"""The way in, where people sign in: their own provider, or a name and a password."""

from __future__ import annotations

import threading
import time

import streamlit as st

from vtviz.files import data_folder
from vtviz.inputs import InputError
from vtviz.people.accounts import People
from vtviz.ui.frame.language import plain, say, say_error
from vtviz.ui.frame.person.visitor import forget_visitor, kept_for_visitor
from vtviz.ui.frame.person.who import enter, has_provider, is_shared, leave, signed_in
from vtviz.ui.frame.welcome import end_welcome

OWNER = "owner"  # of what is kept for a browser
TRIES, PAUSE = 5, 60.0  # wrong passwords of one name, and the seconds after which it may be tried again


def need_person() -> None:
    """Lets nobody past who has not signed in where people do; shows the way in instead."""
    if not is_shared():
        return
    name = signed_in()
    if name is None:
        end_welcome()
        _show_way_in()
        st.stop()
    if kept_for_visitor(OWNER, lambda: name) != name:  # somebody else used this browser, and did not sign out
        forget_visitor()
        kept_for_visitor(OWNER, lambda: name)


def offer_leaving() -> None:
    """Who is signed in, and a way out."""
    name = signed_in() if is_shared() else None
    if name is None:
        return
    shown = str(st.user.get("email") or st.user.get("name") or name) if has_provider() else name
    with st.popover(plain(shown), icon=":material/person:", wrap=False, key="person"):
        if st.button(say("person.leave"), icon=":material/logout:", type="tertiary"):
            _leave()


def _show_way_in() -> None:
    st.header(say("person.title"))
    if has_provider():
        if st.button(say("person.provider"), icon=":material/login:", type="primary"):
            st.login()
        return
    people = People(data_folder())
    try:
        if not people.all():
            st.warning(say("person.nobody"), icon=":material/lock:")
            return
        with st.form("sign-in", width=360):
            name = st.text_input(say("person.name"), autocomplete="username")
            password = st.text_input(say("person.password"), type="password", autocomplete="current-password")
            sent = st.form_submit_button(say("person.enter"), type="primary")
        if sent:
            _enter(people, name.strip(), password)
    except InputError as error:
        st.error(plain(say_error(error)), icon=":material/error:")


def _enter(people: People, name: str, password: str) -> None:
    if not _tries().may_try(name):
        st.error(say("person.wait", seconds=round(PAUSE)), icon=":material/timer:")
        return
    person = people.sign_in(name, password)
    if person is None:
        _tries().note(name)
        st.error(say("person.wrong"), icon=":material/error:")
        return
    enter(person)
    st.rerun()


def _leave() -> None:
    leave()
    if has_provider():
        st.logout()
        return
    st.rerun()


class Tries:
    """Wrong passwords of late, by name."""

    def __init__(self) -> None:
        self._at: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def may_try(self, name: str) -> bool:
        """Whether a name has had fewer than TRIES wrong passwords in the last PAUSE seconds."""
        with self._lock:
            for other in [other for other in self._at if not self._recent(other)]:
                del self._at[other]  # whoever tries names without end fills no memory
            return len(self._recent(name)) < TRIES

    def note(self, name: str) -> None:
        """A wrong password."""
        with self._lock:
            self._at[name] = [*self._recent(name), time.monotonic()]

    def _recent(self, name: str) -> list[float]:
        return [at for at in self._at.get(name, ()) if time.monotonic() - at < PAUSE]


@st.cache_resource(show_spinner=False)
def _tries() -> Tries:
    return Tries()
