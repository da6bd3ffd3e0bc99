"""The Privacy page names all that a session writes."""

import fnmatch
import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from vtviz.files import DATA
from vtviz.paths import PAGES
from vtviz.people.privacy import KEPT
from vtviz.sentences import LANGUAGES, catalogue
from vtviz.ui.frame.resources import audit_jobs, index_jobs


def test_whatever_a_session_writes_is_on_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA, str(tmp_path))
    st.cache_resource.clear()
    for page in ("explore", "describe", "privacy"):
        app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120).run()
        assert not app.exception and not app.error
    app = AppTest.from_file(str(PAGES / "audit.py"), default_timeout=120).run()
    next(button for button in app.button if button.label == catalogue("en")["audit.start"]).click().run()
    assert not app.exception and audit_jobs().history.all()
    for page in ("search", "policy", "stories"):
        app = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=120).run()
        assert not app.exception
    app.button(key="story-copy").click().run()
    assert not app.exception and index_jobs().history.all()
    index_jobs().close()
    audit_jobs().close()
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    written = {str(file.relative_to(tmp_path)) for file in files}
    assert any(file.startswith("uploads/") for file in written)
    assert {"audits.sqlite", "indexes.sqlite", "policy-log.jsonl"} <= written
    assert any(file.endswith("story.json") for file in written)
    patterns = [pattern for kept in KEPT for pattern in kept.files]
    assert [file for file in written if not any(fnmatch.fnmatch(file, pattern) for pattern in patterns)] == []
    assert [file.name for file in files if file.stat().st_mode & 0o077] == []


def test_every_kind_says_what_where_how_long_and_who() -> None:
    for language in LANGUAGES:
        said = {key.split(".")[1] for key in catalogue(language) if re.fullmatch(r"privacy\.\w+\.\w+", key)}
        assert said == {kept.name for kept in KEPT}
