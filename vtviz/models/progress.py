"""How far long work has come, for whoever listens: models report, and the engine hears."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

OnShare = Callable[[str, float], None]

_listener: ContextVar[OnShare | None] = ContextVar("vtviz_progress", default=None)


@contextmanager
def hearing(listener: OnShare) -> Iterator[None]:
    """Inside the ``with``, ``listener`` hears of the work of this thread."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(what: str, share: float) -> None:
    """Says that ``share`` in 0..1 of ``what`` is done."""
    listener = _listener.get()
    if listener is not None:
        listener(what, share)
