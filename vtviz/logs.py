"""The log of a server: one JSON object a line, without what people wrote, showed or named."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO
from uuid import uuid4

from vtviz.watch import current_watch

HIDDEN = "…"
PATHS = re.compile(r"[^\s'\"]*[/\\\\][^\s'\"]*")
LONGEST = 300  # characters of what a library says
CAUSES = 4  # of an error, one of the other


def new_id() -> str:
    """A name for a request."""
    return uuid4().hex[:16]


def note(log: logging.Logger, event: str, about: Mapping[str, object], level: int = logging.INFO) -> None:
    """Writes an event with plain values, none of which may be what a person wrote."""
    log.log(level, event, extra={"about": about})


class JsonLines(logging.Formatter):
    """Formats an event as one object: ``time`` (UTC), ``level``, ``logger``, ``event``, ``request_id`` where it belongs
    to a request, what ``note`` was given, and of an error its kind and where it arose. Messages of errors, and words
    and paths in those of libraries, may be a person's: they are left out."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of an event."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        request_id = current_watch().request_id
        if request_id:
            line["request_id"] = request_id
        line |= getattr(record, "about", {})
        if record.exc_info and record.exc_info[1] is not None:
            line |= _error(record.exc_info[1], CAUSES)
        return json.dumps(line, ensure_ascii=False, default=_harmless)


def log_as_json(name: str = "", stream: TextIO | None = None) -> None:
    """Lets a logger and all below it write JSON lines to a stream (stderr): vtviz's own from INFO on, others from
    WARNING on. Where some of those below write in a way of their own, as Streamlit's do, that ends."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    for below in list(logging.root.manager.loggerDict):
        other = logging.getLogger(below)
        if other.handlers and below.startswith(name) and below != name:
            other.handlers.clear()
            other.propagate = True
            other.setLevel(logging.WARNING)
    logger = logging.getLogger(name)
    logger.handlers[:], logger.propagate = [handler], False
    logging.getLogger("vtviz").setLevel(logging.INFO)
    logging.captureWarnings(not name)


def _event(record: logging.LogRecord) -> str:
    """What is said: the sentence as it stands in the program, with numbers alone filled in."""
    said = str(record.msg)
    try:
        if isinstance(record.args, Mapping):
            said %= {key: _harmless(value) for key, value in record.args.items()}
        elif record.args:
            said %= tuple(_harmless(value) for value in record.args)
    except (TypeError, ValueError):  # not as many as the sentence has places for
        pass
    return PATHS.sub(HIDDEN, said[:LONGEST])


def _harmless(value: object) -> object:
    if isinstance(value, BaseException):
        return type(value).__name__
    return value if isinstance(value, int | float) else HIDDEN


def _error(error: BaseException, causes: int) -> dict[str, Any]:
    told: dict[str, Any] = {"error": type(error).__name__, "stack": _places(error.__traceback__)}
    cause = error.__cause__ or error.__context__
    return {**told, "cause": _error(cause, causes - 1)} if cause is not None and causes else told


def _places(trace: TracebackType | None) -> list[str]:
    """Where an error arose, as module, function and line."""
    places = []
    while trace is not None:
        frame = trace.tb_frame
        places.append(f"{frame.f_globals.get('__name__', HIDDEN)}.{frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places
