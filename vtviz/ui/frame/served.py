"""The pages and the API in one process, with one engine: what ``vtviz serve --pages`` runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import streamlit as st

from vtviz.engine.engine import LoggedEngine
from vtviz.engine.remote.choose import TOKEN, shared_engine
from vtviz.paths import ASSETS
from vtviz.serve.server import Server
from vtviz.ui.frame.person.who import is_local

SCRIPT = ASSETS.parent / "app.py"


def app() -> st.App:
    """The pages at ``/``, and everything that a server of the engine answers beside them."""
    engine = cast(LoggedEngine, shared_engine())
    server = Server(engine, os.environ.get(TOKEN, "").strip(), is_local())

    @asynccontextmanager
    async def life(_: st.App) -> AsyncIterator[None]:
        yield
        server.close()

    return st.App(SCRIPT, routes=server.routes(), lifespan=life)
