"""The library's own tables and warnings, which would surround vtviz's one sentence, kept back while it loads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_level: list[int] = []  # of the library's log, one for each load that goes on


@contextmanager
def quiet() -> Iterator[None]:
    """Inside the ``with``, transformers logs nothing but errors; where several loads go on, until the last is done."""
    from transformers.utils import logging

    with _lock:
        _level.append(_level[0] if _level else logging.get_verbosity())
        logging.set_verbosity_error()
    try:
        yield
    finally:
        with _lock:
            level = _level.pop()
            if not _level:
                logging.set_verbosity(level)
