"""The pages and the API in one process, with one engine: what ``vtviz serve --pages`` runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import streamlit as st
from starlette.middleware import Middleware

from vtviz.engine.engine import LoggedEngine
from vtviz.engine.remote.choose import TOKEN, shared_engine
from vtviz.logs import log_as_json
from vtviz.paths import ASSETS
from vtviz.serve.guard import Named
from vtviz.serve.server import Server
from vtviz.ui.frame.person.who import is_local

SCRIPT = ASSETS.parent / "app.py"


def app() -> st.App:
    """The pages at ``/``, and everything that a server of the engine answers beside them."""
    engine = cast(LoggedEngine, shared_engine())
    server = Server(engine, os.environ.get(TOKEN, "").strip(), is_local())

    @asynccontextmanager
    async def life(_: st.App) -> AsyncIterator[None]:
        log_as_json()
        yield
        server.close()

    made = st.App(SCRIPT, routes=server.routes(), middleware=[Middleware(Named)], lifespan=life)
    log_as_json()  # again, here and at the start: Streamlit lets uvicorn write addresses, with people's words in them
    return made
