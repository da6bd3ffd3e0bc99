"""Who is signed in is forgotten once their time is up, while the server runs."""

import time

import pytest

from vtviz.people import sessions
from vtviz.people.accounts import Person
from vtviz.people.sessions import Sessions


def test_a_person_is_known_until_their_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, now = Sessions(hours=12), time.time()
    kept.enter("browser", Person("ada", hash="x"))
    assert kept.of("browser") == Person("ada", hash="x") and kept.of("other") is None
    monkeypatch.setattr(sessions.time, "time", lambda: now + 11.9 * 3600)
    assert kept.of("browser") is not None
    monkeypatch.setattr(sessions.time, "time", lambda: now + 12.1 * 3600)
    assert kept.of("browser") is None and len(kept) == 0


def test_those_who_never_come_back_are_forgotten_when_somebody_else_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, now = Sessions(hours=1), time.time()
    for number in range(50):
        kept.enter(f"browser {number}", Person(f"person {number}"))
    assert len(kept._people) == 50
    monkeypatch.setattr(sessions.time, "time", lambda: now + 2 * 3600)
    kept.of("a stranger")
    assert not kept._people


def test_whoever_leaves_is_out_and_others_stay() -> None:
    kept = Sessions()
    for name in ("ada", "bob"):
        kept.enter(name, Person(name))
    kept.leave("ada")
    kept.leave("nobody")
    assert kept.of("ada") is None and kept.of("bob") == Person("bob")
