"""What is kept for a person across reloads."""

from types import SimpleNamespace

import pytest

from vtviz.ui.frame import visitor
from vtviz.ui.frame.person.visitor import COOKIE, Visitors, kept_for_visitor, visitor_name

NAME = "0123456789abcdef" * 2


def arrive(monkeypatch: pytest.MonkeyPatch, cookie: str | None) -> None:
    """A new session of a browser with a cookie."""
    cookies = {} if cookie is None else {COOKIE: cookie}
    fake = SimpleNamespace(context=SimpleNamespace(cookies=cookies), session_state={})
    monkeypatch.setattr(visitor, "st", fake)


def test_a_reload_finds_what_was_kept_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "_visitors", (lambda kept: lambda: kept)(Visitors()))
    arrive(monkeypatch, None)
    name = visitor_name()
    kept_for_visitor("files", list).append("mine.jpg")
    assert visitor_name() == name and visitor.NAME.fullmatch(name)
    arrive(monkeypatch, name)
    assert kept_for_visitor("files", list) == ["mine.jpg"]
    arrive(monkeypatch, None)
    assert visitor_name() != name and kept_for_visitor("files", list) == []


@pytest.mark.parametrize("cookie", ["", "short", NAME.upper(), NAME + "0", "../" + NAME])
def test_another_cookie_is_no_name(monkeypatch: pytest.MonkeyPatch, cookie: str) -> None:
    arrive(monkeypatch, cookie)
    assert visitor_name() != cookie and visitor.NAME.fullmatch(visitor_name())


def test_whoever_was_away_for_longest_makes_room() -> None:
    visitors = Visitors(most=2)
    for name in ("a", "b", "a", "c"):
        visitors.of(name)["seen"] = name
    assert visitors.of("a") == {"seen": "a"} and visitors.of("b") == {}
