"""Signing in where the app is open to a network: every page asks for it, and people never see each other's work."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from vtviz.files import DATA
from vtviz.inputs import InputError
from vtviz.jobs.history import History
from vtviz.jobs.limits import Limits
from vtviz.paths import PAGES
from vtviz.people.accounts import People
from vtviz.ui.frame.person import way_in, who
from vtviz.ui.frame.person.way_in import TRIES, Tries, _tries
from vtviz.ui.frame.resources import audit_jobs, limits

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server that is open to a network, on which Ada and Bob may sign in."""
    monkeypatch.setenv(DATA, str(tmp_path))
    monkeypatch.setattr(who, "LOOPBACK", ())
    st.cache_resource.clear()
    for name in ("ada", "bob"):
        People(tmp_path).add(name, PASSWORD)
    return tmp_path


def page(name: str) -> AppTest:
    return AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=120).run()


def sign_in(app: AppTest, name: str, password: str = PASSWORD) -> AppTest:
    app.text_input[0].set_value(name)
    app.text_input[1].set_value(password)
    return app.button[0].click().run()


@pytest.mark.parametrize("name", sorted(file.stem for file in PAGES.glob("*.py")))
def test_every_page_shows_nothing_but_the_way_in(name: str) -> None:
    app = page(name)
    assert not app.exception and [field.label for field in app.text_input] == ["Name", "Password"]
    assert not app.metric and not app.get("file_uploader")


def test_wrong_passwords_are_refused_and_soon_have_to_wait() -> None:
    app = page("audit")
    for _ in range(TRIES):
        assert "do not belong together" in sign_in(app, "ada", "wrong password").error[0].value
    assert "Try again in" in sign_in(app, "ada").error[0].value
    _tries.clear()
    assert not sign_in(app, "ada").error and app.title[0].value


def test_two_people_never_see_each_others_audits(shared: Path) -> None:
    apps = {name: sign_in(page("audit"), name) for name in ("ada", "bob")}
    for name in apps:
        entry = History(who.folder_of(name)).add(f"secret of {name}", shared / "m.csv", "{}")
        History(who.folder_of(name)).mark(entry.id, "cancelled")
    for name, app in apps.items():
        app.run()
        shown = " ".join(str(box.options) for box in app.selectbox)
        other = "bob" if name == "ada" else "ada"
        assert not app.exception and f"secret of {name}" in shown and f"secret of {other}" not in shown
    assert who.folder_of("ada") != who.folder_of("bob") != who.folder_of("../ada")
    assert who.folder_of("../ada").parent == shared / who.PEOPLE


def test_nobody_may_sign_in_until_the_owner_says_who(shared: Path) -> None:
    for name in ("ada", "bob"):
        People(shared).remove(name)
    app = page("explore")
    assert "people add NAME" in app.warning[0].value and not app.text_input


def test_all_may_see_all_where_the_owner_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(who.OPEN, "1")
    app = page("audit")
    assert not app.exception and app.title and not [field for field in app.text_input if field.proto.type]
    assert audit_jobs().limits is None


def test_names_that_were_tried_once_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = Tries()
    for number in range(100):
        tries.note(f"name {number}")
    assert tries.may_try("ada") and len(tries._at) == 100
    later = way_in.time.monotonic() + way_in.PAUSE + 1
    monkeypatch.setattr(way_in.time, "monotonic", lambda: later)
    assert tries.may_try("ada") and not tries._at


def test_a_server_for_several_needs_numbers_for_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTVIZ_JOBS", "1")
    monkeypatch.setenv("VTVIZ_UPLOADS", "5")
    assert limits() == Limits(jobs=1, uploads=5)
    for wrong in ("many", "-1", "nan", "1e99"):
        monkeypatch.setenv("VTVIZ_JOBS", wrong)
        with pytest.raises(InputError, match="VTVIZ_JOBS must be a number"):
            limits()
    app = sign_in(page("audit"), "ada")
    assert not app.exception and "VTVIZ" in app.error[0].value
