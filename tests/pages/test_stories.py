"""Stories without a browser: pinned, edited, presented."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from vtviz.files import DATA
from vtviz.paths import PAGES
from vtviz.stories.files import example_stories, read_story
from vtviz.stories.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """That of a person who has just come."""
    monkeypatch.setenv(DATA, str(tmp_path))
    yield Shelf(tmp_path)
    st.cache_resource.clear()


def stories() -> AppTest:
    return AppTest.from_file(str(PAGES / "stories.py"), default_timeout=240).run()


def own(shelf: Shelf) -> AppTest:
    app = stories()
    app.button(key="story-copy").click().run()
    assert not app.exception and len(shelf.all()) == 1
    return app


def told(shelf: Shelf) -> list[str]:
    (kept,) = shelf.all()
    return [moment.note for moment in shelf.read(kept.id).story.moments]


def test_the_examples_are_there_at_first_and_become_ones_own(shelf: Shelf) -> None:
    app = stories()
    titles = [read_story(file).story.title for file in example_stories("en")]
    (pick,) = (box for box in app.selectbox if box.key and box.key.startswith("story-pick"))
    assert not app.exception and pick.options == [f"Example: {title}" for title in titles]
    assert not app.text_area  # nobody edits an example
    app = own(shelf)
    assert app.text_input(key=f"story-title-{shelf.all()[0].id}").value == titles[0]


def test_moments_are_moved_noted_and_deleted(shelf: Shelf) -> None:
    app = own(shelf)
    before = told(shelf)
    app.button(key="down-0").click().run()
    assert told(shelf) == [before[1], before[0], *before[2:]]
    app.text_area[0].set_value("Look *here* <b>now</b>").run()
    assert told(shelf)[0] == "Look *here* <b>now</b>" and app.text_area[0].value == "Look *here* <b>now</b>"
    app.button(key="delete-1").click().run()
    assert told(shelf) == ["Look *here* <b>now</b>", *before[2:]]
    app.text_input(key=f"story-title-{shelf.all()[0].id}").set_value("Mine").run()
    assert not app.exception and shelf.all()[0].title == "Mine"
    app.button(key="story-delete").click().run()
    assert not app.exception and shelf.all() == []


def test_a_moment_is_pinned_with_its_note(shelf: Shelf) -> None:
    app = AppTest.from_file(str(PAGES / "explore.py"), default_timeout=240)
    app.session_state["pin"] = True  # its popover is open
    app.query_params.update({"photo": "chelsea", "text": "A brown cat", "lens.words": "2", "lens.show": "attention"})
    app.run()
    app.text_area(key="pin-note").set_value("The cat.").run()
    app.button(key="pin-it").click().run()
    assert not app.exception and not app.error
    (kept,) = shelf.all()
    (moment,) = shelf.read(kept.id).story.moments
    assert (moment.text, moment.note, moment.settings.words) == ("A brown cat", "The cat.", (2,))
    assert moment.settings.show == "attention" and kept.title == "My story"


def test_a_comparison_is_pinned_as_two_moments(shelf: Shelf) -> None:
    app = AppTest.from_file(str(PAGES / "compare.py"), default_timeout=240)
    app.session_state["pin"] = True
    query = {"a.photo": "chelsea", "a.text": "A brown cat", "b.photo": "chelsea", "b.text": "A brown dog", "pair": "3"}
    app.query_params.update(query)
    app.run()
    app.text_area(key="pin-note").set_value("One word.").run()
    app.button(key="pin-it").click().run()
    assert not app.exception and not app.error
    (kept,) = shelf.all()
    moments = shelf.read(kept.id).story.moments
    assert [moment.text for moment in moments] == ["A brown cat", "A brown dog"]
    assert [moment.settings.words for moment in moments] == [(2,), (2,)]
    assert [moment.note for moment in moments] == ["", "One word."]


def test_a_story_is_presented_until_it_is_left(shelf: Shelf) -> None:
    app = stories()
    assert not [each for each in app.get("bidi_component") if b"<!doctype html>" in each.proto.bytes]
    app.button(key="present-it").click().run()
    assert not app.exception and not app.error
    (page,) = (each.proto.bytes for each in app.get("bidi_component") if b"<!doctype html>" in each.proto.bytes)
    assert page.count(b'class="moment"') == len(read_story(example_stories("en")[0]).story.moments)


def test_what_is_no_story_is_said(shelf: Shelf) -> None:
    app = stories()
    app.file_uploader[0].upload("story.json", b"{}", "application/json").run()
    assert not app.exception and "not a story" in app.error[0].value and shelf.all() == []
    app.file_uploader[0].upload("mine.json", example_stories("zh")[0].read_bytes(), "application/json").run()
    assert not app.exception and not app.error and len(shelf.all()) == 1
