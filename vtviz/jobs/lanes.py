"""Work that waits for its turn: whose it is, who is next, and what can be done at once."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

TOGETHER = 16  # turns in one batch


@dataclass(frozen=True)
class Share(Generic[Value]):
    """The part of a turn in a batch: turns of one ``kind`` that wait can be run at once by ``together``, which gives
    what each ``item`` comes to, in their order, or None where each must run alone."""

    kind: Hashable
    item: Any
    together: Callable[[list[Any]], list[Value] | None]


@dataclass(eq=False)
class Turn(Generic[Value]):
    """A piece of work that waits or runs: whose it is, where its result goes, and its share in a batch, if any."""

    run: Callable[[], Value]
    who: str
    share: Share[Value] | None = None
    future: Future[Value] = field(default_factory=Future)

    def begin(self) -> bool:
        """Whether it is still wanted; from now on it cannot be cancelled."""
        return not self.future.cancelled() and self.future.set_running_or_notify_cancel()

    def do(self) -> None:
        """Does the work once it has begun."""
        try:
            self.future.set_result(self.run())
        except BaseException as error:  # whoever waits for it is told
            self.future.set_exception(error)


def take(turns: list[Turn[Any]]) -> None:
    """Does the work of a turn, or of several at once, as far as it was not cancelled while it waited."""
    wanted = [turn for turn in turns if turn.begin()]
    results: list[Any] | None = None
    if len(wanted) > 1 and wanted[0].share is not None:
        with suppress(BaseException):  # one of them may be bad, or all too large for the memory: each runs alone
            results = wanted[0].share.together([turn.share.item for turn in wanted if turn.share is not None])
    for index, turn in enumerate(wanted):
        if results is None:
            turn.do()
        else:
            turn.future.set_result(results[index])


class Lane:
    """Turns that wait, in the order in which they come up: one of each person, then the next one of each."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[Turn[Any]]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(turns) for turns in self._of.values())

    def add(self, turn: Turn[Any]) -> None:
        self._of.setdefault(turn.who, deque()).append(turn)

    def next(self) -> Turn[Any] | None:
        """Takes the turn that comes first; the next one of its person waits for all others."""
        if not self._of:
            return None
        who, turns = next(iter(self._of.items()))
        turn = turns.popleft()
        del self._of[who]
        if turns:
            self._of[who] = turns
        return turn

    def like(self, turn: Turn[Any]) -> list[Turn[Any]]:
        """Takes out the turns that can run in one batch with this one, as many as may."""
        if turn.share is None:
            return []
        kind, waiting = turn.share.kind, [other for turns in self._of.values() for other in turns]
        mates = [other for other in waiting if other.share is not None and other.share.kind == kind][: TOGETHER - 1]
        for mate in mates:
            self.remove(mate)
        return mates

    def remove(self, turn: Turn[Any]) -> bool:
        """Takes a turn out; False where it does not wait here."""
        turns = self._of.get(turn.who, deque())
        if turn not in turns:
            return False
        turns.remove(turn)
        if not turns:
            del self._of[turn.who]
        return True

    def of(self, who: str) -> list[Turn[Any]]:
        """The turns of a person, first to last."""
        return list(self._of.get(who, ()))

    def ahead_of(self, turn: Turn[Any]) -> int:
        """How many others come before a turn."""
        own = self._of.get(turn.who)
        if own is None or turn not in own:
            return 0
        place = own.index(turn)
        people = list(self._of)
        earlier = set(people[: people.index(turn.who)])
        return place + sum(
            min(len(turns), place + (who in earlier)) for who, turns in self._of.items() if who != turn.who
        )
