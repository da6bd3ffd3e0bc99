"""Who is signed in with which browser, and until when."""

from __future__ import annotations

import threading
import time

from vtviz.people.accounts import Person

HOURS = 12.0  # for which a person stays signed in


class Sessions:
    """The people who are signed in, by the name of their browser. Those whose time is up are forgotten at the next
    look, whoever looks."""

    def __init__(self, hours: float = HOURS) -> None:
        self.hours, self._lock = hours, threading.Lock()
        self._people: dict[str, tuple[Person, float]] = {}

    def __len__(self) -> int:
        self._prune()
        return len(self._people)

    def enter(self, browser: str, person: Person) -> None:
        """A browser is that of a person from now on."""
        self._prune()
        with self._lock:
            self._people[browser] = (person, time.time() + self.hours * 3600)

    def of(self, browser: str) -> Person | None:
        """Who is signed in with a browser, as they were then."""
        self._prune()
        person, _ = self._people.get(browser, (None, 0.0))
        return person

    def leave(self, browser: str) -> None:
        """Nobody is signed in with a browser any more."""
        with self._lock:
            self._people.pop(browser, None)

    def _prune(self) -> None:
        now = time.time()
        with self._lock:
            for browser in [name for name, (_, until) in self._people.items() if until <= now]:
                del self._people[browser]
