"""Errors on a page: what happened and what to do, in the reader's language; details go to the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.delta_generator import DeltaGenerator

from vtviz.errors import UserError
from vtviz.ui.frame.language import plain, say, say_error

log = logging.getLogger("vtviz")


@contextmanager
def told(place: DeltaGenerator) -> Iterator[None]:
    """Shows what goes wrong inside the ``with`` in a place of the page; the rest of the page stays usable."""
    try:
        yield
    except UserError as error:
        log.info("%s", error)
        place.error(plain(say_error(error)), icon=":material/error:")
    except Exception:
        log.exception("A page failed")
        place.error(say("trouble.own"), icon=":material/bug_report:")
