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
def errors_shown(area: DeltaGenerator) -> Iterator[None]:
    """Shows what goes wrong inside the ``with`` in an area of the page; the rest of the page stays usable."""
    try:
        yield
    except UserError as error:
        log.info("%s", error)
        area.error(plain(say_error(error)), icon=":material/error:")
    except Exception:
        log.exception("A page failed")
        area.error(say("trouble.own"), icon=":material/bug_report:")
